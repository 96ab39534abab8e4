using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>The rows that one unit's line number program makes, and its files.</summary>
internal sealed class DwarfLineTable
{
    private readonly DwarfLineHeader _header;
    private readonly List<ulong> _addresses = [];
    private readonly List<(int File, int Line)> _places = [];
    private readonly DwarfRangeTable _sequences = new();
    private readonly List<(int First, int End)> _sequenceRows = [];

    private DwarfLineTable(DwarfLineHeader header) => _header = header;

    public int Rows => _addresses.Count;

    /// <exception cref="BadData">There is no program at that offset, or it breaks the format.</exception>
    public static DwarfLineTable Load(DwarfFile file, ulong offset, byte addressSize)
    {
        ElfRange section = file.Lines;
        var measure = new DwarfSectionReader(section, ".debug_line");
        measure.Seek(offset);
        byte[] bytes = section.ReadBytes(offset, (ulong)DwarfLineHeader.Measure(measure, section.Length));
        var table = new DwarfLineTable(DwarfLineHeader.Parse(bytes, file, addressSize));
        new DwarfLineProgram(table._header, table).Run(bytes);
        table._sequences.Sort();
        return table;
    }

    public string? Path(ulong file, string? compilationDirectory) => _header.Path(file, compilationDirectory);

    /// <summary>File and line of an address; line 0 for code that the compiler made up; null where no row covers it.</summary>
    public (int File, int Line)? Find(ulong linkAddress)
    {
        if (_sequences.Find(linkAddress) is not { } sequence)
            return null;
        (int low, int high) = _sequenceRows[(int)sequence];
        int first = low;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_addresses[middle] <= linkAddress)
                low = middle + 1;
            else
                high = middle;
        }

        return low > first ? _places[low - 1] : null;
    }

    public void AddRow(ulong address, ulong file, ulong line)
    {
        if (_addresses.Count >= Limits.DwarfLineRows)
            throw new BadData(".debug_line", 0, $"more than {Limits.DwarfLineRows} rows");
        _addresses.Add(address);
        _places.Add(((int)Math.Min(file, int.MaxValue), (int)Math.Min(line, int.MaxValue)));
    }

    /// <summary>The rows from a number on are one piece of code, which ends before an address.</summary>
    public void EndSequence(int first, ulong end)
    {
        if (_addresses.Count == first)
            return;
        _sequences.Add(new DwarfRange(_addresses[first], end), (ulong)_sequenceRows.Count);
        _sequenceRows.Add((first, _addresses.Count));
    }
}
