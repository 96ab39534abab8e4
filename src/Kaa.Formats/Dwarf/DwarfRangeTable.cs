namespace Kaa.Formats.Dwarf;

/// <summary>Ranges of addresses, each with a number that it stands for, found by an address in them.</summary>
internal sealed class DwarfRangeTable
{
    private readonly List<(DwarfRange Range, ulong Value)> _collected = [];
    private ulong[] _starts = [];
    private (ulong End, ulong Value)[] _rest = [];

    /// <summary>Empty ones, and those at 0, where the linker puts what it leaves out, are passed over.</summary>
    /// <exception cref="BadData">There are too many.</exception>
    public void Add(DwarfRange range, ulong value)
    {
        if (range.Start == 0 || range.End <= range.Start)
            return;
        if (_collected.Count >= Limits.DwarfRanges)
            throw new BadData("DWARF", range.Start, $"more than {Limits.DwarfRanges} ranges");
        _collected.Add((range, value));
    }

    public DwarfRangeTable Sort()
    {
        _starts = new ulong[_collected.Count];
        _rest = new (ulong, ulong)[_collected.Count];
        for (int i = 0; i < _starts.Length; i++)
        {
            _starts[i] = _collected[i].Range.Start;
            _rest[i] = (_collected[i].Range.End, _collected[i].Value);
        }

        _collected.Clear();
        _collected.TrimExcess();
        Array.Sort(_starts, _rest);
        return this;
    }

    /// <summary>The value of the range that begins nearest below an address and reaches it; null where none does.</summary>
    public ulong? Find(ulong address) => IndexOf(address) is >= 0 and int index ? _rest[index].Value : null;

    /// <summary>The same with its start.</summary>
    public (ulong Start, ulong Value)? FindWithStart(ulong address) =>
        IndexOf(address) is >= 0 and int index ? (_starts[index], _rest[index].Value) : null;

    private int IndexOf(ulong address)
    {
        int count = BinarySearch.CountFirst(_starts, address, static (start, at) => start <= at);
        for (int i = count - 1, steps = 0; i >= 0 && steps < Limits.NestedSymbols; i--, steps++)
        {
            if (address < _rest[i].End)
                return i;
        }

        return -1;
    }
}
