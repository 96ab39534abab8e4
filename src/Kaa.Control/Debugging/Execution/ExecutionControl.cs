using Kaa.Control.Debugging.Words;
using Kaa.Linux.Launching;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>How a session runs what it debugs: breakpoints, signals, steps, starting and ending. Adds its words to the session's table.</summary>
public sealed class ExecutionControl : IDisposable
{
    private readonly DebugSession _session;
    private ControlledInferior? _control;
    private TerminalLoan? _terminal;
    private bool _isInCommands;
    private ResumePlan? _deferred;
    private bool _entersBorrowedMemory;
    private int _group;

    private ExecutionControl(DebugSession session)
    {
        _session = session;
        Program = session.Options.Program;
        session.Entered += OnEntered;
        session.Leaving += OnLeaving;
        BreakpointCommands.AddTo(session, this);
        RunCommands.AddTo(session, this);
        StepCommands.AddTo(session, this);
        Calls.CallWords.AddTo(session, this);
    }

    public BreakpointList Breakpoints { get; } = new();

    public SignalTable Signals { get; } = new();

    /// <summary>What <c>run</c> starts: the program and its arguments.</summary>
    public IReadOnlyList<string> Program { get; set; }

    /// <summary>How the last program that ran here has ended, as shells count; null where none has.</summary>
    public int? ProgramExit { get; private set; }

    /// <summary>The process was started here: it ends with the session, as in gdb.</summary>
    public bool IsOwn { get; private set; }

    public static ExecutionControl AddTo(DebugSession session) => new(session);

    public void Dispose() => _terminal?.Dispose();

    /// <summary>Starts the program; it stands before the first instruction of its own, with its libraries loaded.</summary>
    /// <exception cref="UserError">Those of <see cref="Launcher.Start"/>; no-program.</exception>
    public LiveInferior Launch()
    {
        if (Program.Count == 0)
            throw new UserError("no-program", "No executable file specified.", "start Kaa as kaa debug -- PROGRAM ARGUMENTS, or give them to run");
        Kill();
        _session.Leave();
        LiveInferior inferior = LiveInferior.Launch(new LaunchRequest(Program, OwnGroup: true), _session.Options.DebugDirectories);
        IsOwn = true;
        _group = inferior.Pid;
        ProgramExit = null;
        _session.Enter(inferior);
        return inferior;
    }

    /// <summary>Puts breakpoints where they belong in the process that is debugged now.</summary>
    /// <exception cref="UserError">breakpoint-refused</exception>
    public void Plant()
    {
        if (_control is { } control && control.Inferior.State == InferiorState.Stopped)
            control.Plant();
    }

    /// <summary>Why threads stop at a breakpoint by an int3; null where they do so by a hook of the agent's, as they should.</summary>
    public string? WhySlow(Breakpoint one) => one.Locations.Select(location => _control?.WhySlow(location.Address)).FirstOrDefault(why => why is not null);

    /// <summary>Looks again for what was not loaded; true where one was found.</summary>
    public bool Resolve()
    {
        bool any = false;
        foreach (Breakpoint one in Breakpoints.All)
        {
            if (one.IsPending && _session.Inferior is LiveInferior inferior)
            {
                one.Locations = LocationFinder.Find(inferior, one.Spec, Evaluate);
                any |= !one.IsPending;
            }
        }

        return any;
    }

    /// <summary>The value of an expression, as an address.</summary>
    public ulong Evaluate(string expression) => Arguments.Place(_session, expression).Value;

    /// <summary>Where the last breakpoint was to be that could not be set; null where none was refused.</summary>
    public string? RefusedPlace { get; set; }

    /// <summary>Lets the process go on until it stops, says why, and does what the breakpoint's commands say.</summary>
    /// <exception cref="UserError">breakpoint-missing: nobody is there who could stop it, and nothing would.</exception>
    public void Resume(ResumePlan plan)
    {
        if (RefusedPlace is { } place && _session.Options.IsBatch && !IsOwn && plan is { StepTid: null, IsDone: null } && !Breakpoints.All.Any(one => one.IsEnabled) && !Breakpoints.Own.Any())
            throw new UserError("breakpoint-missing", $"The process is not let go on: the breakpoint at {place} could not be set, and nothing else would stop it.", "a breakpoint elsewhere, or a session without --batch, where Ctrl-C stops it");
        if (_isInCommands)
        {
            _deferred = plan;
            return;
        }

        for (ResumePlan? next = plan; next is not null;)
        {
            StopReport report = RunOnce(next);
            next = AfterStop(report);
        }
    }

    /// <summary>A breakpoint's commands are being done.</summary>
    public bool IsInCommands => _isInCommands;

    /// <summary>Why it last stopped; null where it has not run.</summary>
    public StopReason? LastReason { get; private set; }

    /// <summary>The breakpoint that last stopped it; null where something else did.</summary>
    public Breakpoint? LastMet { get; private set; }

    /// <summary>The next stop is not told: more steps follow.</summary>
    public bool IsQuiet { get; set; }

