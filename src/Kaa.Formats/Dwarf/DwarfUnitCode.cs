namespace Kaa.Formats.Dwarf;

/// <summary>Functions and lines of one unit.</summary>
internal sealed class DwarfUnitCode(DwarfFile file, DwarfUnit unit)
{
    private DwarfFunctions? _functions;
    private DwarfLineTable? _lines;
    private bool _linesSought;
    private string? _compilationDirectory;

    /// <summary>How many rows of lines it keeps.</summary>
    public int Rows => _lines?.Rows ?? 0;

    public IReadOnlyList<DwarfCodeFrame> Find(ulong linkAddress)
    {
        DwarfUnitContent content = file.Load(unit, false);
        if (_functions is null)
        {
            _functions = new DwarfFunctions(content);
            _compilationDirectory = file.Text(content, _functions.Root.CompDir);
        }

        (string? path, int? line) = LineOf(linkAddress);
        if (_functions.Find(content, linkAddress) is not { } function)
            return line is null && path is null ? [] : [new DwarfCodeFrame(null, false, path, line, false, null)];
        return Frames(content, function.Start, function.Entry, linkAddress, path, line);
    }

    private List<DwarfCodeFrame> Frames(DwarfUnitContent content, ulong start, int entry, ulong linkAddress, string? path, int? line)
    {
        List<DwarfScope> calls = DwarfInlines.Find(content, _functions!.Places, entry, linkAddress);
        var frames = new List<DwarfCodeFrame>(calls.Count + 1);
        for (int i = calls.Count - 1; i >= 0; i--)
        {
            (string? inlined, bool isMangled) = DwarfNames.Of(content, calls[i]);
            frames.Add(new DwarfCodeFrame(inlined, isMangled, path, line, true, null));
            (path, line) = CallOf(calls[i]);
        }

        (string? name, bool mangled) = DwarfNames.Of(content, content.ReadScope(entry));
        frames.Add(new DwarfCodeFrame(name, mangled, path, line, false, start) { IsC = _functions.IsC });
        return frames;
    }

    private (string? Path, int? Line) CallOf(in DwarfScope call)
    {
        long line = call.CallLine.Constant ?? 0;
        string? path = call.CallFile.Constant is { } file ? Lines()?.Path(unchecked((ulong)file), _compilationDirectory) : null;
        return (path, line is > 0 and <= int.MaxValue ? (int)line : null);
    }

    private (string? Path, int? Line) LineOf(ulong linkAddress)
    {
        try
        {
            if (Lines() is not { } lines || lines.Find(linkAddress) is not { } row)
                return (null, null);
            return (lines.Path((ulong)row.File, _compilationDirectory), row.Line > 0 ? row.Line : null);
        }
        catch (BadData)
        {
            _lines = null;
            return (null, null);
        }
    }

    // Functions are worth telling without lines.
    private DwarfLineTable? Lines()
    {
        if (_linesSought)
            return _lines;
        _linesSought = true;
        try
        {
            if (_functions!.Root.StmtList is { } offset)
                _lines = DwarfLineTable.Load(file, offset, unit.Encoding.AddressSize);
        }
        catch (BadData)
        {
            _lines = null;
        }

        return _lines;
    }
}
