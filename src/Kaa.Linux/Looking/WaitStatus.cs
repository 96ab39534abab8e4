namespace Kaa.Linux.Looking;

internal enum StopKind
{
    /// <summary>The thread has exited, or was killed.</summary>
    Ended,

    /// <summary>Our own interrupt.</summary>
    Event,

    /// <summary>SIGSTOP or the like stopped the whole process; it stays stopped after the detach.</summary>
    Group,

    /// <summary>A signal is on its way to the thread: it is handed back at the detach, or it would be lost.</summary>
    Signal,
}

/// <summary>What waitpid said of a tracee that was seized without options (ptrace(2), "Stopped states").</summary>
/// <param name="Signal">The signal that stopped it, or is on its way; 0 for our own stop and for the end.</param>
internal readonly record struct WaitStatus(StopKind Kind, int Signal)
{
    private const int Stopped = 0x7f;
    private const int TrapSignal = 5; // SIGTRAP
    private const int StopEvent = 128; // PTRACE_EVENT_STOP

    public static WaitStatus Of(int status)
    {
        if ((status & 0xff) != Stopped)
            return new WaitStatus(StopKind.Ended, 0);
        int signal = status >> 8 & 0xff;
        return (status >> 16) switch
        {
            0 => new WaitStatus(StopKind.Signal, signal),

            // An event stop whose signal is a stopping one is a group stop.
            StopEvent when signal != TrapSignal => new WaitStatus(StopKind.Group, signal),
            _ => new WaitStatus(StopKind.Event, 0),
        };
    }

    /// <summary>What to hand to PTRACE_DETACH.</summary>
    public int SignalToDeliver => Kind == StopKind.Signal ? Signal : 0;
}
