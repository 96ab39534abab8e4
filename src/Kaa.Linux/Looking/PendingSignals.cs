using Kaa.Formats.ProcText;

namespace Kaa.Linux.Looking;

/// <summary>Which signals would really interrupt a thread.</summary>
public static class PendingSignals
{
    // Signals whose default is to do nothing: SIGCHLD 17, SIGCONT 18, SIGURG 23, SIGWINCH 28 (signal(7)).
    private const ulong IgnoredByDefault = 1UL << 16 | 1UL << 17 | 1UL << 22 | 1UL << 27;

    /// <summary>
    /// True where a signal waits for the thread that it neither blocks nor ignores. Ignored ones are queued for traced threads only
    /// (sig_ignored, kernel/signal.c), so they count as ours.
    /// </summary>
    public static bool Interrupt(ProcessStatus status) =>
        ((status.PendingSignals | status.SharedPendingSignals) & ~status.BlockedSignals & ~Ignored(status)) != 0;

    public static bool Ignores(ProcessStatus status, int signal) => (Ignored(status) >> (signal - 1) & 1) != 0;

    private static ulong Ignored(ProcessStatus status) => status.IgnoredSignals | IgnoredByDefault & ~status.CaughtSignals;
}
