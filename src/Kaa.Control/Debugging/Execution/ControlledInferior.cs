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
    private ulong? _loaderBreak;

    public ControlledInferior(LiveInferior inferior, ExecutionControl execution, DebugSession session)
    {
        Inferior = inferior;
        _execution = execution;
        _session = session;
        _agent = new AgentLink(inferior);
        _planter = new BreakpointPlanter(inferior.Pid, _agent);
        inferior.Control.Sites = _planter;
        inferior.Cover = _planter.Cover;
        if (inferior.State == InferiorState.Stopped)
            inferior.Tracing.Run(() => _agent.TakeOver(inferior.Held!));
    }

    public LiveInferior Inferior { get; }

    /// <exception cref="UserError">breakpoint-refused</exception>
    public void Plant(BreakpointList breakpoints)
    {
        HashSet<ulong> wanted = breakpoints.Addresses();
        _loaderBreak = breakpoints.All.Any(one => one.IsPending) ? LoaderBreak() : null;
        if (_loaderBreak is { } loader)
            wanted.Add(loader);
        Inferior.Tracing.Run(() => _planter.Sync(Inferior.Held!, wanted));
    }

    public StopReport Run(ResumePlan plan, int tid)
    {
        StopReport report = null!;
        if (plan.StepTid is not null)
            GuardSteps();
        var decision = new HitDecision(_execution.Breakpoints, Inferior);
        var loop = new RunLoop(Inferior.Control, _planter, decision, _execution.Signals, this, () => _loaderBreak);
        Inferior.BeginRun();
        Inferior.Tracing.Run(() => report = loop.Run(plan, tid));
        if (report.Reason == StopReason.Exited)
            Inferior.SetExited();
        else
            Inferior.EndRun();
        return report;
    }

    /// <summary>Every byte as it was.</summary>
    public void Leave()
    {
        if (Inferior.State != InferiorState.Stopped)
            return;
        Inferior.Tracing.Run(() =>
        {
            _planter.Sync(Inferior.Held!, new HashSet<ulong>());
            _agent.Detach(Inferior.Held!);
        });
    }

    public bool TakeInterrupt() => _session.Options.TakeInterrupt();

    public void OnExec()
    {
        _agent.Forget();
        if (!Inferior.Control.RunToLoaded())
            return;
        Inferior.Renew();
        foreach (Breakpoint one in _execution.Breakpoints.All)
            one.Locations = [];
        _execution.Resolve();
        Replant();
    }

    public void OnChild(ControlledThread parent, int child, bool isVFork)
    {
        // A child of vfork has the parent's memory: there the agent passes whoever meets an int3.
        if (!isVFork)
            _planter.CleanChild(child);
        _ = PTrace.Detach(child, 0);
    }

    public void OnLoaded()
    {
        Inferior.Renew();
        if (_execution.Resolve())
            Replant();
    }

    private void GuardSteps()
    {
        if (_session.Thread?.Registers["rip"] is not { } rip)
            return;
        var places = new List<Address> { new(rip) };
        if (Inferior.Names.At(places[0]) is { } symbol)
            places.Add(symbol.Start);
        Inferior.Tracing.Run(() => _agent.GuardSteps(Inferior.Held!, places));
    }

    private void Replant()
    {
        HashSet<ulong> wanted = _execution.Breakpoints.Addresses();
        _loaderBreak = _execution.Breakpoints.All.Any(one => one.IsPending) ? LoaderBreak() : null;
        if (_loaderBreak is { } loader)
            wanted.Add(loader);
        _planter.Sync(Inferior.Control.Held(), wanted);
    }

    private ulong? LoaderBreak() => LoaderRendezvous.Find(ProcRoot.System, Inferior.Pid, Inferior.LiveMemory)?.Break?.Value;
}
