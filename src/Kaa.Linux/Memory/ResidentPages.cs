using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Memory;

/// <summary>A run of pages.</summary>
public readonly record struct PageRun(Address Start, Address End)
{
    public ulong Length => End.Value - Start.Value;
}

/// <summary>
/// Which pages of a process hold anything, in memory or swapped out: <c>/proc/PID/pagemap</c> (Documentation/admin-guide/mm/pagemap.rst). All others of
/// private anonymous memory are zeros, and to read them would only make the kernel give out pages.
/// </summary>
public sealed unsafe class ResidentPages : IDisposable
{
    private const int PageSize = 4096;
    private const int EntrySize = 8;
    private const int EntriesAtOnce = 16 << 10;

    private const ulong Present = 1ul << 63 | 1ul << 62; // or swapped
    private const ulong OfFile = 1ul << 61; // of a file, or shared anonymous

    private const nuint ScanRequest = 0xc0606610; // PAGEMAP_SCAN, Linux 6.7: _IOWR('f', 16, struct pm_scan_arg)
    private const ulong IsFile = 1 << 2; // PAGE_IS_FILE
    private const ulong IsPresent = 1 << 3; // PAGE_IS_PRESENT
    private const ulong IsSwapped = 1 << 4; // PAGE_IS_SWAPPED
    private const ulong IsGuard = 1 << 8; // PAGE_IS_GUARD, Linux 6.15: counts as swapped
    private const int RegionsAtOnce = 512;

    private readonly Descriptor _file;
    private readonly ulong[] _entries = GC.AllocateUninitializedArray<ulong>(EntriesAtOnce, pinned: true);
    private readonly Region[] _regions = GC.AllocateUninitializedArray<Region>(RegionsAtOnce, pinned: true);
    private bool _canScan = true;
    private ulong _never = IsGuard;

    private ResidentPages(Descriptor file) => _file = file;

    /// <summary>Null where it may not be read.</summary>
    public static ResidentPages? Open(ProcRoot proc, int tid) =>
        Descriptor.Open(proc.Of(tid, "pagemap"), OpenFlags.ReadOnly) is { } file ? new ResidentPages(file) : null;

    /// <summary>Adds the runs of such pages in a range, in order; false where that can't be known.</summary>
    /// <param name="changedOnly">Only pages that are the process's own: not those that are still as they are in a file.</param>
    public bool TryFind(Address start, Address end, bool changedOnly, List<PageRun> runs)
    {
        int first = runs.Count;
        while (_canScan)
        {
            if (TryScan(start, end, changedOnly, runs))
                return true;
            runs.RemoveRange(first, runs.Count - first);
            _canScan = _never != 0;
            _never = 0;
        }

        return TryRead(start, end, changedOnly, runs);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The kernel passes over what is not there: a reservation of terabytes costs nothing.</summary>
    private bool TryScan(Address start, Address end, bool changedOnly, List<PageRun> runs)
    {
        ulong next = start.Value;
        ulong excluded = _never | (changedOnly ? IsFile : 0);
        while (next < end.Value)
        {
            fixed (Region* regions = _regions)
            {
                var scan = new ScanArgument
                {
                    Size = (ulong)sizeof(ScanArgument),
                    Start = next,
                    End = end.Value,
                    Regions = (ulong)regions,
                    RegionCount = RegionsAtOnce,
                    AnyOf = IsPresent | IsSwapped,
                    AllOf = excluded,
                    Inverted = excluded,
                    Told = IsPresent,
                };
                int count = Libc.Control(_file.Number, ScanRequest, &scan);
                if (count < 0)
                    return false;
                for (int i = 0; i < count; i++)
                    Add(runs, regions[i].Start, regions[i].End);
                if (scan.WalkEnd <= next)
                    return false;
                next = scan.WalkEnd;
            }
        }

        return true;
    }

    private bool TryRead(Address start, Address end, bool changedOnly, List<PageRun> runs)
    {
        ulong page = start.Value / PageSize;
        ulong last = end.Value / PageSize;
        while (page < last)
        {
            int wanted = (int)Math.Min((ulong)EntriesAtOnce, last - page);
            nint got;
            fixed (ulong* entries = _entries)
                got = Libc.ReadAt(_file.Number, entries, (nuint)(wanted * EntrySize), (long)(page * EntrySize));
            if (got < EntrySize)
                return false;
            int count = (int)got / EntrySize;
            for (int i = 0; i < count; i++)
            {
                if ((_entries[i] & Present) != 0 && (!changedOnly || (_entries[i] & OfFile) == 0))
                    Add(runs, (page + (ulong)i) * PageSize, (page + (ulong)i + 1) * PageSize);
            }

            page += (ulong)count;
        }

        return true;
    }

    private static void Add(List<PageRun> runs, ulong start, ulong end)
    {
        if (runs.Count > 0 && runs[^1].End.Value == start)
            runs[^1] = runs[^1] with { End = new Address(end) };
        else
            runs.Add(new PageRun(new Address(start), new Address(end)));
    }

    /// <summary>struct page_region (include/uapi/linux/fs.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        public ulong Start;
        public ulong End;
        public ulong Categories;
    }

    /// <summary>struct pm_scan_arg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ScanArgument
    {
        public ulong Size;
        public ulong Flags;
        public ulong Start;
        public ulong End;
        public ulong WalkEnd;
        public ulong Regions;
        public ulong RegionCount;
        public ulong MaxPages;
        public ulong Inverted;
        public ulong AllOf;
        public ulong AnyOf;
        public ulong Told;
    }
}
