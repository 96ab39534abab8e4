using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary>
/// A signal that is ignored (SIGCHLD, for the most part) is dropped by the kernel, unless the thread that it is sent to is traced (sig_ignored, kernel/signal.c): then it is queued for the process, and
/// wakes a thread. While the one that it is meant for stands in a stop that is another one, asleep in any call: if that gives EINTR, it must come to a stop, at which its call is repaired.
/// </summary>
internal static class IgnoredSignals
{
    private const int FirstSleep = 30; // µs
    private const int LongestSleep = 1_000; // µs

    /// <summary>
    /// Before a stopped thread goes on, and looks for signals: it would take the one that has woken another thread, if that has not got a processor yet, and that one's call would end without a stop. So
    /// that one is waited for; and if it takes long, it is told to stop.
    /// </summary>
    /// <param name="patience">For how many microseconds.</param>
    /// <param name="interruptAwake">As <see cref="InterruptAwake"/>. While it is at work another signal may come, and wake another thread: then it is asked again.</param>
    public static void BeforeGoingOn(TaskDirectory tasks, int tid, int patience, Action interruptAwake)
    {
        int seen = 0;
        int sleep = FirstSleep;
        for (long end = Clock.Microseconds + patience; PTrace.SharedSignals(tid) is not 0 and var waiting && waiting != seen;)
        {
            if (tasks.Status(tid) is not { } status || PendingSignals.SharedIgnored(status) is not (> 0 and var signals) || !IsAnybodyOnTheWay(tasks, signals))
                return;
            if (Clock.Microseconds < end)
            {
                Clock.Sleep(sleep);
                sleep = Math.Min(sleep * 2, LongestSleep);
                continue;
            }

            interruptAwake();
            seen = waiting;
        }
    }

    /// <summary>Has those stop that are awake, and traced by this thread of Kaa's. It is no matter where they are: what an interrupt does to a call is repaired at the stop.</summary>
    public static void InterruptAwake(TaskDirectory tasks, IEnumerable<int> traced)
    {
        foreach (int tid in traced)
        {
            if (tasks.Stat(tid) is { State: 'R' })
                _ = PTrace.Interrupt(tid);
        }
    }

    private static bool IsAnybodyOnTheWay(TaskDirectory tasks, ulong signals)
    {
        var tids = new List<int>();
        tasks.List(tids);
        return tids.Exists(tid => tasks.Stat(tid) is { State: 'R' } && tasks.Status(tid) is { } status && (signals & ~status.BlockedSignals) != 0);
    }
}
