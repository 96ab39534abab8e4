using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>
/// Stops threads, and lets them go as they were. Belongs to one thread, which must end when the look has: the kernel then lets go of
/// whatever had not stopped (a thread that is not stopped can't be detached by request).
/// </summary>
/// <param name="patience">How long threads are waited for, in microseconds.</param>
public sealed class Tracer(TaskDirectory tasks, int patience = Tracer.PatienceMicroseconds)
{
    // A thread on another processor stops within 20 µs. One that waits for ours needs us to sleep; to yield is no good, since on a busy
    // machine that gives away a whole slice of several milliseconds.
    private const int SpinMicroseconds = 30;
    private const int SleepMicroseconds = 30;

    // By now whoever has a processor has been told to stop. Who has none, because others have it or because it waits in the kernel, can't
    // run a single instruction of its own before it stops either.
    internal const int PatienceMicroseconds = 2_000;
    private const int TakePatience = 5_000;
    private const int LingerMicroseconds = 1_000_000;
    private const int LingerSleep = 200;

    private readonly List<Tracee> _tracees = [];
    private readonly List<int> _seized = []; // locked: another thread reads it

    public IReadOnlyList<Tracee> Tracees => _tracees;

    /// <summary>Longest time from <see cref="Tracee.HeldSince"/> to the end of the detach, so far: no thread stood still for longer.</summary>
    public long LongestMicroseconds { get; private set; }

    /// <summary>Since when the first of the threads that are held stands still; null where none does.</summary>
    public long? StoppedSince { get; private set; }

    /// <summary>Threads whose call was set up to run again, for tests and figures.</summary>
    public int Repairs { get; private set; }

    /// <summary>
    /// Stops the threads; those that can't be seized, and those that are not to be stopped any more, are left out. Returns when each has stopped
    /// or ended, or is overdue, at the latest at <paramref name="deadline"/> (microseconds of the clock).
    /// </summary>
    /// <param name="stillMay">
    /// Asked at the last moment: a thread that ran when it was seen may by now sleep in a call that an interrupt would end with EINTR. That is
    /// repaired, but it is better not to have to: a Kaa killed in between would leave it.
    /// </param>
    public void Stop(List<int> tids, Func<int, bool> stillMay, Func<long, long> deadline)
    {
        int first = _tracees.Count;
        foreach (int tid in tids)
        {
            if (stillMay(tid) && PTrace.Seize(tid))
                Interrupt(tid);
        }

        Wait(first, deadline, patience);
    }

    /// <summary>Done before a thread goes on that would take a signal which may have woken another one: <see cref="AttendedSleepers.InterruptAwake"/>. Null where nobody sleeps on.</summary>
    internal Action? BeforeTaking { get; set; }

    /// <summary>Done again and again while a thread is waited for; null for nothing.</summary>
    internal Action? Meanwhile { get; set; }

    /// <summary>Another thread of the process is traced by this one: <see cref="BuryTheDead"/> is to know.</summary>
    public void Note(int tid)
    {
        lock (_seized)
            _seized.Add(tid);
    }

    /// <summary>One that has come to a stop which nobody asked for goes on, or is let go; its call is as it was. The kernel is not told that the stop was noticed, or the signal would be lost if Kaa were killed.</summary>
    /// <returns>False where it is traced no more.</returns>
    public bool GoOn(int tid, WaitStatus status, bool isLast)
    {
        if (status.Kind == StopKind.Ended)
        {
            _ = PTrace.Poll(tid);
            return false;
        }

        var tracee = new Tracee(tid) { Status = status, State = TraceeState.Stopped, HeldSince = Clock.Microseconds };
        AtStop(tracee);
        PrepareToGo(tracee);
        int signal = tracee.Status.SignalToDeliver;
        if (isLast)
            return !PTrace.Detach(tid, signal);
        return status.Kind == StopKind.Group ? PTrace.Listen(tid) : PTrace.Continue(tid, signal);
    }

    /// <summary>Takes over threads that this thread has stopped already. They are not let go by <see cref="Release"/>, which must not be called then.</summary>
    public void Adopt(IEnumerable<Tracee> stopped)
    {
        foreach (Tracee tracee in stopped)
        {
            if (!_tracees.Contains(tracee))
                _tracees.Add(tracee);
        }
    }

