using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// Lets the processes of a session run until somebody has to be told that one of them stands still: then all of them do. On the thread that traces them, where all of it happens at once: each change of
/// threads costs as much as a stop.
/// </summary>
/// <param name="onExit">One has ended, and others go on: it is told, and no more of the session's afterwards.</param>
internal sealed class JointRun(DebugSession session, Action<ControlledInferior, StopReport> onExit)
{
    private readonly List<Part> _parts = [];
    private Part _first = null!;

    /// <param name="all">In the order in which they are asked what has happened.</param>
    /// <param name="first">The one of them that the plan is about.</param>
    /// <exception cref="UserError">step-refused, breakpoint-refused; those of the agent. All stand still then.</exception>
    public StopReport Run(IReadOnlyList<ControlledInferior> all, ControlledInferior first, ResumePlan plan, int tid)
    {
        foreach (ControlledInferior one in all)
            _parts.Add(new Part(one, one.Prepare()));
        _first = _parts.Find(part => part.Inferior == first)!;
        foreach (Part part in _parts)
            part.Process.BeginRun();
        try
        {
            Begin(plan, tid);
            return End(Loop());
        }
        catch (UserError)
        {
            foreach (Part part in _parts)
                part.Settle(part.End(), isBrief: false);
            throw;
        }
    }

    private void Begin(ResumePlan plan, int tid)
    {
        _first.HasBegun = true;
        _first.Loop.Begin(plan, plan.StepTid ?? tid, _first.Inferior.StepOf(plan));
        if (plan is { StepTid: null, IsAlone: false })
            BeginOthers();
    }

    private void BeginOthers()
    {
        foreach (Part part in _parts)
        {
            if (part.HasBegun)
                continue;
            part.HasBegun = true;
            part.Loop.Begin(new ResumePlan(), 0, null);
        }
    }

    /// <summary>The one that has something to tell.</summary>
    private Part Loop()
    {
        while (true)
        {
            // Also where there is always something to be taken.
            if (session.Options.TakeInterrupt())
            {
                _first.Loop.BeInterrupted();
                return _first;
            }

            if (Turn(out bool any) is { } over)
                return over;
            if (!any && _first.Loop.Idle(isAlone: _parts.Count == 1))
                BeginOthers();
        }
    }

    private Part? Turn(out bool any)
    {
        any = false;
        for (int i = 0; i < _parts.Count; i++)
        {
            Part part = _parts[i];
            if (!part.HasBegun)
                continue;
            any |= part.Loop.Turn();
            if (!part.Loop.IsOver)
                continue;
            if (_parts.Count == 1 || part.Process.Control.End is null)
                return part;
            Part? next = _parts.Find(other => other != part);
            Forget(part, part.Loop.End()!);
            _first = _first == part ? next! : _first;
            BeginOthers();
            any = true;
            return null;
        }

        return null;
    }

    private StopReport End(Part over)
    {
        StopReport told = over.End()!;
        bool isBrief = told.Breakpoints is [{ Commands.Count: > 0 }, ..];
        foreach (Part part in _parts.ToArray())
        {
            StopReport? report = part == over ? told : part.End();
            if (part != over && report is { Reason: StopReason.Exited })
                Forget(part, report);
            else
                part.Settle(report, isBrief);
        }

        return told with { Inferior = over.Process };
    }

    private void Forget(Part part, StopReport report)
    {
        _parts.Remove(part);
        part.Process.SetExited();
        onExit(part.Inferior, report);
    }

    private sealed class Part(ControlledInferior inferior, RunLoop loop)
    {
        public ControlledInferior Inferior => inferior;

        public LiveInferior Process => inferior.Inferior;

        public RunLoop Loop => loop;

        public bool HasBegun { get; set; }

        /// <summary>All of it stands still.</summary>
        public StopReport? End() => HasBegun ? loop.End() : null;

        public void Settle(StopReport? report, bool isBrief)
        {
            if (report is { Reason: StopReason.Exited })
                Process.SetExited();
            else
                Process.EndRun(isBrief);
        }
    }
}
