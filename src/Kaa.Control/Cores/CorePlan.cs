using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Linux.Memory;

namespace Kaa.Control.Cores;

/// <summary>Where a segment's bytes come from.</summary>
internal enum SegmentSource
{
    /// <summary>Nothing of it is written.</summary>
    None,

    /// <summary>The process's own pages; all others are zeros.</summary>
    Anonymous,

    /// <summary>Pages of a file and the process's own, all of them.</summary>
    File,

    /// <summary>Memory that it shares with others, as it is when it is written.</summary>
    Shared,
}

internal readonly record struct PlannedSegment(CoreSegment Segment, SegmentSource Source, RangeUsage Range)
{
    public Address Start => Segment.Start;

    public Address End => Segment.Start + Segment.FileSize;
}

/// <summary>
/// What of a process's memory goes into its core. Everything that the process wrote; programs, libraries and other private mappings of files of up to 64 MiB a
/// range, so that the core can be read where the files are not; of larger ones the first page and what was changed; memory that it shares and that is in no
/// file of a disk. Not what the program asked to be left out (MADV_DONTDUMP), and not devices.
/// </summary>
internal sealed class CorePlan
{
    private const ulong LargeFile = 64 << 20;
    private const ulong LargeReservation = 64 << 20;
    private const ulong LargeGap = 16 << 20;
    private const ulong PageSize = 4096;

    private readonly ResidentPages? _pages;

    private CorePlan(ResidentPages? pages) => _pages = pages;

    /// <summary>In order of address.</summary>
    public List<PlannedSegment> Segments { get; } = [];

    /// <summary>Bytes that are likely to be written.</summary>
    public ulong Bytes { get; private set; }

    /// <summary>Bytes of memory in the file, holes included; of a guess the least.</summary>
    public ulong Length { get; private set; }

    /// <summary>Resident bytes of ranges that the program wants to be in no core.</summary>
    public ulong LeftOutOnRequest { get; private set; }

    /// <summary>Bytes of shared memory that are in the core, as of when they were written.</summary>
    public ulong SharedBytes { get; private set; }

    /// <summary>Bytes of shared mappings of files, which are not in the core.</summary>
    public ulong SharedFileBytes { get; private set; }

    /// <param name="pages">Of the process that will be copied; null to only guess what will be written.</param>
    public static CorePlan Of(IReadOnlyList<RangeUsage> ranges, ResidentPages? pages)
    {
        var plan = new CorePlan(pages);
        foreach (RangeUsage range in ranges)
            plan.Add(range);
        return plan;
    }

    private void Add(RangeUsage range)
    {
        Mapping mapping = range.Mapping;
        if (mapping.Path == "[vsyscall]")
            return;
        if (mapping.Path == "[vdso]")
            AddWhole(range, SegmentSource.File, mapping.Length);
        else if (range.Is(RangeMarks.Device) || range.Is(RangeMarks.DontDump))
            AddLeftOut(range);
        else if (mapping.Can(MappingAccess.Shared))
            AddShared(range);
        else if (mapping.IsFile)
            AddFile(range);
        else
            AddAnonymous(range);
    }

    private void AddLeftOut(RangeUsage range)
    {
        if (!range.Is(RangeMarks.Device))
            LeftOutOnRequest += range.Resident + range.Swapped;
        AddWhole(range, SegmentSource.None, 0);
    }

    private void AddShared(RangeUsage range)
    {
        if (IsOnlyInMemory(range.Mapping))
        {
            SharedBytes += range.Resident + range.Swapped;
            AddWhole(range, SegmentSource.Shared, range.Resident + range.Swapped);
            return;
        }

        SharedFileBytes += range.Resident;
        AddWhole(range, SegmentSource.None, 0);
    }

