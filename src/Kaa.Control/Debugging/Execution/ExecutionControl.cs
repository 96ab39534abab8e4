using Kaa.Control.Debugging.Words;
using Kaa.Linux.Launching;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>How a session runs what it debugs: breakpoints, signals, steps, starting and ending. Adds its words to the session's table.</summary>
public sealed class ExecutionControl : IDisposable
{
    private readonly DebugSession _session;

    /// <summary>Of all processes that are debugged; the one that was told of last is the last.</summary>
    private readonly List<ControlledInferior> _controls = [];
    private TerminalLoan? _terminal;
    private ControlledInferior? _lender;
    private int _group;
    private bool _hasProgramEnded;

    private ExecutionControl(DebugSession session)
    {
        _session = session;
        Program = session.Options.Program;
        Stops = new StopSequel(session, Breakpoints, () => _controls.ForEach(control => control.Inferior.EndBriefness()));
        session.Entered += OnEntered;
        session.Leaving += OnLeaving;
        BreakpointCommands.AddTo(session, this);
        RunCommands.AddTo(session, this);
        StepCommands.AddTo(session, this);
        Calls.CallWords.AddTo(session, this);
    }

    public BreakpointList Breakpoints { get; } = new();

    public SignalTable Signals { get; } = new();

    /// <summary>What comes of a stop.</summary>
    internal StopSequel Stops { get; }

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
        while (_session.Inferior is LiveInferior { State: not InferiorState.Exited } && IsOwn)
            Kill();
        _session.Leave();
        LiveInferior inferior = LiveOpening.Launch(new LaunchRequest(Program, OwnGroup: true), _session.Options.DebugDirectories);
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
        foreach (ControlledInferior control in _controls)
        {
            if (control.Inferior.State == InferiorState.Stopped)
                control.Plant();
        }
    }

    /// <summary>Why threads stop at a breakpoint by an int3; null where they do so by a hook of the agent's, as they should.</summary>
    public string? WhySlow(Breakpoint one) => one.Locations.Select(location => _controls.Find(control => control.Inferior.Pid == location.Pid)?.WhySlow(location.Address)).FirstOrDefault(why => why is not null);

    /// <summary>Where a place is in all that is debugged; an address is one of the selected process.</summary>
    public IReadOnlyList<BreakpointLocation> Locate(string spec)
    {
        var found = new List<BreakpointLocation>(LocationFinder.Find(_session.RequireLive(), spec, Evaluate));
        foreach (ControlledInferior control in _controls)
        {
            if (control.Inferior != _session.Inferior && !control.BorrowsMemory && !spec.StartsWith('*'))
                found.AddRange(LocationFinder.Find(control.Inferior, spec, Evaluate));
        }

        return found;
    }

    /// <summary>Looks again for what was not loaded in a process; true where one was found.</summary>
    public bool Resolve(LiveInferior inferior)
    {
        bool any = false;
        foreach (Breakpoint one in Breakpoints.All)
        {
            if (!one.IsPendingIn(inferior.Pid) || (one.Spec.StartsWith('*') && inferior != _session.Inferior))
                continue;
            one.SetLocations(inferior.Pid, LocationFinder.Find(inferior, one.Spec, Evaluate));
            any |= !one.IsPendingIn(inferior.Pid);
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
        if (Stops.TryDefer(plan))
            return;
        for (ResumePlan? next = plan; next is not null;)
        {
            StopReport report = RunOnce(next);
            next = AfterStop(report);
        }
    }

    public bool IsStill => _session.Inferior is { State: InferiorState.Stopped };

    /// <summary>Ends the selected process.</summary>
    public void Kill()
    {
        LiveInferior? live = _session.Inferior as LiveInferior;
        if (live is { State: not InferiorState.Exited })
            live.Kill();
        if (live is not null && _controls.Count > 1)
        {
            _session.Leave(live);
            return;
        }

        IsOwn = false;
        _controls.Clear();
    }

    /// <summary>Lets the process go on until <see cref="ResumePlan.IsDone"/>; another stop is told, its commands are done. True where it is done.</summary>
    public bool RunUntilDone(ResumePlan plan)
    {
        StopReport report = RunOnce(plan);
        if (report.Reason == StopReason.Done)
            return true;
        for (ResumePlan? next = AfterStop(report); next is not null && !Stops.IsInCommands;)
            next = AfterStop(RunOnce(next));
        return false;
    }

    private StopReport RunOnce(ResumePlan plan)
    {
        LiveInferior inferior = _session.RequireLive();
        _session.RequireStill();
        int tid = _session.Thread?.Tid ?? inferior.Pid;
        _session.Output.Flush();
        if (IsOwn)
            (_terminal ??= TerminalLoan.Open())?.Lend(_group);
        try
        {
            StopReport report = RunAll(plan, tid);
            while (report.Reason == StopReason.Forked)
            {
                foreach (string note in report.Notes)
                    _session.Output.Line(note);
                Follow(report);
                report = RunAll(new ResumePlan(), _session.Settings.FollowsBoth ? report.Tid : report.Child);
            }

            if (report.Inferior != _session.Inferior)
                _session.SwitchTo(report.Inferior);
            return report;
        }
        finally
        {
            _terminal?.TakeBack();
            Breakpoints.ClearOwn();
        }
    }

    private StopReport RunAll(ResumePlan plan, int tid)
    {
        StopReport report = null!;
        ControlledInferior first = Of(_session.Inferior!)!;
        first.Inferior.Tracing.Run(() => report = new JointRun(_session, OnExit).Run([.. _controls], first, plan, tid));

        // Whoever is always at a breakpoint must not keep the others from being told of.
        if (Of(report.Inferior) is { } told && _controls.Remove(told))
            _controls.Add(told);
        return report;
    }

    private ControlledInferior? Of(Inferior inferior) => _controls.Find(control => control.Inferior == inferior);

    /// <summary>One of several has ended; the others go on.</summary>
    private void OnExit(ControlledInferior control, StopReport report)
    {
        NoteExit(control.Inferior, report);
        _session.Output.Write(StopText.Exit(report, control.Inferior));
        _session.Output.Flush();
        _session.Leave(control.Inferior);
    }

    private void NoteExit(Inferior inferior, StopReport report)
    {
        foreach (string note in report.Notes)
            _session.Output.Line(note);
        bool isProgram = inferior.Pid == _group;
        if (isProgram || (_controls.Count == 1 && !_hasProgramEnded))
            ProgramExit = report.Exit;
        _hasProgramEnded |= isProgram;
    }

    /// <summary>The new process is debugged: in place of the one that made it, which is let go, or beside it.</summary>
    private void Follow(StopReport fork)
    {
        ControlledInferior parent = Of(fork.Inferior)!;
        _lender = fork.IsVFork ? parent : null;
        try
        {
            if (_session.Settings.FollowsBoth)
            {
                FollowedForks.Join(_session, parent, fork);
                return;
            }

            FollowedForks.Follow(_session, parent, fork);
            _controls.Remove(parent);
        }
        finally
        {
            _lender = null;
        }
    }

    /// <summary>How it is to go on; null where it stands still.</summary>
    private ResumePlan? AfterStop(StopReport report)
    {
        if (report.Reason != StopReason.Exited)
            return Stops.Stopped(report);
        NoteExit(report.Inferior, report);
        Stops.Exited(report);
        return null;
    }

    private void OnEntered(Inferior inferior)
    {
        if (inferior is not LiveInferior live)
            return;
        _controls.Add(new ControlledInferior(live, this, _session, _lender));
        _hasProgramEnded &= _controls.Count > 1;
        foreach (Breakpoint one in Breakpoints.All)
        {
            BreakpointLocation? address = one.Spec.StartsWith('*') && one.Locations.Count > 0 ? one.Locations[0] with { Pid = live.Pid } : null;
            one.Locations = [.. one.Locations.Where(location => location.Pid != live.Pid && _controls.Exists(control => control.Inferior.Pid == location.Pid))];
            one.SetLocations(live.Pid, address is null ? [] : [address]);
        }

        if (_lender is null)
            Resolve(live);
    }

    private void OnLeaving(Inferior inferior)
    {
        if (Of(inferior) is not { } control)
            return;
        control.Leave();
        _controls.Remove(control);
        foreach (Breakpoint one in Breakpoints.All)
        {
            if (_controls.Count > 0)
                one.SetLocations(inferior.Pid, []);
        }

        if (IsOwn && inferior is LiveInferior { State: not InferiorState.Exited } live)
            live.Kill();
        IsOwn &= _controls.Count > 0;
    }
}
