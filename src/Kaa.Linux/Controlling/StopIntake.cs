using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Tracing;

namespace Kaa.Linux.Controlling;

/// <summary>
/// Takes stops and ends from the kernel for all processes that one thread of Kaa's traces, and gives each to the process whose thread it is. To be used on that thread alone.
/// </summary>
public sealed class StopIntake
{
    private const int Patience = 1_000_000; // µs
    private const int TakePatience = 50_000; // µs
    private const int SleepMicroseconds = 50;

    private readonly List<ControlledProcess> _processes = [];

    /// <summary>Threads whose first stop came before their creator told of them.</summary>
    private readonly Dictionary<int, WaitStatus> _unclaimed = [];

    /// <summary>Of processes that were let go: they slept then, and nobody can let go of them before they stop.</summary>
    private readonly HashSet<int> _leaving = [];

    internal void Add(ControlledProcess process)
    {
        if (!_processes.Contains(process))
            _processes.Add(process);
    }

    /// <param name="leaving">Those of its threads that are traced still.</param>
    internal void Remove(ControlledProcess process, IEnumerable<int> leaving)
    {
        _processes.Remove(process);
        foreach (int tid in leaving)
            _leaving.Add(tid);
    }

    /// <summary>Takes one stop or end; false where there is none.</summary>
    internal bool TakeOne()
    {
        int tid = Peek(out WaitStatus status);
        if (tid <= 0)
            return false;
        if (Find(tid, out ControlledThread? thread) is { } process)
            process.Take(thread!, status);
        else if (_leaving.Remove(tid))
            LetGo(tid, status);
        else if (PTrace.Poll(tid) is { } taken)
            _unclaimed[tid] = taken;
        return true;
    }

    /// <summary>
    /// Takes all that there is. To be done again and again while processes stand still: a signal wakes whoever sleeps on, also one that is ignored, as it is queued for traced threads
    /// (sig_ignored, kernel/signal.c). If Kaa were killed before the call that this ends is repaired, it would return EINTR. And who was left behind goes as soon as he stops.
    /// </summary>
    public void TakeAll()
    {
        while (TakeOne())
        {
        }
    }

    /// <summary>The first stop of a thread that has come before it was told of.</summary>
    internal bool TryClaim(int tid, out WaitStatus status) => _unclaimed.Remove(tid, out status);

    /// <summary>Waits for the first stop of another process that one of these has made (<see cref="StopKind.Child"/>): it has run nothing yet. False where it is gone.</summary>
    public bool AwaitChild(int pid) => TryClaim(pid, out WaitStatus status) ? status.Kind != StopKind.Ended : Awaited(pid) is { Kind: not StopKind.Ended };

    private static WaitStatus? Awaited(int tid)
    {
        long end = Clock.Microseconds + Patience;
        while (Clock.Microseconds < end)
        {
            if (PTrace.Poll(tid) is { } status)
                return status;
            Clock.Sleep(SleepMicroseconds);
        }

        return null;
    }

    /// <summary>
    /// Those that were left asleep when their processes were let go, and are awake by now, go as well: a signal that is ignored may have woken them, and when nobody traces them any more it would end
    /// their calls.
    /// </summary>
    internal void LetAwakeGo(TaskDirectory tasks)
    {
        var asked = new HashSet<int>();
        for (long end = Clock.Microseconds + Patience; Clock.Microseconds < end; Clock.Sleep(SleepMicroseconds))
        {
            TakeAll();
            bool isAnyAwake = false;
            foreach (int tid in _leaving)
            {
                if (tasks.Stat(tid) is not { State: 'R' or 't' } stat)
                    continue;
                isAnyAwake = true;
                if (stat.State == 'R' && asked.Add(tid))
                    _ = PTrace.Interrupt(tid);
            }

            if (!isAnyAwake)
                return;
        }
    }

    /// <summary>Its call is as it would be without Kaa: made again where nothing but Kaa's interrupt has cut it short. A signal is left to the kernel until then.</summary>
    private void LetGo(int tid, WaitStatus status)
    {
        if (status.Kind == StopKind.Ended)
        {
            _ = PTrace.Poll(tid);
            return;
        }

        // What it has made is traced as it was.
        if (status.Kind == StopKind.Child && PTrace.ChildOf(tid) is { } child && !(TryClaim(child, out _) && PTrace.Detach(child, 0)))
            _leaving.Add(child);
        _ = AttachRepair.AtInterrupt(tid, status);
        using (TaskDirectory? tasks = PTrace.SharedSignals(tid) == 0 ? null : TaskDirectory.Open(ProcRoot.System, tid))
        {
            if (tasks is not null)
                IgnoredSignals.BeforeGoingOn(tasks, tid, TakePatience, () => IgnoredSignals.InterruptAwake(tasks, _leaving));
        }

        _ = PTrace.Detach(tid, status.SignalToDeliver);
    }

    /// <summary>Who has stopped for a signal that is not taken would be told of again and again, and nobody else: then all are asked one by one.</summary>
    private int Peek(out WaitStatus status)
    {
        status = default;
        if (!_processes.Exists(process => process.HasUntaken))
            return PTrace.PeekAny(out status);
        foreach (ControlledProcess process in _processes)
        {
            foreach (ControlledThread thread in process.Threads)
            {
                if (PTrace.Peek(thread.Tid, out status) && (!thread.IsUntaken || status.Kind == StopKind.Ended))
                    return thread.Tid;
            }
        }

        foreach (int tid in _leaving)
        {
            if (PTrace.Peek(tid, out status))
                return tid;
        }

        return 0;
    }

    private ControlledProcess? Find(int tid, out ControlledThread? thread)
    {
        foreach (ControlledProcess process in _processes)
        {
            thread = process.Find(tid);
            if (thread is not null)
                return process;
        }

        thread = null;
        return null;
    }
}