    /// <summary>Waits once more for those that were overdue.</summary>
    /// <param name="isWorthIt">False for a tid that will not stop soon.</param>
    /// <param name="most">In microseconds.</param>
    public void WaitAgain(Func<int, bool> isWorthIt, int most)
    {
        foreach (Tracee tracee in _tracees)
        {
            if (tracee.State == TraceeState.Overdue && isWorthIt(tracee.Tid))
                tracee.State = TraceeState.Stopping;
        }

        long end = Clock.Microseconds + most;
        Wait(0, _ => end, most);
    }

    /// <summary>Gives every thread its signal, its registers and its freedom back.</summary>
    public void Release()
    {
        ReleaseLeader();
        foreach (Tracee tracee in _tracees)
        {
            if (tracee.State == TraceeState.Stopping)
                Poll(tracee);
            if (tracee.State == TraceeState.Stopped)
                Detach(tracee);
        }

        _tracees.RemoveAll(tracee => tracee.State is TraceeState.Ended or TraceeState.Released);
        StoppedSince = null;
        Linger();
    }

    /// <summary>A timer's signal to the leader. Nobody has the one that is ignored.</summary>
    private void HandOver(Tracee tracee)
    {
        if (tracee.Repaired || !TimerSignals.TryHandOver(tasks, tasks.Status(tracee.Tid)?.ThreadGroup ?? 0, tracee.Tid, tracee.Status, tracee.Registers))
            return;
        tracee.Status = new WaitStatus(StopKind.Event, 0);
        AtStop(tracee);
    }

    /// <summary>A signal that waits for the process is the leader's. Of threads that are let go at once, the first one that gets a processor would take it.</summary>
    private void ReleaseLeader()
    {
        if (_tracees.Count < 2 || tasks.Status(_tracees[0].Tid) is not { ThreadGroup: var group }
            || _tracees.Find(tracee => tracee.Tid == group) is not { State: TraceeState.Stopped } leader)
            return;
        bool isAwaited = tasks.Status(group) is { } status && PendingSignals.WaitForLeader(status);
        Detach(leader);
        if (isAwaited)
            PendingSignals.AwaitTaken(tasks, group);
    }

    /// <summary>
    /// An interrupt can't be taken back: its call will be cut short, and only at the stop can that be repaired. So who had not stopped in time
    /// is waited for now, when nobody else stands still, and let go at once. What has not stopped after a second (a vfork parent) is let go by
    /// the kernel when this thread ends; such a wait is not interruptible, so there is nothing to repair.
    /// </summary>
    private void Linger()
    {
        long end = Clock.Microseconds + LingerMicroseconds;
        while (_tracees.Count > 0 && Clock.Microseconds < end)
        {
            foreach (Tracee tracee in _tracees)
            {
                Poll(tracee);
                if (tracee.State == TraceeState.Stopped)
                    Detach(tracee);
                else if (tracee.State != TraceeState.Ended && tasks.Stat(tracee.Tid) is not { IsZombie: false })
                    tracee.State = TraceeState.Ended;
            }

            _tracees.RemoveAll(tracee => tracee.State is TraceeState.Ended or TraceeState.Released);
            Meanwhile?.Invoke();
            if (_tracees.Count > 0)
                Clock.Sleep(LingerSleep);
        }
    }

    /// <summary>
    /// For a thread other than the tracer's, and the only method that is. A thread that calls exec holds cred_guard_mutex until all other threads
    /// of its process are buried (de_thread, fs/exec.c); a traced one is buried by its tracer; and the tracer may hang in its next PTRACE_SEIZE,
    /// which wants that mutex (ptrace_attach, kernel/ptrace.c). Any thread of the tracer's process may bury in its place.
    /// </summary>
    public void BuryTheDead()
    {
        lock (_seized)
        {
            foreach (int tid in _seized)
                PTrace.Bury(tid);
        }
    }

