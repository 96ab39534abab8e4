using Kaa.Linux.Calls;

namespace Kaa.Linux.Launching;

/// <summary>What Kaa is sent in place of the program that it has started.</summary>
public static class ProgramSignals
{
    private const int Terminate = 15; // SIGTERM

    /// <summary>Sends SIGTERM to a child of Kaa's that was not waited for yet.</summary>
    public static void PassTermination(int pid) => _ = Libc.Kill(pid, Terminate);
}
