namespace Kaa.Formats.Dwarf;

/// <summary>Finds the row of one address while a program runs, and keeps no other.</summary>
internal sealed class DwarfLineSearch(ulong linkAddress) : IDwarfLineRows
{
    private ulong? _start;
    private ulong _rows;
    private (int File, int Line)? _candidate;
    private ulong _foundStart;

    /// <summary>In the sequence that begins nearest below the address; null where none reaches it.</summary>
    public (int File, int Line)? Found { get; private set; }

    public void AddRow(ulong address, ulong file, ulong line)
    {
        if (++_rows > Limits.DwarfLineRows)
            throw new BadData(".debug_line", 0, $"more than {Limits.DwarfLineRows} rows");
        _start ??= address;
        if (address <= linkAddress)
            _candidate = ((int)Math.Min(file, int.MaxValue), (int)Math.Min(line, int.MaxValue));
    }

    public void EndSequence(ulong end)
    {
        // The linker puts what it leaves out at 0.
        if (_start is { } start and > 0 && start <= linkAddress && linkAddress < end && _candidate is { } row && start >= _foundStart)
            (Found, _foundStart) = (row, start);
        (_start, _candidate) = (null, null);
    }
}