    private void Interrupt(int tid)
    {
        Note(tid);
        _tracees.Add(new Tracee(tid) { HeldSince = Clock.Microseconds });

        // It fails for a thread that is dying; the wait finds that out.
        _ = PTrace.Interrupt(tid);
    }

    private void Wait(int first, Func<long, long> deadline, int most)
    {
        long begun = Clock.Microseconds;
        while (PollAll(first))
        {
            long now = Clock.Microseconds;
            if (now >= begun + most || StoppedSince is { } since && now >= deadline(since))
                break;
            if (now - begun > SpinMicroseconds)
                Clock.Sleep(SleepMicroseconds);
        }

        for (int i = first; i < _tracees.Count; i++)
        {
            if (_tracees[i].State == TraceeState.Stopping)
                _tracees[i].State = TraceeState.Overdue;
        }
    }

    /// <summary>True while some have not stopped.</summary>
    private bool PollAll(int first)
    {
        bool waiting = false;
        for (int i = first; i < _tracees.Count; i++)
        {
            if (_tracees[i].State == TraceeState.Stopping)
                Poll(_tracees[i]);
            waiting |= _tracees[i].State == TraceeState.Stopping;
        }

        return waiting;
    }

    private void Poll(Tracee tracee)
    {
        long now = Clock.Microseconds;
        if (PTrace.Poll(tracee.Tid) is not { } status)
        {
            tracee.HeldSince = now;
            return;
        }

        tracee.Status = status;
        tracee.State = status.Kind == StopKind.Ended ? TraceeState.Ended : TraceeState.Stopped;
        if (tracee.State != TraceeState.Stopped)
            return;
        AtStop(tracee);
        StoppedSince = Math.Min(StoppedSince ?? long.MaxValue, tracee.HeldSince);
    }

    /// <summary>
    /// The repair comes first of all, so that the call is right even if Kaa is killed in the next microsecond. Only then is it looked at whether
    /// the EINTR was the program's own after all.
    /// </summary>
    private void AtStop(Tracee tracee)
    {
        if (!PTrace.TryGetRegisters(tracee.Tid, out X64Registers registers))
            return;
        tracee.Registers = registers;
        tracee.HasRegisters = true;
        if (!SyscallRestart.NeedsRepair(registers) || tracee.Status.Kind == StopKind.Group)
            return;
        if (tracee.Status.Kind == StopKind.Signal && !Ignores(tracee))
            return;
        if (!PTrace.TryRepair(tracee.Tid, registers))
            return;
        tracee.Repaired = true;
        Repairs++;
        UndoRepairIfSignalled(tracee);
    }

    private bool Ignores(Tracee tracee) => tasks.Status(tracee.Tid) is { } status && PendingSignals.Ignores(status, tracee.Status.Signal);

    /// <summary>A signal that waits for the thread must find its call as it would be without us: interrupted.</summary>
    private void UndoRepairIfSignalled(Tracee tracee)
    {
        if (!tracee.Repaired || tasks.Status(tracee.Tid) is not { } status || !PendingSignals.Interrupt(status, tasks.Status))
            return;
        tracee.Repaired = !PTrace.SetAll(tracee.Tid, tracee.Registers);
    }

    private void PrepareToGo(Tracee tracee)
    {
        if (tracee is { Status.Kind: StopKind.Signal, HasRegisters: true })
            HandOver(tracee);
        UndoRepairIfSignalled(tracee);
        if (BeforeTaking is { } interruptAwake)
            IgnoredSignals.BeforeGoingOn(tasks, tracee.Tid, TakePatience, interruptAwake);
    }

    private void Detach(Tracee tracee)
    {
        PrepareToGo(tracee);
        bool detached = PTrace.Detach(tracee.Tid, tracee.Status.SignalToDeliver);
        LongestMicroseconds = Math.Max(LongestMicroseconds, Clock.Microseconds - tracee.HeldSince);

        // It was killed while we held it. Somebody must bury it, or its process can't end (de_thread, fs/exec.c, waits for that):
        // we do, now or while lingering, else the kernel at the end of this thread.
        tracee.State = detached ? TraceeState.Released : TraceeState.Overdue;
        if (!detached)
            Poll(tracee);
    }
}
