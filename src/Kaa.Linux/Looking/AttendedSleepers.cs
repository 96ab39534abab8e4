using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>
/// Sleepers that are traced without being stopped, while others of their process are held: the kernel may wake them for a signal that is none of theirs. One that is ignored, which is queued only because
/// a thread is traced (<see cref="IgnoredSignals"/>), and one of a timer, which the leader would have taken (<see cref="TimerSignals"/>). Each comes to a stop for it, and sleeps on. Belongs to one thread, which
/// ends soon after them: the kernel then lets go of those that sleep on.
/// </summary>
/// <param name="tracer">Of the same thread.</param>
/// <param name="isAlone">That thread traces nobody else.</param>
internal sealed class AttendedSleepers(TaskDirectory tasks, Tracer tracer, bool isAlone)
{
    private const int LastPatience = 1_000_000; // µs: for a processor
    private const int BetweenPolls = 100; // µs
    private const int LongestSleep = 1_000; // µs

    private readonly HashSet<int> _tids = []; // locked: another thread asks
    private ulong _shared = ulong.MaxValue; // bit n − 1 is signal n

    /// <summary>Those whose calls such a signal would end: in which they sleep, or which they may make in the next moment.</summary>
    /// <param name="threads">All that there are, the leader first.</param>
    /// <param name="isMeant">False for a tid that is to be held.</param>
    public static List<int> Choose(TaskDirectory tasks, IReadOnlyList<ThreadSight> threads, Predicate<int> isMeant)
    {
        bool hasTimers = tasks.Status(threads[0].Tid) is { } status && TimerSignals.AreUsed(status);
        var sleepers = new List<int>();
        foreach (ThreadSight sight in threads)
        {
            if (isMeant(sight.Tid) && (sight.Conduct == ThreadConduct.Running || (sight.Conduct == ThreadConduct.Parked && (hasTimers || IsDelicate(sight)))))
                sleepers.Add(sight.Tid);
        }

        return sleepers;
    }

    private static bool IsDelicate(ThreadSight sight) => sight.Call is not { } call || !SyscallRestart.RestartsByItself(call.Number);

    /// <summary>May be asked by any thread.</summary>
    public bool Contains(int tid)
    {
        lock (_tids)
            return _tids.Contains(tid);
    }

    public void Add(IReadOnlyList<int> tids)
    {
        foreach (int tid in tids)
        {
            if (!PTrace.Seize(tid))
                continue;
            lock (_tids)
                _tids.Add(tid);
            tracer.Note(tid);
        }
    }

    /// <summary>Those that have stopped go on: what they stopped for was the leader's, or is their own. False where nobody has.</summary>
    public bool Take()
    {
        if (isAlone)
            return PTrace.PeekAny(out WaitStatus status) is > 0 and int tid && GoOn(tid, status, isLast: false);
        bool any = false;
        foreach (int each in All())
            any |= PTrace.Peek(each, out WaitStatus told) && GoOn(each, told, isLast: false);
        return any;
    }

    /// <summary>Lets one go, to be stopped by somebody else. False where it does not come to a stop for that in time, and stays attended.</summary>
    /// <param name="patience">In microseconds.</param>
    public bool TryGive(int tid, int patience)
    {
        if (Contains(tid) && PTrace.Interrupt(tid))
            Await([tid], patience);
        return !Contains(tid);
    }

    /// <summary>Has those stop that are awake, before another thread goes on that would take their signals: <see cref="IgnoredSignals.BeforeGoingOn"/>.</summary>
    public void InterruptAwake() => IgnoredSignals.InterruptAwake(tasks, All());

    /// <summary>Before those that are held go on, and take what waits for their process: which signals may have woken a sleeper.</summary>
    /// <param name="leader">Of the process.</param>
    public void BeforeOthersGoOn(int leader)
    {
        lock (_tids)
        {
            if (_tids.Count == 0)
                return;
        }

        _shared = tasks.Status(leader)?.SharedPendingSignals ?? ulong.MaxValue;
    }

    /// <summary>
    /// Before nobody traces them any more: who is awake may be so for a signal that it has not taken yet, or that another thread has taken by now. Its call would end by that. Where no signal can have
    /// woken it, an interrupt would only do harm if Kaa were killed before the repair: to a receive whose time is over, or the next call. They are asked one after the other for the same reason.
    /// </summary>
    public void LetAwakeGo()
    {
        foreach (int tid in All())
        {
            if (tasks.Stat(tid) is { State: 'R' or 't' } stat && (stat.State == 't' || (MayHaveASignal(tid) && PTrace.Interrupt(tid))))
                Await([tid], LastPatience);
        }
    }

    private bool MayHaveASignal(int tid) =>
        Contains(tid) && tasks.Status(tid) is { } status && (status.PendingSignals | ((_shared | status.SharedPendingSignals) & ~status.BlockedSignals)) != 0;

    /// <summary>Each is let go when it has stopped.</summary>
    private void Await(List<int> tids, int patience)
    {
        long end = Clock.Microseconds + patience;
        for (int sleep = BetweenPolls; tids.Count > 0 && Clock.Microseconds < end; sleep = Math.Min(sleep * 2, LongestSleep))
        {
            tids.RemoveAll(tid => PTrace.Peek(tid, out WaitStatus status) && GoOn(tid, status, isLast: true));
            if (tids.Count > 0)
                Clock.Sleep(sleep);
        }
    }

    private int[] All()
    {
        lock (_tids)
            return [.. _tids];
    }

    private bool GoOn(int tid, WaitStatus status, bool isLast)
    {
        if (!tracer.GoOn(tid, status, isLast))
        {
            lock (_tids)
                _tids.Remove(tid);
        }

        return true;
    }
}
