using Kaa.Formats;
using Kaa.Linux.Controlling;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>One process that a session runs and stops: what is planted in it, and what happens while it runs.</summary>
internal sealed class ControlledInferior : IRunEvents
{
    private readonly ExecutionControl _execution;
    private readonly DebugSession _session;
    private readonly BreakpointPlanter _planter;
    private readonly AgentLink _agent;
    private readonly AgentWaits _waits;
    private readonly PassingHits _passing;
    private readonly DecidedHits _decided = new();
    private readonly LoaderCount _loads;
    private ulong? _loaderBreak;
    private bool _borrowsMemory;

    /// <param name="lender">Of a child of vfork: the process that made it, whose memory it has until it runs another program; nothing is put into that. Null where it has its own.</param>
    public ControlledInferior(LiveInferior inferior, ExecutionControl execution, DebugSession session, ControlledInferior? lender = null)
    {
        bool borrowsMemory = lender is not null;
        _borrowsMemory = borrowsMemory;
        Inferior = inferior;
        _execution = execution;
        _session = session;
        _agent = new AgentLink(inferior);
        _planter = new BreakpointPlanter(inferior.Pid, _agent);
        _waits = new AgentWaits(inferior.Control, _agent, _planter);
        _passing = new PassingHits(session, execution, inferior);
        inferior.Control.Places.Sites = lender?._planter ?? _planter;
        inferior.Cover = _planter.Cover;
        _loads = new LoaderCount(_planter, LoaderBreak);
        inferior.Loads = () => _loads.Loads;
        if (inferior.State == InferiorState.Stopped && !borrowsMemory)
            inferior.Tracing.Run(() => _agent.TakeOver(inferior.Held!));
    }

    public LiveInferior Inferior { get; }

    /// <summary>Nothing is put into it before it runs another program.</summary>
    public bool BorrowsMemory => _borrowsMemory;

    /// <exception cref="UserError">breakpoint-refused</exception>
    public void Plant()
    {
        if (!_borrowsMemory)
            Inferior.Tracing.Run(() => Sync(Inferior.Held!));
    }

    /// <summary>Why threads stop at the address by an int3; null where they do so by a hook.</summary>
    public string? WhySlow(Address address) => _planter.WhySlow(address.Value);

    /// <summary>Plants what is missing, before it runs. On the thread that traces.</summary>
    /// <exception cref="UserError">breakpoint-refused; those of the agent.</exception>
    public RunLoop Prepare()
    {
        Plant();
        return new RunLoop(Inferior.Control, _planter, _waits, new HitDecision(_execution.Breakpoints, Inferior, _agent), _decided, _execution.Signals, this, () => _loaderBreak);
    }

    /// <summary>The one instruction that a plan asks for; null for none.</summary>
    public InstructionStep? StepOf(ResumePlan plan) => plan.StepTid is { } one && Inferior.Control.Find(one) is { } thread ? new InstructionStep(Inferior, _planter, _agent, thread) : null;

    /// <summary>Every byte as it was.</summary>
    public void Leave()
    {
        if (Inferior.State != InferiorState.Stopped)
            return;
        Inferior.Tracing.Run(() =>
        {
            _planter.Sync(Inferior.Held!, new Dictionary<ulong, string>(), new Dictionary<ulong, ulong>());
            _agent.Detach(Inferior.Held!);
        });
    }

    public void OnExec()
    {
        _agent.Abandon();
        _loads.Forget();
        _borrowsMemory = false;
        Inferior.Control.Places.Sites = _planter;
        if (!Inferior.Control.RunToLoaded())
            return;
        Inferior.Renew();
        foreach (Breakpoint one in _execution.Breakpoints.All)
            one.SetLocations(Inferior.Pid, []);
        _execution.Resolve(Inferior);
        Replant();
    }

    public bool OnChild(ControlledThread parent, int child, bool isVFork)
    {
        // A child of vfork has the parent's memory: there the agent passes whoever meets an int3.
        if (!isVFork)
            _planter.CleanChild(child);
        if (_session.Settings.FollowsChild || _session.Settings.FollowsBoth)
            return true;
        _ = PTrace.Detach(child, 0);
        return false;
    }

    public Passing TryPass(Hit hit, IReadOnlyList<Breakpoint> met, List<string> notes, out PartlyPassed? partly) => _passing.Try(hit, met, notes, out partly);

    public void OnLoaded()
    {
        Inferior.Renew();
        if (_execution.Resolve(Inferior))
            Replant();
    }

    private void Replant()
    {
        using HeldProcess held = Inferior.Control.Held();
        Sync(held);
    }

    private void Sync(HeldProcess held)
    {
        _planter.Sync(held, Wanted(), ReturnSlots());
        _loads.Planted();
    }

    /// <summary>Every address where threads are to be waited for, and what the agent asks there.</summary>
    private Dictionary<ulong, string> Wanted()
    {
        BreakpointList breakpoints = _execution.Breakpoints;
        bool tidsAreSame = Inferior.Live.Info.ContainerPid is null;
        var wanted = new Dictionary<ulong, string>();
        foreach (ulong address in breakpoints.Addresses(Inferior.Pid))
            wanted.Add(address, StopFilter.Of(breakpoints.At(address, Inferior.Pid), tidsAreSame));
        _loaderBreak = breakpoints.All.Any(one => one.IsPendingIn(Inferior.Pid)) ? LoaderBreak() : null;
        if (_loaderBreak is { } loader)
            wanted[loader] = "";
        if (breakpoints.All.Any(one => one.Commands.Count > 0))
            _loads.AddTo(wanted);
        return wanted;
    }

    private Dictionary<ulong, ulong> ReturnSlots()
    {
        var slots = new Dictionary<ulong, ulong>();
        foreach (Breakpoint one in _execution.Breakpoints.Own)
        {
            if (one is { ReturnSlot: { } slot, Locations: [var place, ..] } && place.Pid == Inferior.Pid)
                slots[place.Address.Value] = slot;
        }

        return slots;
    }

    private ulong? LoaderBreak() => LoaderRendezvous.Find(ProcRoot.System, Inferior.Pid, Inferior.LiveMemory)?.Break?.Value;
}
