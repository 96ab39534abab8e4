using Kaa.Control.Agent;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Threads that wait in the agent, as the loop of a run deals with them. On the thread that traces.</summary>
internal sealed class AgentWaits(ControlledProcess control, AgentLink agent, BreakpointPlanter planter)
{
    private const int Attempts = 100;
    private const int BetweenAttempts = 100; // µs
    private const int MostRounds = 5;

    /// <summary>How often a thread is tried to be taken out, some seconds in all: who is in a signal's handler for longer goes on.</summary>
    private const int MostTurns = 100;

    /// <summary>Of threads that wait, but could not be taken out when all stood still.</summary>
    private readonly Queue<AgentEvent> _kept = [];

    /// <summary>How often each thread has been kept so far.</summary>
    private readonly Dictionary<int, int> _turns = [];

    public AgentEvent? Next() => _kept.Count > 0 ? _kept.Dequeue() : agent.Next();

    /// <summary>
    /// A thread that could not be taken out goes on waiting, for its turn to come once more. False where it does not wait any more, or has been tried too often: it is let go then.
    /// </summary>
    public bool KeepOrRelease(AgentEvent made)
    {
        int turns = _turns.GetValueOrDefault(made.NamespaceTid) + 1;
        bool isKept = _kept.Contains(made);
        if ((turns >= MostTurns && !isKept) || !agent.IsWaiting(made) || ThreadOf(made) is null)
        {
            Release(made);
            return false;
        }

        _turns[made.NamespaceTid] = turns;
        if (!isKept)
            _kept.Enqueue(made);
        return true;
    }

    public void Release(AgentEvent made)
    {
        _turns.Remove(made.NamespaceTid);
        if (!_kept.Contains(made))
            agent.Release(made);
    }

    public Hit HitOf(ControlledThread thread, AgentEvent made) => Hit.Of(thread, made, planter.AddressOf(made));

    /// <summary>Until a thread comes to a hook, or the time is up.</summary>
    public void Sleep(int microseconds) => agent.Sleep(microseconds);

    /// <summary>It waits where the breakpoint is, and not where a step or a return has led it.</summary>
    public bool IsAtHook(Hit hit, AgentEvent made) => made.IsParked && made.Hook.Address.Value == hit.Address && !_kept.Contains(made);

    /// <summary>Null where it is none of this process's threads: a child of vfork, which uses its parent's memory, and sometimes its name.</summary>
    public ControlledThread? ThreadOf(AgentEvent made) => control.Find(agent.TidOf(made)) is { IsInVFork: false } thread ? thread : null;

    /// <summary>Stops it, so that it stands before the instruction that it has come to. False where it does not come there.</summary>
    public bool TryTakeOut(ControlledThread thread, AgentEvent made) =>
        Stopped(thread, made, () => TryTakeOutNow(thread, made, out _));

    public void TakeOutOfStep(InstructionStep step, AgentEvent made)
    {
        if (!Stopped(step.Thread, made, () => step.TryTake(made)))
            _ = KeepOrRelease(made);
        else
            _turns.Remove(made.NamespaceTid);
    }

    /// <summary>
    /// All stand still: whoever waits in the agent stands before the instruction that it has come to, and that is told when the process goes on. Who is on the way into the
    /// agent or out of it goes on up to where it is through, so that nobody is shown in code that is not the program's.
    /// </summary>
    public void TakeOutAll(InstructionStep? step)
    {
        for (int round = 0; round < MostRounds; round++)
        {
            TakeOutWaiting(step);
            List<ControlledThread> inside = [.. control.Threads.Where(IsInside)];
            if (inside.Count == 0)
                return;
            inside.ForEach(control.Continue);
            Clock.Sleep(BetweenAttempts);
            inside.ForEach(thread => control.Stop(thread));
        }

        TakeOutWaiting(step);
    }

    private void TakeOutWaiting(InstructionStep? step)
    {
        var kept = new List<AgentEvent>(_kept);
        _kept.Clear();
        while (agent.Next() is { } made)
            kept.Add(made);
        foreach (AgentEvent made in kept)
        {
            if (ThreadOf(made) is not { } thread)
                agent.Release(made);
            else if (step is { IsDone: false } && step.Thread == thread && step.IsOf(made))
                _ = step.TryTake(made);
            else if (thread.HasNews)
                _ = AgentStop.TryPutBack(agent, thread, made);
            else if (TryTakeOutNow(thread, made, out ulong address))
                ThreadPlaces.TellLater(thread, address);
            else
                _kept.Enqueue(made);
        }
    }

    private bool TryTakeOutNow(ControlledThread thread, AgentEvent made, out ulong address)
    {
        address = planter.AddressOf(made);
        if (!AgentStop.TryTakeOut(control, agent, thread, made, address))
            return false;
        planter.Returned(made);
        _turns.Remove(made.NamespaceTid);
        return true;
    }

    private bool IsInside(ControlledThread thread) => thread is { State: RunState.Stopped, Trap: null, Tracee.HasRegisters: true } && thread.Status.Kind is StopKind.Event
        && !thread.HasNews && agent.IsInside(thread.Tracee.Registers.Rip);

    /// <summary>A thread that waits may be in a signal's handler for a while.</summary>
    private bool Stopped(ControlledThread thread, AgentEvent made, Func<bool> act)
    {
        for (int i = 0; i < Attempts; i++)
        {
            if (!control.Stop(thread))
                return false;
            if (act())
                return true;
            if (thread.HasNews)
            {
                // A signal for it: that comes first.
                _kept.Enqueue(made);
                return false;
            }

            control.Continue(thread);
            Clock.Sleep(BetweenAttempts);
        }

        return false;
    }
}
