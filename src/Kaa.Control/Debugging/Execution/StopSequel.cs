namespace Kaa.Control.Debugging.Execution;

/// <summary>What follows a stop: it is told, and the commands of the breakpoints that were met are done.</summary>
/// <param name="stays">Called once those commands are done and the process is not to go on.</param>
internal sealed class StopSequel(DebugSession session, BreakpointList breakpoints, Action stays)
{
    private ResumePlan? _deferred;

    /// <summary>A breakpoint's commands are being done.</summary>
    public bool IsInCommands { get; private set; }

    /// <summary>Why it last stopped; null where it has not run.</summary>
    public StopReason? LastReason { get; private set; }

    /// <summary>The breakpoint that last stopped it; null where something else did.</summary>
    public Breakpoint? LastMet { get; private set; }

    /// <summary>A step's end is not told: more steps follow.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>Where a breakpoint's command lets the process go on, it does once its commands are left. False where none is being done.</summary>
    public bool TryDefer(ResumePlan plan)
    {
        if (IsInCommands)
            _deferred = plan;
        return IsInCommands;
    }

    /// <summary>A thread waits at a breakpoint, and is shown: what a stop would tell is told, and the breakpoint's commands begin.</summary>
    public void BeginPassing(StopReport report, bool isSilent)
    {
        Tell(report, isSilent);
        IsInCommands = true;
    }

    public void EndPassing() => IsInCommands = false;

    /// <summary>The process has ended: that is told, and nothing more is to be done.</summary>
    public void Exited(StopReport report)
    {
        (LastReason, LastMet) = (report.Reason, null);
        session.Output.Write(StopText.Exit(report, report.Inferior));
    }

    /// <summary>It stands still. Gives how it is to go on; null where it stays so.</summary>
    public ResumePlan? Stopped(StopReport report)
    {
        Breakpoint? first = report.Breakpoints.Count > 0 ? report.Breakpoints[0] : null;
        Tell(report, report.Partly is not null || first?.Commands is ["silent", ..] || (IsQuiet && report.Reason == StopReason.Stepped));
        foreach (Breakpoint one in report.Breakpoints)
        {
            if (one.IsTemporary)
                breakpoints.Remove(one);
        }

        return RunCommandsOf(report.Breakpoints, report.Partly);
    }

    private void Tell(StopReport report, bool isSilent)
    {
        LastReason = report.Reason;
        LastMet = report.Breakpoints.Count > 0 ? report.Breakpoints[0] : null;
        foreach (string note in report.Notes)
            session.Output.Line(note);
        foreach (InferiorThread thread in session.Inferior!.Threads)
        {
            if (thread.Tid == report.Tid)
            {
                session.Select(thread);
                break;
            }
        }

        if (!isSilent)
            StopText.Write(session, report);
    }

    /// <param name="partly">What of the first one's was done in passing already.</param>
    private ResumePlan? RunCommandsOf(IReadOnlyList<Breakpoint> met, PartlyPassed? partly)
    {
        int skipped = partly?.Done ?? 0;
        IsInCommands = true;
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
                        session.Execute(line);
                    if (_deferred is not null)
                        return _deferred;
                }
            }

            return null;
        }
        finally
        {
            if (_deferred is null)
                stays();
            IsInCommands = false;
            _deferred = null;
        }
    }
}
