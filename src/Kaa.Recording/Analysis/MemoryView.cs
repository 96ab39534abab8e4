using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>Which allocations a report is about.</summary>
public enum MemoryViewKind
{
    /// <summary>Those that were held when most was held.</summary>
    Peak,

    /// <summary>Those that are held at the end, or at the moment that was asked for.</summary>
    Leaks,

    /// <summary>Those that ended soon.</summary>
    Temporary,

    /// <summary>All that there were.</summary>
    All,
}

/// <summary>The allocations of one site.</summary>
/// <param name="OldestMicroseconds">When the oldest one that is held was made; 0 where none is.</param>
public readonly record struct MemoryEntry(AllocationSite Site, Sum Sum, long OldestMicroseconds);

/// <summary>The entries of one view, largest first.</summary>
public sealed class MemoryView
{
    public MemoryView(AllocationAnalysis analysis, MemoryViewKind kind)
    {
        Analysis = analysis;
        Kind = kind;
        var entries = new List<MemoryEntry>();
        var reserved = new List<MemoryEntry>();
        foreach (SiteSums site in analysis.Sites)
        {
            Sum sum = Choose(site, kind);
            if (sum.Count < 0.5)
                continue;
            bool isReserved = site.Site.Allocator.IsReserved();
            (isReserved ? reserved : entries).Add(new MemoryEntry(site.Site, sum, site.OldestMicroseconds));
            if (isReserved)
                Reserved += sum;
            else
                Total += sum;
        }

        entries.Sort(Compare);
        reserved.Sort(Compare);
        Entries = entries;
        ReservedEntries = reserved;
    }

    public AllocationAnalysis Analysis { get; }

    public MemoryViewKind Kind { get; }

    public IReadOnlyList<MemoryEntry> Entries { get; }

    public Sum Total { get; }

    /// <summary>Stacks of threads: address space, of which little is used. They are in neither <see cref="Entries"/> nor <see cref="Total"/>.</summary>
    public IReadOnlyList<MemoryEntry> ReservedEntries { get; }

    public Sum Reserved { get; }

    private static Sum Choose(in SiteSums site, MemoryViewKind kind) => kind switch
    {
        MemoryViewKind.Peak => site.AtPeak,
        MemoryViewKind.Leaks => site.Held,
        MemoryViewKind.Temporary => site.Temporary,
        MemoryViewKind.All => site.All,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>By bytes, then by count, then as they came: the same file gives the same report.</summary>
    private static int Compare(MemoryEntry left, MemoryEntry right)
    {
        int bytes = right.Sum.Bytes.CompareTo(left.Sum.Bytes);
        if (bytes != 0)
            return bytes;
        int count = right.Sum.Count.CompareTo(left.Sum.Count);
        return count != 0 ? count : left.Site.Stack.CompareTo(right.Site.Stack);
    }
}
