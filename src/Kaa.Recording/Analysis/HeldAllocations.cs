namespace Kaa.Recording.Analysis;

/// <summary>An allocation that has not been given back.</summary>
/// <param name="Site">Number among the sites of an analysis.</param>
/// <param name="Thread">Index among the recording's threads.</param>
/// <param name="Ordinal">How many allocations its thread had made, with this one.</param>
public readonly record struct HeldAllocation(int Site, int Thread, long Bytes, long Microseconds, long Ordinal);

/// <summary>
/// The allocations that are held, by their index. Indices only grow, and most allocations end soon: so they lie in pages, of which those
/// where nothing is held any more are used again. Pages are small, as one allocation that is held keeps all of its page.
/// </summary>
public sealed class HeldAllocations
{
    private const int PageBits = 7;
    private const int PageSize = 1 << PageBits;
    private const int MostFree = 64;

    private readonly Dictionary<long, Page> _pages = [];
    private readonly Stack<Page> _free = new();
    private Page? _last;

    public void Add(long index, in HeldAllocation allocation)
    {
        Page page = FindPage(index >> PageBits) ?? NewPage(index >> PageBits);
        page.Entries[index & (PageSize - 1)] = allocation with { Site = allocation.Site + 1 };
        page.Held++;
    }

    /// <summary>False where it is not held.</summary>
    public bool TryGet(long index, out HeldAllocation allocation)
    {
        allocation = default;
        if (FindPage(index >> PageBits) is not { } page || page.Entries[index & (PageSize - 1)] is not { Site: > 0 } entry)
            return false;
        allocation = entry with { Site = entry.Site - 1 };
        return true;
    }

    /// <summary>False where it is not held.</summary>
    public bool TryRemove(long index, out HeldAllocation allocation)
    {
        if (!TryGet(index, out allocation))
            return false;
        Page page = FindPage(index >> PageBits)!;
        page.Entries[index & (PageSize - 1)] = default;
        if (--page.Held == 0 && page != _last)
            Drop(page);
        return true;
    }

    public void Replace(long index, in HeldAllocation allocation)
    {
        if (FindPage(index >> PageBits) is { } page)
            page.Entries[index & (PageSize - 1)] = allocation with { Site = allocation.Site + 1 };
    }

    /// <summary>All that is held, in no order.</summary>
    public void ForEach(Action<HeldAllocation> action)
    {
        foreach (Page page in _pages.Values)
        {
            foreach (HeldAllocation entry in page.Entries)
            {
                if (entry.Site > 0)
                    action(entry with { Site = entry.Site - 1 });
            }
        }
    }

    private Page? FindPage(long number)
    {
        if (_last?.Number == number)
            return _last;
        return _pages.GetValueOrDefault(number);
    }

    private Page NewPage(long number)
    {
        if (_last is { Held: 0 } empty)
            Drop(empty);
        Page page = _free.Count > 0 ? _free.Pop() : new Page();
        page.Number = number;
        _pages.Add(number, page);
        return _last = page;
    }

    private void Drop(Page page)
    {
        _pages.Remove(page.Number);
        page.Number = -1;
        if (_free.Count < MostFree)
            _free.Push(page);
    }

    private sealed class Page
    {
        // A site of 0 is none: so the numbers are one higher here.
        public readonly HeldAllocation[] Entries = new HeldAllocation[PageSize];

        public long Number { get; set; }

        public int Held { get; set; }
    }
}
