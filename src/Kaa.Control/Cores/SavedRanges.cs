using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Memory;

namespace Kaa.Control.Cores;

internal sealed record SavedRun(Address Start, byte[] Bytes);

internal sealed record SavedRange(RangeUsage Range, List<SavedRun> Runs);

/// <summary>
/// Ranges that a fork leaves out (MADV_DONTFORK) or gives as zeros (MADV_WIPEONFORK): copied while the process stands still.
/// </summary>
internal sealed class SavedRanges
{
    private const int RunSize = 1 << 20;

    /// <summary>Bytes that are copied at most; a process with more of it gets the plain way.</summary>
    public const ulong Most = 1ul << 30;

    private readonly List<SavedRange> _ranges = [];

    /// <summary>Those that are copied, by what smaps said of them before the process was stopped.</summary>
    public static ulong Bytes(IReadOnlyList<RangeUsage> ranges)
    {
        ulong bytes = 0;
        foreach (RangeUsage range in ranges)
            bytes += IsOne(range) ? range.Resident + range.Swapped : 0;
        return bytes;
    }

    /// <summary>In the pause.</summary>
    public void Take(IReadOnlyList<RangeUsage> ranges, IMemory memory, ResidentPages? pages)
    {
        var runs = new List<PageRun>();
        foreach (RangeUsage range in ranges)
        {
            if (!IsOne(range))
                continue;
            var saved = new SavedRange(range, []);
            runs.Clear();
            if (pages?.TryFind(range.Mapping.Start, range.Mapping.End, false, runs) != true)
                runs.Add(new PageRun(range.Mapping.Start, range.Mapping.End));
            foreach (PageRun run in runs)
                Copy(run, memory, saved);
            _ranges.Add(saved);
        }
    }

    public SavedRange? Find(Address address)
    {
        foreach (SavedRange range in _ranges)
        {
            if (range.Range.Mapping.Contains(address))
                return range;
        }

        return null;
    }

    /// <summary>The child's ranges, with those that it does not have.</summary>
    public List<RangeUsage> AddTo(List<RangeUsage> ranges)
    {
        var all = new List<RangeUsage>(ranges);
        foreach (SavedRange range in _ranges)
        {
            if (range.Range.Is(RangeMarks.DontFork))
                all.Add(range.Range);
            else
                Restore(all, range.Range);
        }

        all.Sort((left, right) => left.Mapping.Start.CompareTo(right.Mapping.Start));
        return all;
    }

    /// <summary>In the child nothing of it is resident.</summary>
    private static void Restore(List<RangeUsage> all, RangeUsage range)
    {
        for (int i = 0; i < all.Count; i++)
        {
            if (all[i].Mapping.Start == range.Mapping.Start)
                all[i] = range;
        }
    }

    private static void Copy(PageRun run, IMemory memory, SavedRange saved)
    {
        Address place = run.Start;
        while (place < run.End)
        {
            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min((ulong)RunSize, (ulong)(run.End - place)));
            int got = memory.Read(place, bytes);
            if (got > 0)
                saved.Runs.Add(new SavedRun(place, got == bytes.Length ? bytes : bytes[..got]));
            place += Math.Max(got, 4096);
        }
    }

    private static bool IsOne(RangeUsage range) =>
        range.Is(RangeMarks.DontFork | RangeMarks.WipeOnFork) && !range.Is(RangeMarks.Device | RangeMarks.DontDump);
}
