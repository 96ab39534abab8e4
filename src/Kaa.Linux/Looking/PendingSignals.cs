using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary>Which signals would really interrupt a thread.</summary>
public static class PendingSignals
{
    private const int TakePatience = 5_000; // µs
    private const int TakeSleep = 30;

    // Signals whose default is to do nothing: SIGCHLD 17, SIGCONT 18, SIGURG 23, SIGWINCH 28 (signal(7)).
    private const ulong IgnoredByDefault = 1UL << 16 | 1UL << 17 | 1UL << 22 | 1UL << 27;

    /// <summary>
    /// True where a signal waits for the thread that it neither blocks nor ignores. Ignored ones are queued for traced threads only
    /// (sig_ignored, kernel/signal.c), so they count as ours. One that waits for the process is the leader's where that does not block it
    /// (complete_signal, kernel/signal.c), and no business of the others.
    /// </summary>
    /// <param name="statusOf">Of another thread, by its tid.</param>
    public static bool Interrupt(ProcessStatus status, Func<int, ProcessStatus?> statusOf)
    {
        ulong taken = ~status.BlockedSignals & ~Ignored(status);
        if ((status.PendingSignals & taken) != 0)
            return true;
        ulong shared = status.SharedPendingSignals & taken;
        if (shared == 0 || status.Pid == status.ThreadGroup)
            return shared != 0;
        return statusOf(status.ThreadGroup) is not { State: not ('Z' or 'X') } leader || (shared & leader.BlockedSignals) != 0;
    }

    /// <summary>True where a signal waits, for the thread or for its process, that it does not block, and for which there is no handler: it ends or stops the process.</summary>
    public static bool AreFatal(ProcessStatus status) => (Waiting(status) & ~status.CaughtSignals) != 0;

    /// <summary>True where a signal waits that the leader would take.</summary>
    public static bool WaitForLeader(ProcessStatus leader) => Waiting(leader) != 0;

    /// <summary>Waits a little until the leader, which has just been let go, has taken what waits for the process: else another thread that is let go would, and its call would end.</summary>
    public static void AwaitTaken(TaskDirectory tasks, int leader)
    {
        long end = Clock.Microseconds + TakePatience;
        while (tasks.Status(leader) is { } status && WaitForLeader(status) && Clock.Microseconds < end)
            Clock.Sleep(TakeSleep);
    }

    /// <summary>True where a signal waits, for the thread or for its process, that it does not block and the program ignores: such are queued for traced threads only.</summary>
    public static bool AnyIgnored(ProcessStatus status) => ((status.PendingSignals | status.SharedPendingSignals) & ~status.BlockedSignals & Ignored(status)) != 0;

    /// <summary>Those that wait for the process, and that the thread does not block, and the program ignores: bit n − 1 is signal n.</summary>
    public static ulong SharedIgnored(ProcessStatus status) => status.SharedPendingSignals & ~status.BlockedSignals & Ignored(status);

    public static bool Ignores(ProcessStatus status, int signal) => (Ignored(status) >> (signal - 1) & 1) != 0;

    private static ulong Waiting(ProcessStatus status) => (status.PendingSignals | status.SharedPendingSignals) & ~status.BlockedSignals & ~Ignored(status);

    private static ulong Ignored(ProcessStatus status) => status.IgnoredSignals | IgnoredByDefault & ~status.CaughtSignals;
}
