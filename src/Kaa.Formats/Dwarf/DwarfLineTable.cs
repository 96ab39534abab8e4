using System.Runtime.InteropServices;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>
/// The rows that one unit's line number program makes, and its files. The program is run anew for each of the first questions; only where there are
/// more of them are its rows kept.
/// </summary>
internal sealed class DwarfLineTable : IDwarfLineRows
{
    private const int Runs = 4;

    private readonly DwarfLineHeader _header;
    private byte[]? _program;
    private int _questions;
    private readonly List<ulong> _addresses = [];
    private readonly List<(int File, int Line)> _places = [];
    private readonly DwarfRangeTable _sequences = new();
    private readonly List<(int First, int End)> _sequenceRows = [];

    private DwarfLineTable(DwarfLineHeader header, byte[] program) => (_header, _program) = (header, program);

    public int Rows => _program is { } program ? program.Length / 16 : _addresses.Count;

    /// <exception cref="BadData">There is no program at that offset, or it breaks the format.</exception>
    public static DwarfLineTable Load(DwarfFile file, ulong offset, byte addressSize)
    {
        ElfRange section = file.Lines;
        var measure = new DwarfSectionReader(section, ".debug_line");
        measure.Seek(offset);
        byte[] bytes = section.ReadBytes(offset, (ulong)DwarfLineHeader.Measure(measure, section.Length));
        return new DwarfLineTable(DwarfLineHeader.Parse(bytes, file, addressSize), bytes);
    }

    public string? Path(ulong file, string? compilationDirectory) => _header.Path(file, compilationDirectory);

    /// <summary>File and line of an address; line 0 for code that the compiler made up; null where no row covers it.</summary>
    public (int File, int Line)? Find(ulong linkAddress)
    {
        if (_program is { } program)
        {
            bool isFirst = _questions == 0;
            if (++_questions <= Runs)
                return Search(program, linkAddress, isFirst);
            new DwarfLineProgram(_header, this) { DefinesFiles = false }.Run(program);
            _sequences.Sort();
            _program = null;
        }

        if (_sequences.Find(linkAddress) is not { } sequence)
            return null;
        (int first, int end) = _sequenceRows[(int)sequence];
        int count = BinarySearch.CountFirst(CollectionsMarshal.AsSpan(_addresses)[first..end], linkAddress, static (address, at) => address <= at);
        return count > 0 ? _places[first + count - 1] : null;
    }

    public void AddRow(ulong address, ulong file, ulong line)
    {
        if (_addresses.Count >= Limits.DwarfLineRows)
            throw new BadData(".debug_line", 0, $"more than {Limits.DwarfLineRows} rows");
        _addresses.Add(address);
        _places.Add(((int)Math.Min(file, int.MaxValue), (int)Math.Min(line, int.MaxValue)));
    }

    public void EndSequence(ulong end)
    {
        int first = _sequenceRows.Count > 0 ? _sequenceRows[^1].End : 0;
        if (_addresses.Count == first)
            return;
        _sequences.Add(new DwarfRange(_addresses[first], end), (ulong)_sequenceRows.Count);
        _sequenceRows.Add((first, _addresses.Count));
    }

    private (int File, int Line)? Search(byte[] program, ulong linkAddress, bool isFirst)
    {
        var search = new DwarfLineSearch(linkAddress);
        new DwarfLineProgram(_header, search) { DefinesFiles = isFirst }.Run(program);
        return search.Found;
    }
}
