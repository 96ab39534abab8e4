using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>What is asked of all processes of one trace of calls, and what has come of it.</summary>
internal sealed class CallTrace
{
    private readonly ITraceSink _sink;
    private readonly long _began = Clock.Microseconds;
    private readonly List<Note> _notes = [];

    public CallTrace(TraceRequest request, ITraceSink sink)
    {
        Request = request;
        _sink = sink;
        AsksAtReturn = request.When is { } when && ConditionFacts.Asks(when, fact => fact == ConditionFact.Result);
        Program = request.When is { } condition && !AsksAtReturn ? ConditionProgram.Compile(condition) : null;
    }

    public TraceRequest Request { get; }

    /// <summary>What of the condition the agent can ask; null where that is nothing.</summary>
    public ConditionProgram? Program { get; }

    public bool AsksAtReturn { get; }

    /// <summary>As many hits as were asked for.</summary>
    public bool IsOver { get; private set; }

    public long Hits { get; private set; }

    /// <summary>Calls whose condition could not be told.</summary>
    public long Undecided { get; private set; }

    public string? UndecidedWhy { get; private set; }

    /// <summary>In what the answer is less than complete.</summary>
    public IReadOnlyList<Note> Notes
    {
        get
        {
            lock (_notes)
                return [.. _notes];
        }
    }

    public double SecondsOf(AgentEvent made) => made.Nanoseconds / 1e9 - _began / 1e6;

    /// <summary>May be called by any thread; what was told of one process is not told again of its children.</summary>
    public void Note(Note note)
    {
        lock (_notes)
        {
            if (!_notes.Exists(told => told.Message == note.Message))
                _notes.Add(note);
        }
    }

    public void Tell(TraceEvent hit)
    {
        if (IsOver)
            return;
        Hits++;
        IsOver = Hits == Request.Count;
        _sink.Add(hit);
    }

    public bool Holds(HitContext context)
    {
        ConditionAnswer answer = ConditionEvaluator.Ask(Request.When!, context);
        if (answer.Holds is null)
        {
            Undecided++;
            UndecidedWhy ??= answer.Unknown;
        }

        return answer.Holds == true;
    }
}
