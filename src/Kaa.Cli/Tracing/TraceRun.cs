using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>One way of tracing.</summary>
internal abstract class TraceRun : IDisposable
{
    public abstract long Hits { get; }

    /// <summary>The process that was attached to or started; 0 where there was none.</summary>
    public abstract int Pid { get; }

    /// <summary>Exit status of a program that was started, or 128 and the signal that ended it; null where it was not seen to end.</summary>
    public abstract int? ExitStatus { get; }

    /// <summary>Hits that are missing since the target had no room for them.</summary>
    public virtual long Lost => 0;

    /// <summary>Traces, and has what comes written, until it is over by itself, the time is up, nobody reads it any more, or somebody says so.</summary>
    /// <returns>When it ended: microseconds of the clock.</returns>
    public long Trace(TraceOutput output, TraceQueue queue, Deadline end, Func<bool> isLeft)
    {
        output.Start(queue);
        try
        {
            Trace(() => isLeft() || output.IsBroken || end.IsOver);
            return Clock.Microseconds;
        }
        finally
        {
            queue.Complete();
            output.Join();
        }
    }

    /// <summary>In what the answer is less than complete.</summary>
    public abstract IReadOnlyList<Note> Notes();

    /// <param name="lost">Hits that found no room on their way to the reader.</param>
    /// <param name="notes">What is to be told besides.</param>
    public TraceSummary Summary(long lost, double seconds, IReadOnlyList<Note> notes)
    {
        List<Note> all = [.. notes, .. Notes()];
        long missing = lost + Lost;
        if (missing > 0)
            all.Add(new Note("events-lost", $"{Quantity.Of(missing, "hit")} came too fast to be written, and {(missing == 1 ? "is" : "are")} not shown", null, Incomplete: true));
        return new TraceSummary { Hits = Hits + Lost, Lost = missing, Seconds = seconds, Notes = all };
    }

    public abstract void Dispose();

    /// <summary>Traces until it is over, by itself or as somebody says.</summary>
    protected abstract void Trace(Func<bool> isOver);
}
