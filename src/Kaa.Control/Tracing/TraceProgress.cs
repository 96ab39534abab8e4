using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>What is asked of all processes of one trace, and what has come of it. Belongs to the tracer's thread, but for <see cref="Note"/> and <see cref="Notes"/>.</summary>
public sealed class TraceProgress
{
    private readonly ITraceSink _sink;
    private readonly long _began = Clock.Microseconds;
    private readonly List<Note> _notes = [];
    private long _undecided;
    private string? _undecidedWhy;

    internal TraceProgress(TraceRequest request, ITraceSink sink)
    {
        Request = request;
        _sink = sink;
        AsksForResult = request.When is { } when && ConditionFacts.Asks(when, fact => fact == ConditionFact.Result);
    }

    internal TraceRequest Request { get; }

    /// <summary>The condition asks for a call's result: it can be told when the call has ended.</summary>
    internal bool AsksForResult { get; }

    /// <summary>As many hits as were asked for, or <see cref="Close"/>.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Calls that were asked for and for which the condition held.</summary>
    public long Hits { get; private set; }

    /// <summary>In what the answer is less than complete.</summary>
    public IReadOnlyList<Note> Notes
    {
        get
        {
            lock (_notes)
                return [.. _notes];
        }
    }

    /// <summary>That of calls which were asked for it could not be told whether the condition holds; null where it always could.</summary>
    public Note? Undecided => _undecided == 0 ? null : new Note(
        "condition-unknown",
        $"of {Quantity.Of(_undecided, "call")} it could not be told whether the condition holds ({_undecidedWhy}); {(_undecided == 1 ? "it is" : "they are")} not shown",
        null);

    /// <summary>Of the trace, at a moment of the clock.</summary>
    internal double SecondsAt(long microseconds) => (microseconds - _began) / 1e6;

    /// <summary>Of the trace, when the event was made.</summary>
    internal double SecondsOf(AgentEvent made) => made.Nanoseconds / 1e9 - _began / 1e6;

    /// <summary>What was told of one process is not told again of its children.</summary>
    internal void Note(Note note)
    {
        lock (_notes)
        {
            if (!_notes.Exists(told => told.Message == note.Message))
                _notes.Add(note);
        }
    }

    internal void Tell(TraceEvent hit)
    {
        if (IsOver)
            return;
        Hits++;
        IsOver = Hits == Request.Count;
        _sink.Add(hit);
    }

    /// <summary>Nothing is told any more.</summary>
    internal void Close() => IsOver = true;

    /// <summary>True where the condition holds; there must be one.</summary>
    internal bool Holds(HitContext context)
    {
        ConditionAnswer answer = ConditionEvaluator.Ask(Request.When!, context);
        if (answer.Holds is null)
        {
            _undecided++;
            _undecidedWhy ??= answer.Unknown;
        }

        return answer.Holds == true;
    }
}