    public bool IsStill => _session.Inferior is { State: InferiorState.Stopped };

    /// <summary>Ends the process.</summary>
    public void Kill()
    {
        if (_session.Inferior is LiveInferior { State: not InferiorState.Exited } live)
            live.Kill();
        IsOwn = false;
        _control = null;
    }

    /// <summary>Lets the process go on until <see cref="ResumePlan.IsDone"/>; another stop is told, its commands are done. True where it is done.</summary>
    public bool RunUntilDone(ResumePlan plan)
    {
        StopReport report = RunOnce(plan);
        if (report.Reason == StopReason.Done)
            return true;
        for (ResumePlan? next = AfterStop(report); next is not null && !_isInCommands;)
            next = AfterStop(RunOnce(next));
        return false;
    }

    /// <summary>A thread waits at a breakpoint, and is shown: what a stop would tell is told, and the breakpoint's commands begin.</summary>
    internal void BeginPassing(StopReport report, bool isSilent)
    {
        Tell(report, isSilent);
        _isInCommands = true;
    }

    internal void EndPassing() => _isInCommands = false;

    private StopReport RunOnce(ResumePlan plan)
    {
        LiveInferior inferior = _session.RequireLive();
        _session.RequireStill();
        ControlledInferior control = _control!;
        int tid = _session.Thread?.Tid ?? inferior.Pid;
        _session.Output.Flush();
        if (IsOwn)
            (_terminal ??= TerminalLoan.Open())?.Lend(_group);
        try
        {
            StopReport report = control.Run(plan, tid);
            while (report.Reason == StopReason.Forked)
            {
                Follow(report);
                report = _control!.Run(new ResumePlan(), report.Child);
            }

            return report;
        }
        finally
        {
            _terminal?.TakeBack();
            Breakpoints.ClearOwn();
        }
    }

    /// <summary>The new process is debugged in place of the one that made it, which is let go.</summary>
    private void Follow(StopReport fork)
    {
        _entersBorrowedMemory = fork.IsVFork;
        try
        {
            FollowedForks.Follow(_session, _control!, fork);
        }
        finally
        {
            _entersBorrowedMemory = false;
        }
    }

    /// <summary>How it is to go on; null where it stands still.</summary>
    private ResumePlan? AfterStop(StopReport report)
    {
        if (report.Reason == StopReason.Exited)
        {
            (LastReason, LastMet) = (report.Reason, null);
            foreach (string note in report.Notes)
                _session.Output.Line(note);
            ProgramExit = report.Exit;
            _session.Output.Write(StopText.Exit(report, _session.Inferior!.Pid));
            return null;
        }

        Breakpoint? first = report.Breakpoints.Count > 0 ? report.Breakpoints[0] : null;
        Tell(report, report.Partly is not null || first?.Commands is ["silent", ..] || (IsQuiet && report.Reason == StopReason.Stepped));
        foreach (Breakpoint one in report.Breakpoints)
        {
            if (one.IsTemporary)
                Breakpoints.Remove(one);
        }

        return RunCommandsOf(report.Breakpoints, report.Partly);
    }

    private void Tell(StopReport report, bool isSilent)
    {
        LastReason = report.Reason;
        LastMet = report.Breakpoints.Count > 0 ? report.Breakpoints[0] : null;
        foreach (string note in report.Notes)
            _session.Output.Line(note);
        foreach (InferiorThread thread in _session.Inferior!.Threads)
        {
            if (thread.Tid == report.Tid)
            {
                _session.Select(thread);
                break;
            }
        }

        if (!isSilent)
            StopText.Write(_session, report);
    }

    /// <param name="partly">What of the first one's was done in passing already.</param>
    private ResumePlan? RunCommandsOf(IReadOnlyList<Breakpoint> met, PartlyPassed? partly)
    {
        int skipped = partly?.Done ?? 0;
        _isInCommands = true;
        _deferred = null;
        try
        {
            partly?.Failure?.Throw();
            foreach (Breakpoint one in met)
            {
                foreach (string line in one.Commands)
                {
                    if (skipped-- > 0)
                        continue;
                    if (line.Trim() != "silent")
                        _session.Execute(line);
                    if (_deferred is not null)
                        return _deferred;
                }
            }

            return null;
        }
        finally
        {
            if (_deferred is null)
                (_session.Inferior as LiveInferior)?.EndBriefness();
            _isInCommands = false;
            _deferred = null;
        }
    }

    private void OnEntered(Inferior inferior)
    {
        if (inferior is not LiveInferior live)
            return;
        _control = new ControlledInferior(live, this, _session, _entersBorrowedMemory);
        foreach (Breakpoint one in Breakpoints.All)
            one.Locations = one.Spec.StartsWith('*') ? one.Locations : [];
        Resolve();
    }

    private void OnLeaving(Inferior inferior)
    {
        _control?.Leave();
        _control = null;
        if (IsOwn && inferior is LiveInferior { State: not InferiorState.Exited } live)
            live.Kill();
        IsOwn = false;
    }
}
