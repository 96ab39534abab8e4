using Kaa.Control.Agent;
using Kaa.Control.Tracing.Decoding;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>Makes hits of the events of one process: of a call when it is made, or once it has returned.</summary>
internal sealed class CallHits
{
    private const int MostUnderWay = 100_000;

    private readonly int _pid;
    private readonly AgentSession _session;
    private readonly CallSites _sites;
    private readonly TraceProgress _trace;
    private readonly ConditionProgram? _program;
    private readonly EventMemory _memory = new();
    private readonly ArgumentDecoder _decoder;
    private readonly HitContext _context;
    private readonly Dictionary<ulong, TraceStack> _stacks = [];
    private readonly Dictionary<ulong, TraceEvent> _underWay = [];

    /// <param name="program">What of the condition the agent asks; null where that is nothing.</param>
    public CallHits(int pid, AgentSession session, CallSites sites, TraceProgress trace, ConditionProgram? program)
    {
        _pid = pid;
        _session = session;
        _sites = sites;
        _trace = trace;
        _program = program;
        _decoder = new ArgumentDecoder(_memory, static _ => null, trace.Request.MaxValue, trace.Request.Redact);
        _context = new HitContext { Memory = _memory };
    }

    public required CallThreadNames Names { get; set; }

    /// <summary>Calls that were asked for have been made.</summary>
    public bool HasAny { get; private set; }

    /// <summary>A call's return is of use.</summary>
    public bool WantsReturns => _trace.Request.Returns || _trace.AsksForResult;

    /// <summary>A stack's number may mean another one once code was freed and made anew: never kept for longer than a few milliseconds.</summary>
    public void ForgetStacks() => _stacks.Clear();

    /// <param name="isGate">The agent has asked nothing: everybody waits there.</param>
    public void AtCall(AgentEvent made, CallHook hook, bool isGate)
    {
        if (_trace.IsOver)
            return;
        HasAny = true;
        TraceStack stack = StackOf(made);
        Span<ulong> arguments = stackalloc ulong[6];
        CallHook.Arguments(made.Registers, arguments);
        _memory.Begin(made);
        int tid = _sites.TidOf(_session, made);
        string? thread = Names.Find(tid, made.PythonThread);
        bool isDecided = _program is { IsExact: true } && !made.IsConditionUnknown && !isGate;
        if (_trace.Request.When is not null && !_trace.AsksForResult && !isDecided && !Holds(arguments, made, tid, thread, stack, null))
            return;
        var hit = new TraceEvent
        {
            Seconds = _trace.SecondsOf(made),
            Pid = _pid,
            Tid = tid,
            Thread = thread,
            Kind = TraceEventKind.Call,
            Name = hook.Function.Name,
            Module = hook.Function.Module.FileName,
            Arguments = _decoder.Enter(hook.Signature, arguments),
            Stack = stack,
        };
        if (WantsReturns && !made.HasNoReturn && _underWay.Count < MostUnderWay)
            _underWay[made.Number] = hit;
        else if (!_trace.AsksForResult)
            _trace.Tell(hit);
    }

    public void AtReturn(AgentEvent made)
    {
        if (!_underWay.Remove(made.Number, out TraceEvent? call))
            return;
        TraceResult result = ResultText.OfFunction(made.Registers[0]);
        if (_trace.AsksForResult && !Holds([], made, call.Tid, call.Thread, call.Stack, result.Value))
            return;
        _trace.Tell(call with { Kind = TraceEventKind.Return, Result = result, Duration = _trace.SecondsOf(made) - call.Seconds });
    }

    /// <summary>Calls that have not returned were made all the same.</summary>
    public void TellUnfinished()
    {
        foreach (TraceEvent call in _underWay.Values)
            _trace.Tell(call);
        _underWay.Clear();
    }

    private TraceStack StackOf(AgentEvent made)
    {
        if (made.IsStackLost)
            return new TraceStack([], "there was no room for it in the process");
        if (made.StackId == 0)
            return TraceStack.Empty;
        if (_stacks.TryGetValue(made.StackId, out TraceStack? known))
            return known;
        IReadOnlyList<PythonFrame> frames = _session.Frames(made, out int omitted);
        var stack = new TraceStack(frames, omitted > 0 ? $"{Quantity.Of(omitted, "outer frame was", "outer frames were")} left out" : null);
        _stacks.Add(made.StackId, stack);
        return stack;
    }

    private bool Holds(ReadOnlySpan<ulong> arguments, AgentEvent made, int tid, string? thread, TraceStack stack, long? result)
    {
        AgentRegisters registers = made.Registers;
        _context.Tid = tid;
        _context.ThreadName = thread;
        _context.Begin(arguments, registers[16], registers[7], () => stack);
        _context.Result = result;
        return _trace.Holds(_context);
    }
}
