using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>What the loop asks and tells; all on the thread that traces.</summary>
internal interface IRunEvents
{
    /// <summary>Ctrl-C was pressed since this was last asked.</summary>
    bool TakeInterrupt();

    /// <summary>The process runs another program: everything that was known of it is gone. All of it stands still.</summary>
    void OnExec();

    /// <summary>A new process has been made, which is traced. True where it is the one to follow from now on.</summary>
    void OnChild(ControlledThread parent, int child, bool isVFork);

    /// <summary>A thread has come to where the dynamic linker tells of what it loads. All stand still.</summary>
    void OnLoaded();
}

/// <summary>Lets a process run until somebody has to be told that it stands still.</summary>
internal sealed class RunLoop(
    ControlledProcess control, BreakpointPlanter planter, HitDecision decision, SignalTable signals, IRunEvents events, Func<ulong?> loaderBreak)
{
    private const int Trap = 5; // SIGTRAP
    private const int Interrupt = 2; // SIGINT
    private const int SpinMicroseconds = 200;
    private const int ShortSleep = 50;
    private const int LongSleep = 1_000;
    private const int Patience = 20_000;
    private const int StepPatience = 100_000;

    private readonly List<string> _notes = [];
    private StopReport? _report;

    public StopReport Run(ResumePlan plan, int tid)
    {
        _notes.Clear();
        _report = null;
        ControlledThread? selected = control.Find(plan.StepTid ?? tid);
        if (selected is not null)
            Begin(plan, selected);
        else if (plan.StepTid is null)
            control.ContinueAll();
        long idleSince = Clock.Microseconds;
        while (_report is null)
        {
            if (control.End is { } end)
                return Report(new StopReport(StopReason.Exited, 0) { Exit = end.Exit, Signal = end.Exit > 128 ? end.Exit - 128 : 0 });
            // Also where there is always something to be taken.
            if (events.TakeInterrupt())
            {
                _report = new StopReport(StopReason.Interrupted, tid) { Signal = Interrupt };
                continue;
            }

            if (control.Next() is { } thread)
            {
                Take(thread);
                idleSince = Clock.Microseconds;
                continue;
            }

            Idle(Clock.Microseconds - idleSince, plan);
        }

        control.StopAll();
        return Report(_report);
    }

    private StopReport Report(StopReport report) => report with { Notes = [.. _notes] };

    /// <summary>Where a breakpoint lies at its very instruction, the thread passes it.</summary>
    private void Begin(ResumePlan plan, ControlledThread selected)
    {
        if (selected.State == RunState.Stopped && selected.Trap is null && planter.IsPlanted(selected.Registers.Rip))
            control.PassTrap(selected);
        if (plan.Signal is { } signal)
            selected.Signal = signal;
        if (plan.StepTid is not null)
            control.Step(selected);
        else
            control.ContinueAll();
    }

    private void Idle(long idle, ResumePlan plan)
    {
        // A step that waits for others (a system call, a lock) lets them run.
        if (plan.StepTid is not null && idle > StepPatience)
            control.ContinueAll();
        if (idle > SpinMicroseconds)
            Clock.Sleep(idle > Patience ? LongSleep : ShortSleep);
    }

    private void Take(ControlledThread thread)
    {
        switch (thread.Status)
        {
            case { Kind: StopKind.Signal, Signal: Trap } when thread.Trap is { } address:
                AtTrap(thread, address);
                break;
            case { Kind: StopKind.Signal, Signal: Trap } when thread.IsStepping:
                AfterStep(thread);
                break;
            case { Kind: StopKind.Signal } status:
                AtSignal(thread, status.Signal);
                break;
            case { Kind: StopKind.Exec }:
                _notes.Add($"process {control.Pid} is executing new program");
                planter.Forget();
                control.StopAll();
                events.OnExec();
                control.ContinueAll();
                break;
            case { Kind: StopKind.Child } status:
                AtChild(thread, status.Event == VForkEvent);
                break;
            default:
                control.Continue(thread);
                break;
        }
    }

    private const int VForkEvent = 2;

    private void AtChild(ControlledThread thread, bool isVFork)
    {
        if (PTrace.ChildOf(thread.Tid) is { } child && control.AwaitChild(child))
            events.OnChild(thread, child, isVFork);
        control.Continue(thread);
    }

    private void AtTrap(ControlledThread thread, ulong address)
    {
        if (loaderBreak() == address)
        {
            control.StopAll();
            events.OnLoaded();
            control.ContinueAll();
            return;
        }

        List<Breakpoint> met = decision.At(address, thread);
        if (met.Count > 0)
            _report ??= new StopReport(met.TrueForAll(one => one.Number == 0) ? StopReason.Stepped : StopReason.Breakpoint, thread.Tid)
            {
                Breakpoints = met.FindAll(one => one.Number != 0),
                ConditionError = decision.Error,
            };
        else if (thread.IsStepping)
            control.Step(thread);
        else
            control.Continue(thread);
    }

    /// <summary>What took the place of one instruction is done once the thread is out of Kaa's code again.</summary>
    private void AfterStep(ControlledThread thread)
    {
        if (planter.IsDetour(thread.Registers.Rip))
        {
            control.Step(thread);
            return;
        }

        _report = new StopReport(StopReason.Stepped, thread.Tid);
        if (!planter.IsPlanted(thread.Registers.Rip))
            return;

        // It would meet the int3 with its next instruction: it has come to the breakpoint already.
        List<Breakpoint> met = decision.At(thread.Registers.Rip, thread);
        control.PassTrap(thread);
        if (met.Count > 0)
            _report = _report with { Reason = StopReason.Breakpoint, Breakpoints = met.FindAll(one => one.Number != 0), ConditionError = decision.Error };
    }

    private void AtSignal(ControlledThread thread, int signal)
    {
        // It met an int3 of an earlier Kaa, or before this one knew of it: that is nobody's breakpoint any more.
        if (signal == Trap && control.PassLateTrap(thread))
        {
            control.Continue(thread);
            return;
        }

        thread.Signal = signals.Passes(signal) ? signal : 0;
        if (signals.Stops(signal))
            _report = new StopReport(StopReason.Signal, thread.Tid) { Signal = signal };
        else if (signals.Prints(signal))
            _notes.Add($"Program received signal {SignalTable.NameOf(signal)}, {SignalTable.TextOf(signal)}.");
        if (_report is not null)
            return;
        if (thread.IsStepping)
            control.Step(thread);
        else
            control.Continue(thread);
    }
}
