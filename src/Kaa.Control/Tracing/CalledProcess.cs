using Kaa.Control.Agent;
using Kaa.Control.Following;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Tracing;

/// <summary>One process whose calls are traced: the agent in it, the functions that are hooked, and what their events say.</summary>
internal sealed class CalledProcess : FollowedProcess
{
    private const int MostHooks = 2_000;
    private const int RestMicroseconds = 250_000;

    private readonly LiveTarget _target;
    private readonly TraceProgress _trace;
    private readonly AgentSession _session;
    private readonly CallSites _sites;
    private readonly ConditionProgram? _program;
    private readonly CallHits _hits;
    private readonly List<LiveTarget> _owned = [];
    private readonly List<AgentEvent> _leaving = [];
    private readonly HashSet<Address> _gates;
    private readonly HashSet<HookHandle> _exits = [];
    private InterpreterArrival? _arrival;
    private bool _isDetached;
    private long _unread;

    private CalledProcess(LiveTarget target, PythonProcess? python, AgentSession session, CallSites sites, HashSet<Address> gates, TraceProgress trace)
    {
        _gates = gates;
        _target = target;
        _trace = trace;
        _session = session;
        _sites = sites;
        _program = trace is { Request.When: { } when, AsksForResult: false } ? ConditionProgram.Compile(when) : null;
        _hits = new CallHits(Pid, session, sites, trace, _program) { Names = new CallThreadNames(python) };
    }

