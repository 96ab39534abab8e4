using System.Globalization;
using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Control.Tracing.Decoding;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>
/// Follows calls of C functions by hooks of the agent at their entries: the thread that calls writes an event, with its Python stack, and runs on; here it is
/// read. A function that does not exist yet is looked for again whenever a library has been loaded.
/// </summary>
public sealed class CallTracer : IDisposable
{
    private const int MostHooks = 2_000;
    private const int MostUnderWay = 100_000;
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(20);

    private readonly LiveTarget _target;
    private readonly TraceRequest _request;
    private readonly ITraceSink _sink;
    private readonly AgentSession _session;
    private readonly CallSites _sites;
    private readonly CallThreadNames _names;
    private readonly EventMemory _memory = new();
    private readonly ArgumentDecoder _decoder;
    private readonly HitContext _context;
    private readonly Dictionary<ulong, TraceStack> _stacks = [];
    private readonly Dictionary<ulong, TraceEvent> _underWay = [];
    private readonly ConditionProgram? _program;
    private readonly bool _asksAtReturn;
    private readonly long _began = Clock.Microseconds;
    private bool _isOver;

    /// <summary>Puts the agent in; all threads stand still for some milliseconds, once.</summary>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(LiveTarget, AgentOptions)"/>; no-such-symbol, too-many-symbols, not-hookable.</exception>
    public CallTracer(LiveTarget target, PythonProcess? python, TraceRequest request, ITraceSink sink)
    {
        _target = target;
        _request = request;
        _sink = sink;
        _asksAtReturn = request.When is { } when && ConditionFacts.Asks(when, fact => fact == ConditionFact.Result);
        _program = request.When is { } condition && !_asksAtReturn ? ConditionProgram.Compile(condition) : null;
        _decoder = new ArgumentDecoder(_memory, static _ => null, request.MaxValue, request.Redact);
        _context = new HitContext { Memory = _memory };
        _names = new CallThreadNames(python);
        _sites = new CallSites(request.Calls);
        _sites.Look(target);
        if (_sites.New.Count > MostHooks)
            throw new UserError("too-many-symbols", string.Create(CultureInfo.InvariantCulture, $"{_sites.New.Count} functions have such names; {MostHooks} can be traced at a time"), "name them more narrowly, or one library: libc!open*");
        if (_sites.New.Count == 0 && _sites.Unresolved.Count > 0)
            throw new UserError("not-hookable", $"what {_sites.Unresolved[0]} resolves to is not known: it is an IFUNC that nobody has called yet", "trace the function that it stands for");
        _session = AgentSession.Attach(target, new AgentOptions { Python = python, FindsPython = python is not null });
        try
        {
            Arm();
        }
        catch (UserError)
        {
            Dispose();
            throw;
        }
    }

    public long Hits { get; private set; }

    /// <summary>Hits that the process had no room to write down.</summary>
    public long Lost => (long)_session.Lost;

    public long PauseMicroseconds => _session.PauseMicroseconds;

    /// <summary>In what the answer is less than complete.</summary>
    public List<Note> Notes { get; } = [];

    /// <summary>Names that no function of the process has borne so far.</summary>
    public IReadOnlyList<string> Missing => _sites.Missing;

    /// <summary>Functions that are traced.</summary>
    public int Armed => _sites.Armed.Count;

    /// <summary>Calls whose condition could not be told.</summary>
    public long Undecided { get; private set; }

    public string? UndecidedWhy { get; private set; }

    /// <summary>Traces until it is told to end, the number of hits, or the end of the process.</summary>
    public void Run(Func<bool> isOver)
    {
        while (!_isOver && !isOver())
        {
            if (_session.Wait(s_wait))
                ReadAll(isOver);
            else if (!IsAlive())
                break;
            if (_sites.HasNews(_target))
                Arm();
        }

        // Threads write no more from now on, so what is left has an end.
        Detach();
        ReadAll(() => false);
        foreach (TraceEvent call in _underWay.Values)
            Tell(call);
        _underWay.Clear();
    }

    public void Dispose() => _session.Dispose();

    private void Detach()
    {
        try
        {
            _session.Detach();
        }
        catch (UserError e)
        {
            if (IsAlive())
                Notes.Add(new Note("not-detached", $"hooks that do nothing were left in the process: {e.Message}", null, Incomplete: true));
        }
    }

    private bool IsAlive() => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{_target.Info.Pid}"));

