using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Memory;

namespace Kaa.Control.Cores;

/// <summary>Writes the bytes of a plan's segments, without those that are zeros.</summary>
internal sealed class MemoryCopy(IMemory memory, ResidentPages pages, SavedRanges saved, SharedPages shared, CoreSink sink)
{
    private const int PageSize = 4096;
    private const int BufferSize = 1 << 20;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private readonly List<PageRun> _runs = [];

    /// <summary>Bytes of memory that were looked at.</summary>
    public ulong Done { get; private set; }

    /// <summary>Bytes that could not be read, though there is something: they are zeros in the core.</summary>
    public ulong Unreadable { get; private set; }

    /// <summary>Called for each MiB at least.</summary>
    public Action OnStep { get; init; } = () => { };

    /// <param name="offset">Of the segment's first byte in the core.</param>
    public void Write(PlannedSegment planned, long offset)
    {
        if (planned.Source == SegmentSource.None)
            return;
        if (saved.Find(planned.Start) is { } range)
        {
            Write(range, planned, offset);
            return;
        }

        _runs.Clear();
        FindRuns(planned);
        foreach (PageRun run in _runs)
            Write(memory, run, planned, offset);
    }

    private void FindRuns(PlannedSegment planned)
    {
        if (planned.Source == SegmentSource.Shared && shared.TryFind(planned.Range.Mapping, _runs))
            return;

        // Pages of a file need not be in memory yet. Of all else, only those hold anything that are there.
        if (planned.Source == SegmentSource.File || !pages.TryFind(planned.Start, planned.End, false, _runs))
            _runs.Add(new PageRun(planned.Start, planned.End));
    }

    private void Write(IMemory from, PageRun run, PlannedSegment planned, long offset)
    {
        Address place = run.Start;
        while (place < run.End)
        {
            int wanted = (int)Math.Min((ulong)BufferSize, (ulong)(run.End - place));
            int got = from.Read(place, _buffer.AsSpan(0, wanted)) & ~(PageSize - 1);
            WritePages(_buffer.AsSpan(0, got), offset + (place - planned.Start));
            place += got;
            Done += (ulong)got;
            if (got < wanted)
            {
                // Beyond the end of a file there is nothing to be read, and that is so in the process too.
                if (planned.Source != SegmentSource.File || !planned.Range.Mapping.IsFile)
                    Unreadable += PageSize;
                place += PageSize;
                Done += PageSize;
            }

            OnStep();
        }
    }

    private void WritePages(ReadOnlySpan<byte> bytes, long offset)
    {
        int start = 0;
        while (start < bytes.Length)
        {
            int end = start;
            while (end < bytes.Length && bytes.Slice(end, PageSize).ContainsAnyExcept((byte)0))
                end += PageSize;
            if (end > start)
                sink.Put(offset + start, bytes[start..end]);
            start = end + PageSize;
        }
    }

    private void Write(SavedRange range, PlannedSegment planned, long offset)
    {
        foreach (SavedRun run in range.Runs)
        {
            if (run.Start < planned.Start || run.Start >= planned.End)
                continue;
            int length = (int)Math.Min((ulong)run.Bytes.Length, (ulong)(planned.End - run.Start));
            WritePages(run.Bytes.AsSpan(0, length & ~(PageSize - 1)), offset + (run.Start - planned.Start));
            Done += (ulong)length;
            OnStep();
        }
    }
}