    /// <summary>Puts the agent in; all threads stand still for some milliseconds, once.</summary>
    /// <param name="held">Of a caller that holds the process, at its beginning or that of a child of fork, on the thread that traces; null where it is to be stopped for it.</param>
    /// <param name="gates">Where threads wait until somebody goes along with them.</param>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(LiveTarget, AgentOptions)"/>; no-such-symbol, too-many-symbols, not-hookable.</exception>
    public static CalledProcess Begin(LiveTarget target, PythonProcess? python, HeldProcess? held, GateChoice gates, TraceProgress trace)
    {
        var sites = new CallSites(trace.Request.Calls);
        sites.Look(target);
        if (sites.New.Count > MostHooks)
            throw new UserError("too-many-symbols", $"{sites.New.Count} functions have such names; {MostHooks} can be traced at a time", "name them more narrowly, or one library: libc!open*");
        if (held is null && sites.New.Count == 0 && sites.Unresolved.Count > 0)
            throw new UserError("not-hookable", $"what {sites.Unresolved[0]} resolves to is not known: it is an IFUNC that nobody has called yet", "trace the function that it stands for");
        var options = new AgentOptions { Python = python, FindsPython = python is not null };
        HashSet<Address> waits = ProcessGates.Find(target, gates);
        AgentSession session = held is null ? AgentSession.Attach(target, options) : AgentSession.Attach(target, options, held);
        var process = new CalledProcess(target, python, session, sites, waits, trace);
        try
        {
            process.Arm(held);
            if (held is null && process.Armed == 0 && trace.Notes is [var first, ..])
                throw new UserError("not-hookable", first.Message, "trace the system call that it makes, with --syscall");
            process.Watch(python, held);
            return process;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public override int Pid => _target.Info.Pid!.Value;

    /// <summary>Hits that the process had no room to write down.</summary>
    public long Lost => (long)_session.Lost + _unread;

    public long PauseMicroseconds => _session.PauseMicroseconds;

    public override AgentSession Agent => _session;

    public bool IsAlive => _session.IsAlive;

    /// <summary>Names that no function of the process has borne so far.</summary>
    public IReadOnlyList<string> Missing => _sites.Missing;

    /// <summary>Functions that are traced.</summary>
    public int Armed => _sites.Armed.Count;

    /// <summary>A thread waits at one of <see cref="ProcessGates"/>, until it is released.</summary>
    public Action<AgentEvent>? Waits { get; set; }

    /// <summary>It closes the target with itself.</summary>
    public void OwnTarget() => _owned.Add(_target);

    public bool Wait(TimeSpan time) => _session.Wait(time);

    /// <summary>Looks for functions that libraries have brought along.</summary>
    public void LookForNew()
    {
        try
        {
            if (_sites.HasNews(_target))
                Arm(null);
        }
        catch (Exception e) when (e is UserError or TargetFault)
        {
            // It has just ended.
            _sites.New.Clear();
            if (IsAlive)
                _trace.Note(new Note("not-hookable", "functions that came with a library are not traced: " + e.Message, null, Incomplete: true));
        }
    }

    /// <summary>Takes what has come; false where nothing had.</summary>
    public bool ReadAll(Func<bool> isOver)
    {
        _hits.ForgetStacks();
        int count = 0;
        while (_session.TryRead(out AgentEvent? made))
        {
            Handle(made);
            if ((++count & 0xff) == 0 && isOver())
                break;
        }

        // What the process has written before it ends is read: it is needed for that.
        foreach (AgentEvent leaving in _leaving)
            _session.Release(leaving);
        _leaving.Clear();
        return count > 0;
    }

    /// <summary>Threads write no more from now on; what is left has an end.</summary>
    /// <param name="isReplaced">Another program runs there.</param>
    public void End(bool isReplaced)
    {
        if (_isDetached)
            return;
        _isDetached = true;
        if (isReplaced)
            _session.Outlive();
        else
            Detach();
        ReadRest();
        if (_arrival is not null && _hits.HasAny)
            _trace.Note(new Note("no-python-stacks", $"no interpreter was met in process {Pid}: its hits have no Python stacks", null, Incomplete: true));
        _hits.TellUnfinished();
    }

    /// <summary>On a busy machine that is not done in a moment: what takes longer counts as lost.</summary>
    private void ReadRest()
    {
        long end = Clock.Microseconds + RestMicroseconds;
        ReadAll(() => Clock.Microseconds > end);
        while (!_trace.IsOver && _session.TryRead(out AgentEvent? left))
            _unread += _sites.Armed.ContainsKey(left.Hook) && !left.IsReturn ? 1 : 0;
    }

    public override void Dispose()
    {
        _session.Dispose();
        foreach (LiveTarget target in _owned)
            target.Dispose();
    }

    private void Detach()
    {
        try
        {
            _session.Detach();
        }
        catch (UserError e)
        {
            if (IsAlive)
                _trace.Note(new Note("not-detached", $"hooks that do nothing were left in the process: {e.Message}", null, Incomplete: true));
        }
    }

    private void Arm(HeldProcess? held)
    {
        foreach (CallHook hook in _sites.New)
        {
            // Who is to be followed waits, whatever the condition says of the call.
            bool isGate = _gates.Contains(hook.Function.Address);
            HookHandle handle = _session.Add(new HookRequest
            {
                Address = hook.Function.Address,
                Action = isGate ? HookAction.Park : HookAction.Record,
                Function = hook.Function.End is { } end ? (hook.Function.Address, end) : null,
                Condition = isGate ? null : _program,
                IgnoresUnknown = _program?.IsExact == true,
                Texts = hook.Texts,
                WantsReturn = !isGate && _hits.WantsReturns,
            });
            _sites.Armed.Add(handle, hook);
        }

        _session.Arm(held);
        foreach (CallHook hook in _sites.New)
            TellRefusal(hook);
        _sites.New.Clear();
    }

    private void TellRefusal(CallHook hook)
    {
        foreach ((HookHandle handle, CallHook each) in _sites.Armed)
        {
            if (each != hook || handle.Refusal is not { } refusal)
                continue;
            string module = hook.Function.Module.FileName;
            _trace.Note(new Note("not-hookable", $"{module}!{hook.Function.Name} can't be traced, because {refusal.Message}", hook.Function.Name, Incomplete: true));
            _sites.Armed.Remove(handle);
            return;
        }
    }

    /// <summary>Whoever ends, makes a process or becomes another program waits for a moment.</summary>
    private void Watch(PythonProcess? python, HeldProcess? held)
    {
        if (python is null && held is not null)
        {
            _session.TeachThreadId(held);
            if (InterpreterImage.Find(_target) is { } image)
            {
                _arrival = new InterpreterArrival(_session, Pid, null);
                _arrival.Watch(_target, image, held);
            }
        }

        var traced = new HashSet<Address>();
        foreach (CallHook hook in _sites.Armed.Values)
            traced.Add(hook.Function.Address);
        foreach (Address exit in ProcessGates.FindExits(_target))
        {
            if (!traced.Contains(exit))
                _exits.Add(AddGate(exit));
        }

        foreach (Address gate in _gates)
        {
            if (!traced.Contains(gate))
                _ = AddGate(gate);
        }

        _session.Arm(held);
    }

    private HookHandle AddGate(Address address) => _session.Add(new HookRequest { Address = address, Action = HookAction.Park, WantsStack = false });

    private void Handle(AgentEvent made)
    {
        if (_arrival?.IsOf(made) == true)
        {
            _arrival.Meet(Know);
            _session.Release(made);
        }
        else if (_exits.Contains(made.Hook))
        {
            _leaving.Add(made);
        }
        else if (!_sites.Armed.TryGetValue(made.Hook, out CallHook? hook))
        {
            LetPass(made);
        }
        else if (!made.IsReturn)
        {
            bool isGate = _gates.Contains(hook.Function.Address);
            _hits.AtCall(made, hook, isGate);
            if (isGate)
                LetPass(made);
        }
        else
        {
            _hits.AtReturn(made);
        }
    }

    private void LetPass(AgentEvent made)
    {
        if (Waits is { } waits)
            waits(made);
        else
            _session.Release(made);
    }

    private void Know(LiveTarget target, PythonProcess python)
    {
        _owned.Add(target);
        _arrival = null;
        _hits.Names = new CallThreadNames(python);
    }
}