    /// <summary>The names that shared anonymous memory, memfds, System V segments and files of POSIX shared memory have (shmem, mm/shmem.c).</summary>
    private static bool IsOnlyInMemory(Mapping mapping) =>
        !mapping.IsFile
        || mapping.Path.StartsWith("/dev/zero", StringComparison.Ordinal)
        || mapping.Path.StartsWith("/memfd:", StringComparison.Ordinal)
        || mapping.Path.StartsWith("/SYSV", StringComparison.Ordinal)
        || mapping.Path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    private void AddFile(RangeUsage range)
    {
        Mapping mapping = range.Mapping;
        bool isReadable = mapping.Can(MappingAccess.Read) || range.Resident > 0;
        if (mapping.Length <= LargeFile)
        {
            AddWhole(range, isReadable ? SegmentSource.File : SegmentSource.None, isReadable ? mapping.Length : 0);
            return;
        }

        var runs = new List<PageRun>();
        if (mapping.Offset == 0 && isReadable)
            runs.Add(new PageRun(mapping.Start, mapping.Start + PageSize));
        if (range.Anonymous + range.Swapped > 0)
            FindRuns(range, changedOnly: true, runs);
        AddRuns(range, SegmentSource.File, runs, 0);
    }

    private void AddAnonymous(RangeUsage range)
    {
        ulong held = range.Resident + range.Swapped;
        bool isReservation = held == 0 && !range.Mapping.Can(MappingAccess.Read);
        if (isReservation || (held == 0 && range.Mapping.Length > LargeReservation))
        {
            AddWhole(range, SegmentSource.None, 0);
        }
        else if (range.Mapping.Length <= LargeReservation || _pages is null)
        {
            AddWhole(range, SegmentSource.Anonymous, held);
            if (range.Mapping.Length > LargeReservation)
                Length = Length - range.Mapping.Length + held;
        }
        else
        {
            var runs = new List<PageRun>();
            FindRuns(range, changedOnly: false, runs);
            AddRuns(range, SegmentSource.Anonymous, runs, LargeGap);
        }
    }

    private void FindRuns(RangeUsage range, bool changedOnly, List<PageRun> runs)
    {
        if (_pages is not null && !_pages.TryFind(range.Mapping.Start, range.Mapping.End, changedOnly, runs))
            runs.Add(new PageRun(range.Mapping.Start, range.Mapping.End));
    }

    /// <summary>A segment for each run, joined with the next where little lies between; what lies between is a segment without bytes.</summary>
    private void AddRuns(RangeUsage range, SegmentSource source, List<PageRun> runs, ulong smallGap)
    {
        Address done = range.Mapping.Start;
        int i = 0;
        while (i < runs.Count)
        {
            PageRun run = runs[i++];
            while (i < runs.Count && runs[i].Start.Value <= run.End.Value + smallGap)
                run = run with { End = Higher(run.End, runs[i++].End) };
            if (run.Start > done)
                Segments.Add(Planned(range, SegmentSource.None, done, run.Start, 0));
            Segments.Add(Planned(range, source, run.Start, run.End, run.Length));
            Bytes += run.Length;
            Length += run.Length;
            done = run.End;
        }

        if (done < range.Mapping.End)
            Segments.Add(Planned(range, SegmentSource.None, done, range.Mapping.End, 0));
    }

    private void AddWhole(RangeUsage range, SegmentSource source, ulong bytes)
    {
        ulong fileSize = source == SegmentSource.None ? 0 : range.Mapping.Length;
        Segments.Add(Planned(range, source, range.Mapping.Start, range.Mapping.End, fileSize));
        Bytes += bytes;
        Length += fileSize;
    }

    private static PlannedSegment Planned(RangeUsage range, SegmentSource source, Address start, Address end, ulong fileSize) =>
        new(new CoreSegment(start, end.Value - start.Value, fileSize, FlagsOf(range.Mapping)), source, range);

    private static ElfSegmentFlags FlagsOf(Mapping mapping) =>
        (mapping.Can(MappingAccess.Read) ? ElfSegmentFlags.Read : 0)
        | (mapping.Can(MappingAccess.Write) ? ElfSegmentFlags.Write : 0)
        | (mapping.Can(MappingAccess.Execute) ? ElfSegmentFlags.Execute : 0);

    private static Address Higher(Address left, Address right) => left > right ? left : right;
}
