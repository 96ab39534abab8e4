namespace Kaa.Recording.Memory;

/// <summary>A piece of address space that mmap gave, as far as it has not been given back.</summary>
/// <param name="Number">Of its allocation.</param>
internal readonly record struct MappedRange(ulong Start, ulong End, long Number);

/// <summary>Mappings by address: munmap may take any part of any of them.</summary>
public sealed class MappedRanges
{
    private readonly List<MappedRange> _ranges = []; // sorted, disjoint

    public int Count => _ranges.Count;

    /// <summary>What lay there before must have been taken out.</summary>
    public void Add(ulong start, ulong end, long number)
    {
        if (end > start)
            _ranges.Insert(FirstBehind(start), new MappedRange(start, end, number));
    }

    /// <summary>Takes a part of the address space out, and tells for each mapping how much of it that was.</summary>
    /// <param name="taken">Number, bytes that were taken, bytes that this piece has left.</param>
    public void Remove(ulong start, ulong end, Action<long, long> taken)
    {
        int at = FirstBehind(start);
        if (at > 0 && _ranges[at - 1].End > start)
            at--;
        while (at < _ranges.Count && _ranges[at].Start < end)
        {
            MappedRange range = _ranges[at];
            ulong from = Math.Max(start, range.Start);
            ulong to = Math.Min(end, range.End);
            _ranges.RemoveAt(at);
            if (range.Start < from)
                _ranges.Insert(at++, range with { End = from });
            if (to < range.End)
                _ranges.Insert(at++, range with { Start = to });
            taken(range.Number, (long)(to - from));
        }
    }

    private int FirstBehind(ulong address)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
