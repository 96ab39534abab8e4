using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Controlling;

/// <summary>How the threads of a <see cref="ControlledProcess"/> are brought to a stop, each where that does its system call no harm.</summary>
internal sealed class ProcessStopping(ControlledProcess process, TaskDirectory tasks)
{
    private const int Patience = 1_000_000; // µs
    private const int StopPatience = 100_000; // µs, for one thread
    private const int SpinMicroseconds = 50;
    private const int SleepMicroseconds = 50;
    private const int MostSights = 5;
    private const int BetweenSights = 500; // µs

    private readonly StopConducts _conducts = new(tasks);

    /// <summary>
    /// Stops all threads. Those that sleep in a call which would return EINTR if Kaa were killed before it is repaired are left asleep: <see cref="StopAwakened"/>. What
    /// others stopped for meanwhile is told by <see cref="ControlledProcess.Next"/> once they go on.
    /// </summary>
    public void StopAll()
    {
        Scheduling.Hasten();
        StopEach();
        HandOverAll();
        Scheduling.Relax(0);
    }

    private void StopEach()
    {
        for (int i = 1; ; i++)
        {
            bool isPassing = false;
            var running = new List<ControlledThread>();
            foreach (ControlledThread thread in LeaderLast())
            {
                if (thread.State != RunState.Running)
                    continue;
                StopConduct conduct = _conducts.Of(thread);
                if (conduct == StopConduct.Restarts)
                    Interrupt(thread);
                else if (conduct == StopConduct.Runs)
                    running.Add(thread);
                isPassing |= conduct == StopConduct.Passing;
            }

            AwaitStops();

            // One by one: who is about to begin a call that must not be interrupted is repaired at once.
            foreach (ControlledThread thread in running)
            {
                if (thread.State == RunState.Running && _conducts.Of(thread) is StopConduct.Runs or StopConduct.Restarts)
                    _ = Stop(thread);
            }

            if (!Exists(thread => thread.State != RunState.Stopped) || i == MostSights)
                return;

            // Threads that were made meanwhile run; who is in a call of another kind is soon out of it.
            if (isPassing)
                Clock.Sleep(BetweenSights);
            else if (i > 1)
                return;
        }
    }

    /// <summary>As long as it runs the leader takes the process's signals, and nobody else's call ends for one.</summary>
    private List<ControlledThread> LeaderLast()
    {
        List<ControlledThread> ordered = [.. process.Threads];
        if (ordered.Count > 1 && ordered[0].Tid == process.Pid)
        {
            ordered.Add(ordered[0]);
            ordered.RemoveAt(0);
        }

        return ordered;
    }

    /// <summary>While all stand still: stops those that were left asleep and have woken up.</summary>
    public void StopAwakened()
    {
        foreach (ControlledThread thread in process.Threads.ToArray())
        {
            if (thread.State == RunState.Running && _conducts.Of(thread) is StopConduct.Runs or StopConduct.Restarts)
                _ = Stop(thread);
        }

        HandOverAll();
    }

    /// <summary>
    /// Stops one thread, out of a system call too that an interrupt ends: that is repaired at once, and the program would see an EINTR only if Kaa were killed in the
    /// microseconds before. False where it does not stop: it is the parent of a child of vfork, or gone.
    /// </summary>
    public bool Stop(ControlledThread thread)
    {
        if (thread.State == RunState.Running)
            Interrupt(thread);
        AwaitStops(one => one == thread, StopPatience);
        if (thread.State == RunState.Stopped)
            return process.Threads.Contains(thread);

        // When it stops after all it goes on by itself.
        thread.State = RunState.Running;
        return false;
    }

    /// <summary>The signal that a thread has stopped for is the leader's (<see cref="TimerSignals"/>), and the thread goes on as if it had never come. False where it is its own.</summary>
    public bool TryHandOver(ControlledThread thread)
    {
        if (!thread.Tracee.HasRegisters || !TimerSignals.TryHandOver(tasks, process.Pid, thread.Tid, thread.Status, thread.Tracee.Registers))
            return false;
        Drop(thread);
        return true;
    }

    /// <summary>It may have ended meanwhile.</summary>
    private void Drop(ControlledThread thread)
    {
        if (StopReading.Drop(thread) is { } end)
            process.Settle(thread, end);
    }

    /// <summary>Signals of timers wait for the leader, so that nobody stands in a stop for one: such a thread could not be borrowed.</summary>
    private void HandOverAll()
    {
        foreach (ControlledThread thread in process.Threads.ToArray())
        {
            if (thread is not { State: RunState.Stopped, HasNews: true, Met: null } || !TimerSignals.IsTimers(thread.Status) || TryHandOver(thread))
                continue;
            if (thread.Tid == process.Pid && TimerSignals.TryPutBack(process.Pid, thread.Status))
                Drop(thread);
        }
    }

    public static void Interrupt(ControlledThread thread)
    {
        thread.State = RunState.Stopping;
        thread.Tracee.HeldSince = Clock.Microseconds;

        // It fails for a thread that is dying; the wait finds that out.
        _ = PTrace.Interrupt(thread.Tid);
    }

    private void AwaitStops()
    {
        AwaitStops(_ => true, Patience);

        // A parent of vfork. When it stops after all it goes on by itself, and is stopped anew.
        foreach (ControlledThread thread in process.Threads)
        {
            if (thread.State == RunState.Stopping)
                thread.State = RunState.Running;
        }
    }

    private void AwaitStops(Predicate<ControlledThread> isMeant, int patience)
    {
        long begun = Clock.Microseconds;
        while (Exists(thread => thread.State == RunState.Stopping && isMeant(thread)) && Clock.Microseconds - begun < patience)
        {
            if (!process.Intake.TakeOne() && Clock.Microseconds - begun > SpinMicroseconds)
                Clock.Sleep(SleepMicroseconds);
        }
    }

    private bool Exists(Predicate<ControlledThread> isSo)
    {
        foreach (ControlledThread thread in process.Threads)
        {
            if (isSo(thread))
                return true;
        }

        return false;
    }
}
