using Kaa.Control.Agent;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>What the loop asks and tells; all on the thread that traces.</summary>
internal interface IRunEvents
{
    /// <summary>The process runs another program: everything that was known of it is gone. All of it stands still.</summary>
    void OnExec();

    /// <summary>A new process has been made, which is traced. True where it is the one to follow from now on.</summary>
    bool OnChild(ControlledThread parent, int child, bool isVFork);

    /// <summary>Does what the breakpoints say that a waiting thread has met, where it need not stop for that.</summary>
    Passing TryPass(Hit hit, IReadOnlyList<Breakpoint> met, List<string> notes, out PartlyPassed? partly);

    /// <summary>A thread has come to where the dynamic linker tells of what it loads. All stand still.</summary>
    void OnLoaded();
}

/// <summary>Lets a process run until somebody has to be told that it stands still.</summary>
internal sealed class RunLoop(
    ControlledProcess control, BreakpointPlanter planter, AgentWaits waits, HitDecision decision, DecidedHits decided, SignalTable signals, IRunEvents events, Func<ulong?> loaderBreak)
{
    private const int Trap = 5; // SIGTRAP
    private const int Interrupt = 2; // SIGINT
    private const int SpinMicroseconds = 100;

    /// <summary>While threads come by all the time, the kernel is asked for stops no more often than this.</summary>
    private const int BetweenStops = 300;
    private const int ShortSleep = 50;
    private const int LongSleep = 1_000;
    private const int Patience = 20_000;
    private const int StepPatience = 100_000;

    private readonly List<string> _notes = [];
    private StopReport? _report;
    private InstructionStep? _step;
    private ResumePlan _plan = new();
    private long _idleSince;
    private int _selected;
    private bool _isBusy;
    private long _askedAt;

    /// <summary>Somebody has to be told that it stands still, or is gone.</summary>
    public bool IsOver => _report is not null || control.End is not null;

    /// <summary>Lets it go on.</summary>
    /// <param name="step">The instruction that one thread makes alone; null where all go on.</param>
    public void Begin(ResumePlan plan, int tid, InstructionStep? step)
    {
        _step = step;
        _plan = plan;
        _selected = tid;
        _idleSince = Clock.Microseconds;
        if (control.Find(tid) is { } selected)
            Begin(plan, selected);
        else if (step is null)
            control.ContinueAll();
    }

    /// <summary>What has happened is dealt with, of what waits one; false where nothing has.</summary>
    public bool Turn()
    {
        if (_plan.IsDone?.Invoke() == true)
        {
            _report = new StopReport(StopReason.Done, _selected);
            return true;
        }

        bool any = TakeOne();
        if (any)
            _idleSince = Clock.Microseconds;
        if (_step is { IsDone: true } done)
            AfterStep(done.Thread);
        return any;
    }

    /// <summary>Ctrl-C was pressed.</summary>
    public void BeInterrupted() => _report = new StopReport(StopReason.Interrupted, _selected) { Signal = Interrupt };

    /// <summary>All stand still.</summary>
    /// <returns>Null where there is nothing to be told.</returns>
    public StopReport? End()
    {
        if (control.End is null)
            Halt();
        return control.End is { } end ? Report(new StopReport(StopReason.Exited, 0) { Exit = end.Exit, Signal = end.Exit > 128 ? end.Exit - 128 : 0 })
            : _report is { } report ? Report(report) : null;
    }

    private void Halt()
    {
        control.StopAll();
        waits.TakeOutAll(_step);
        if (_step is { IsDone: false } undone)
            undone.Abandon();
        decided.EndRun();
    }

    private bool TakeOne()
    {
        if (!_isBusy || Clock.Microseconds - _askedAt > BetweenStops)
        {
            _askedAt = Clock.Microseconds;
            if (control.Next() is { } thread)
            {
                Take(thread);
                return true;
            }
        }

        if (waits.Next() is not { } made)
            return false;
        _isBusy = true;
        AtHook(made);
        return true;
    }

    private StopReport Report(StopReport report) => report with { Notes = [.. _notes] };

    /// <summary>Where a breakpoint lies at its very instruction, the thread passes it.</summary>
    private void Begin(ResumePlan plan, ControlledThread selected)
    {
        if (selected.State == RunState.Stopped && selected.Trap is null && planter.IsPlanted(selected.Registers.Rip))
            control.Places.PassTrap(selected);
        if (plan.Signal is { } signal)
            selected.Signal = signal;
        if (_step is { } step)
            step.Begin();
        else if (plan.IsAlone)
            control.Continue(selected);
        else
            control.ContinueAll();
    }

    /// <summary>Until something happens, most likely, or a little while is over.</summary>
    /// <param name="isAlone">Only of this process anything is waited for.</param>
    /// <returns>True for a step, or a call, that seems to wait for others (a system call, a lock): they go on.</returns>
    public bool Idle(bool isAlone)
    {
        long idle = Clock.Microseconds - _idleSince;
        bool isStuck = (_step is not null || _plan.IsAlone) && idle > StepPatience;
        if (isStuck)
            control.ContinueAll();
        if (idle > SpinMicroseconds)
        {
            _isBusy = false;
            waits.Sleep(isAlone && idle > Patience ? LongSleep : ShortSleep);
        }

        return isStuck;
    }

    private void Take(ControlledThread thread)
    {
        switch (thread.Status)
        {
            case { Kind: StopKind.Call } when _step is { IsDone: false } step && step.Thread == thread:
                step.TakeCall();
                break;
            case var _ when thread.Met is { } address:
                AtStop(thread, address);
                break;
            case { Kind: StopKind.Signal } status:
                AtSignal(thread, status.Signal);
                break;
            case { Kind: StopKind.Exec }:
                _notes.Add($"process {control.Pid} is executing new program");
                _step?.Abandon();
                _step = null;
                planter.Forget();
                decided.Clear();
                control.StopAll();
                events.OnExec();
                control.ContinueAll();
                break;
            case { Kind: StopKind.Child } status:
                AtChild(thread, status.Event == PTrace.VForkEvent);
                break;
            default:
                control.Continue(thread);
                break;
        }
    }

    private void AtChild(ControlledThread thread, bool isVFork)
    {
        if (PTrace.ChildOf(thread.Tid) is { } child && control.Intake.AwaitChild(child) && events.OnChild(thread, child, isVFork))
            _report = new StopReport(StopReason.Forked, thread.Tid) { Child = child, IsVFork = isVFork };
        else
            control.Continue(thread);
    }

    /// <summary>A thread waits in the agent; it is stopped only where that is wanted.</summary>
    private void AtHook(AgentEvent made)
    {
        if (waits.ThreadOf(made) is not { } thread)
        {
            waits.Release(made);
            return;
        }

        if (_step is { IsDone: false } step && step.Thread == thread && step.IsOf(made))
        {
            waits.TakeOutOfStep(step, made);
            return;
        }

        Hit hit = waits.HitOf(thread, made);
        if (loaderBreak() == hit.Address)
            AtLoaderBreak(thread, made);
        else if (decided.Take(thread.Tid, hit.Address, made) is { } before)
            TakeOut(thread, before);
        else if (decision.At(hit) is { Met.Count: > 0 } now)
            AtBreakpoint(hit, made, now);
        else
            waits.Release(made);
    }

    private void AtLoaderBreak(ControlledThread thread, AgentEvent made)
    {
        if (waits.TryTakeOut(thread, made))
            AtLoaded();
        else
            _ = waits.KeepOrRelease(made);
    }

    private void AtBreakpoint(Hit hit, AgentEvent made, Decided now)
    {
        PartlyPassed? partly = decided.TakePartly(hit.Thread.Tid, hit.Address, now);
        Passing passing = partly is null && _step is null && _plan is { IsAlone: false, IsDone: null } && now.Error is null && waits.IsAtHook(hit, made)
            ? events.TryPass(hit, now.Met, _notes, out partly) : Passing.No;
        if (passing == Passing.Yes)
        {
            _selected = hit.Thread.Tid;
            waits.Release(made);
        }
        else
        {
            TakeOut(hit.Thread, new DecidedHit(hit.Address, made, now, Stopped(now, hit.Thread) with { Partly = partly }));
        }
    }

    /// <summary>A signal for it may come first, or the machine be so busy that it does not stop in time: then it is taken out when its turn comes again.</summary>
    private void TakeOut(ControlledThread thread, DecidedHit hit)
    {
        if (waits.TryTakeOut(thread, hit.Made))
            _report = hit.Report;
        else if (waits.KeepOrRelease(hit.Made))
            decided.Add(thread.Tid, hit);
    }

    /// <summary>A stopped thread has come to where Kaa waits for threads.</summary>
    private void AtStop(ControlledThread thread, ulong address)
    {
        if (loaderBreak() == address)
            AtLoaded();
        else if (decided.Take(thread.Tid, address, null) is { } before)
            _report = before.Report;
        else if (decision.At(Hit.Of(thread, address)) is { Met.Count: > 0 } now)
            _report = Stopped(now, thread) with { Partly = decided.TakePartly(thread.Tid, address, now) };
        else
            control.Continue(thread);
    }

    private void AtLoaded()
    {
        control.StopAll();
        waits.TakeOutAll(_step);
        events.OnLoaded();
        control.ContinueAll();
    }

    private static StopReport Stopped(Decided now, ControlledThread thread) =>
        new(now.Met.TrueForAll(one => one.Number == 0) ? StopReason.Stepped : StopReason.Breakpoint, thread.Tid)
        {
            Breakpoints = now.Met.FindAll(one => one.Number != 0),
            ConditionError = now.Error,
        };

    private void AfterStep(ControlledThread thread)
    {
        _report = new StopReport(StopReason.Stepped, thread.Tid);
        ulong address = thread.Registers.Rip;
        if (!planter.IsPlanted(address))
            return;

        // It would come to the breakpoint with its next instruction: it has come to it already.
        Decided now = decision.At(Hit.Of(thread, address));
        control.Places.PassTrap(thread);
        if (now.Met.Count > 0)
            _report = Stopped(now, thread);
    }

    private void AtSignal(ControlledThread thread, int signal)
    {
        // It met an int3 of an earlier Kaa, or before this one knew of it: that is nobody's breakpoint any more.
        if (signal == Trap && control.Places.PassLateTrap(thread))
        {
            control.Continue(thread);
            return;
        }

        if (!signals.Prints(signal) && control.TryHandOver(thread))
        {
            control.Continue(thread);
            return;
        }

        thread.Signal = signals.Passes(signal) ? signal : 0;
        if (signals.Stops(signal))
            _report = new StopReport(StopReason.Signal, thread.Tid) { Signal = signal };
        else if (signals.Prints(signal))
            _notes.Add($"Program received signal {SignalTable.NameOf(signal)}, {SignalTable.TextOf(signal)}.");
        if (_report is null)
            control.Continue(thread);
    }
}
