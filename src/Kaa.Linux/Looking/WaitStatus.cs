namespace Kaa.Linux.Looking;

public enum StopKind
{
    /// <summary>The thread has exited, or was killed.</summary>
    Ended,

    /// <summary>Our own interrupt.</summary>
    Event,

    /// <summary>SIGSTOP or the like stopped the whole process; it stays stopped after the detach.</summary>
    Group,

    /// <summary>A signal is on its way to the thread: it is handed back at the detach, or it would be lost.</summary>
    Signal,

    /// <summary>On its way into a system call or out of it; only with <see cref="PTrace.MarkCalls"/>, and where it was asked to stop there.</summary>
    Call,

    /// <summary>It has made a child by fork, vfork or clone, which is traced too; only with <see cref="PTrace.TraceChildren"/>.</summary>
    Child,

    /// <summary>It has begun to run another program (execve), which is at its first instruction; only with <see cref="PTrace.TraceExecs"/>.</summary>
    Exec,

    /// <summary>It is about to exit, and can still be read; only with <see cref="PTrace.TraceExits"/>.</summary>
    Exiting,

    /// <summary>Its vfork child has gone its own way; only with <see cref="PTrace.TraceVForkEnds"/>.</summary>
    VForkDone,
}

/// <summary>What waitpid said of a tracee that was seized (ptrace(2), "Stopped states").</summary>
/// <param name="Signal">The signal that stopped it, or is on its way; 0 for our own stop and for the end.</param>
/// <param name="Exit">Of <see cref="StopKind.Ended"/>: the exit status, or 128 and the signal that ended it, as shells count.</param>
/// <param name="Event">Of <see cref="StopKind.Child"/>: how the child was made: PTRACE_EVENT_FORK 1, PTRACE_EVENT_VFORK 2, PTRACE_EVENT_CLONE 3.</param>
public readonly record struct WaitStatus(StopKind Kind, int Signal, int Exit = 0, int Event = 0)
{
    private const int Stopped = 0x7f;
    private const int TrapSignal = 5; // SIGTRAP
    private const int CallTrap = TrapSignal | 0x80; // PTRACE_O_TRACESYSGOOD
    private const int StopEvent = 128; // PTRACE_EVENT_STOP

    public static WaitStatus Of(int status)
    {
        if ((status & 0xff) != Stopped)
            return new WaitStatus(StopKind.Ended, 0, Exit: (status & 0x7f) is > 0 and int killer ? 128 + killer : status >> 8 & 0xff);
        int signal = status >> 8 & 0xff;
        return (status >> 16) switch
        {
            0 when signal == CallTrap => new WaitStatus(StopKind.Call, 0),
            0 => new WaitStatus(StopKind.Signal, signal),

            // PTRACE_EVENT_FORK, PTRACE_EVENT_VFORK, PTRACE_EVENT_CLONE.
            1 or 2 or 3 => new WaitStatus(StopKind.Child, 0, Event: status >> 16),
            4 => new WaitStatus(StopKind.Exec, 0), // PTRACE_EVENT_EXEC
            5 => new WaitStatus(StopKind.VForkDone, 0), // PTRACE_EVENT_VFORK_DONE
            6 => new WaitStatus(StopKind.Exiting, 0), // PTRACE_EVENT_EXIT

            // An event stop whose signal is a stopping one is a group stop.
            StopEvent when signal != TrapSignal => new WaitStatus(StopKind.Group, signal),
            _ => new WaitStatus(StopKind.Event, 0),
        };
    }

    /// <summary>What to hand to PTRACE_DETACH.</summary>
    public int SignalToDeliver => Kind == StopKind.Signal ? Signal : 0;
}
