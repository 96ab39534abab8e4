using System.Runtime.InteropServices;
using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>What the rows of a live table are in the order of; largest first.</summary>
public enum LiveOrder
{
    Held,
    Count,
    Allocated,
    Rate,
}

/// <summary>One line (function, file) of a live table.</summary>
public sealed class LiveRow(RecordedFrame frame)
{
    public RecordedFrame Frame => frame;

    public Sum Held { get; private set; }

    /// <summary>Allocated since the recording began.</summary>
    public Sum All { get; private set; }

    /// <summary>Bytes a second that were allocated between the last two moments.</summary>
    public double Rate { get; private set; }

    internal void Add(in Sum held, in Sum all, double rate)
    {
        Held += held;
        All += all;
        Rate += rate;
    }
}

/// <summary>Sums by line, function or file while the recording goes on.</summary>
public sealed class LiveTable(SiteTable sites, RecordingWriter names)
{
    private readonly List<double> _before = [];
    private readonly List<double> _rates = [];
    private long _then;

    /// <summary>Those that have allocated, in the order of their appearance.</summary>
    public IReadOnlyList<RecordedThread> Threads => names.KnownThreads;

    /// <summary>A new moment: rates are of the time since the last one.</summary>
    /// <param name="microseconds">Since the recording began.</param>
    public void Advance(long microseconds)
    {
        double seconds = (microseconds - _then) / 1e6;
        if (seconds <= 0)
            return;
        _then = microseconds;
        for (int i = 0; i < sites.Count; i++)
        {
            if (i == _before.Count)
            {
                _before.Add(0);
                _rates.Add(0);
            }

            double bytes = sites.All(i).Bytes;
            _rates[i] = (bytes - _before[i]) / seconds;
            _before[i] = bytes;
        }
    }

    /// <summary>The next thread, by its number, that holds something or has just allocated.</summary>
    /// <param name="after">-1 for the first one.</param>
    /// <returns>Null where there is none.</returns>
    public int? NextThread(int after)
    {
        int? next = null;
        for (int i = 0; i < sites.Count; i++)
        {
            int thread = sites.Site(i).Thread;
            if (thread > after && !sites.Site(i).Allocator.IsReserved() && !(thread >= next) && (sites.HeldBy(i).Bytes > 0 || RateOf(i) > 0))
                next = thread;
        }

        return next;
    }

    /// <summary>As of the last moment for rates, as of now for sums.</summary>
    /// <param name="kind">Line, function or file.</param>
    /// <param name="isWanted">By a thread's index among <see cref="Threads"/>; null for all of them.</param>
    public List<LiveRow> Rows(GroupKind kind, Func<int, bool>? isWanted, LiveOrder order)
    {
        var rows = new List<LiveRow>();
        var byFrame = new Dictionary<int, int>();
        var byKey = new Dictionary<RecordedFrame, int>();
        for (int i = 0; i < sites.Count; i++)
        {
            AllocationSite site = sites.Site(i);
            if (site.Allocator.IsReserved() || isWanted?.Invoke(site.Thread) == false)
                continue;

            // Many stacks end in one frame: its texts are compared once.
            int frame = names.InnermostFrame(site.Stack);
            ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(byFrame, frame, out bool exists);
            if (!exists)
                number = Find(KeyOf(names.FrameOf(frame), kind), byKey, rows);
            rows[number].Add(sites.HeldBy(i), sites.All(i), RateOf(i));
        }

        rows.Sort((left, right) => Compare(left, right, order));
        return rows;
    }

    private double RateOf(int site) => site < _rates.Count ? _rates[site] : 0;

    private static int Find(in RecordedFrame key, Dictionary<RecordedFrame, int> numbers, List<LiveRow> rows)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, key, out bool exists);
        if (!exists)
        {
            number = rows.Count;
            rows.Add(new LiveRow(key));
        }

        return number;
    }

    /// <summary>What is equal in the order that is asked for is by what is held, then by name: rows that do not change stay where they are.</summary>
    private static int Compare(LiveRow left, LiveRow right, LiveOrder order)
    {
        int asked = order switch
        {
            LiveOrder.Count => right.Held.Count.CompareTo(left.Held.Count),
            LiveOrder.Allocated => right.All.Bytes.CompareTo(left.All.Bytes),
            LiveOrder.Rate => right.Rate.CompareTo(left.Rate),
            _ => 0,
        };
        if (asked == 0)
            asked = right.Held.Bytes.CompareTo(left.Held.Bytes);
        if (asked == 0)
            asked = string.CompareOrdinal(left.Frame.File, right.Frame.File);
        if (asked == 0)
            asked = left.Frame.Line.CompareTo(right.Frame.Line);
        return asked != 0 ? asked : string.CompareOrdinal(left.Frame.Function, right.Frame.Function);
    }

    private static RecordedFrame KeyOf(in RecordedFrame frame, GroupKind kind) => kind switch
    {
        GroupKind.Function => frame with { Line = 0 },
        GroupKind.File => frame with { Line = 0, Function = null },
        _ => frame,
    };
}
