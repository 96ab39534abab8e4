namespace Kaa.Linux.Looking;

/// <summary>
/// How the program has ended that this Kaa has started. Its parent is told of that once: if it ends while one of Kaa's threads traces it, that one is told, and nobody who waits for it any more.
/// </summary>
public static class LaunchedEnd
{
    private const int Unknown = -1;

    private static volatile int s_pid;
    private static volatile int s_exit = Unknown;

    /// <summary>Its exit status, or 128 and the signal that ended it; null where no tracer was told.</summary>
    public static int? Of(int pid) => pid == s_pid && s_exit != Unknown ? s_exit : null;

    internal static void Expect(int pid)
    {
        s_exit = Unknown;
        s_pid = pid;
    }

    internal static void Note(int tid, WaitStatus status)
    {
        if (tid == s_pid && status.Kind == StopKind.Ended)
            s_exit = status.Exit;
    }
}