    private void Arm()
    {
        foreach (CallHook hook in _sites.New)
        {
            HookHandle handle = _session.Add(new HookRequest
            {
                Address = hook.Function.Address,
                Function = hook.Function.End is { } end ? (hook.Function.Address, end) : null,
                Condition = _program,
                IgnoresUnknown = _program?.IsExact == true,
                Texts = hook.Texts,
                WantsReturn = _request.Returns || _asksAtReturn,
            });
            _sites.Armed.Add(handle, hook);
        }

        _session.Arm();
        foreach (CallHook hook in _sites.New)
            TellRefusal(hook);
        _sites.New.Clear();
        if (_sites.Armed.Count == 0 && Notes.Count > 0)
            throw new UserError("not-hookable", Notes[0].Message, "trace the system call that it makes, with --syscall");
    }

    private void TellRefusal(CallHook hook)
    {
        foreach ((HookHandle handle, CallHook each) in _sites.Armed)
        {
            if (each != hook || handle.Refusal is not { } refusal)
                continue;
            string module = hook.Function.Module.FileName;
            Notes.Add(new Note("not-hookable", $"{module}!{hook.Function.Name} can't be traced, because {refusal.Message}", hook.Function.Name, Incomplete: true));
            _sites.Armed.Remove(handle);
            return;
        }
    }

    private void ReadAll(Func<bool> isOver)
    {
        // A stack's number may mean another one once code was freed and made anew: never kept for longer than a few milliseconds.
        _stacks.Clear();
        int count = 0;
        while (!_isOver && _session.TryRead(out AgentEvent? made))
        {
            Handle(made);
            if ((++count & 0xfff) == 0 && isOver())
                return;
        }
    }

    private void Handle(AgentEvent made)
    {
        if (!_sites.Armed.TryGetValue(made.Hook, out CallHook? hook))
            return;
        if (made.IsReturn)
        {
            if (_underWay.Remove(made.Number, out TraceEvent? call))
                AtReturn(made, call);
            return;
        }

        TraceStack stack = StackOf(made);
        Span<ulong> arguments = stackalloc ulong[6];
        AgentRegisters registers = made.Registers;
        CallHook.Arguments(registers, arguments);
        _memory.Begin(made);
        int tid = _sites.TidOf(_session, made);
        string? thread = _names.Find(tid, made.PythonThread);
        bool mustAsk = _request.When is not null && !_asksAtReturn && (_program is null || !_program.IsExact || made.IsConditionUnknown);
        if (mustAsk && !Holds(arguments, made, tid, thread, stack, null))
            return;
        var hit = new TraceEvent
        {
            Seconds = made.Nanoseconds / 1e9 - _began / 1e6,
            Pid = _target.Info.Pid!.Value,
            Tid = tid,
            Thread = thread,
            Kind = TraceEventKind.Call,
            Name = hook.Function.Name,
            Module = hook.Function.Module.FileName,
            Arguments = _decoder.Enter(hook.Signature, arguments),
            Stack = stack,
        };
        bool returns = (_request.Returns || _asksAtReturn) && !made.HasNoReturn && _underWay.Count < MostUnderWay;
        if (returns)
            _underWay[made.Number] = hit;
        else if (!_asksAtReturn)
            Tell(hit);
    }

    private void AtReturn(AgentEvent made, TraceEvent call)
    {
        AgentRegisters registers = made.Registers;
        TraceResult result = ResultText.OfFunction(registers[0]);
        if (_asksAtReturn && !Holds([], made, call.Tid, call.Thread, call.Stack, result.Value))
            return;
        double duration = made.Nanoseconds / 1e9 - _began / 1e6 - call.Seconds;
        Tell(call with { Kind = TraceEventKind.Return, Result = result, Duration = duration });
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
        var stack = new TraceStack(frames, omitted > 0 ? string.Create(CultureInfo.InvariantCulture, $"{omitted} outer frames were left out") : null);
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
        ConditionAnswer answer = ConditionEvaluator.Ask(_request.When!, _context);
        if (answer.Holds is null)
        {
            Undecided++;
            UndecidedWhy ??= answer.Unknown;
        }

        return answer.Holds == true;
    }

    private void Tell(TraceEvent hit)
    {
        if (_isOver)
            return;
        Hits++;
        _isOver = Hits == _request.Count;
        _sink.Add(hit);
    }
}
