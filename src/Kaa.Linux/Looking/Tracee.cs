using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

public enum TraceeState
{
    /// <summary>Seized, interrupted, not stopped yet.</summary>
    Stopping,
    Stopped,

    /// <summary>
    /// Has not reached its stop in time: a vfork parent, or there is no processor for it. It can't go on in its program without stopping, so it
    /// may be read; its registers are not known.
    /// </summary>
    Overdue,

    /// <summary>Detached: it runs as before.</summary>
    Released,
    Ended,
}

/// <summary>One thread that is stopped for a look.</summary>
public sealed class Tracee(int tid)
{
    public int Tid { get; } = tid;

    public TraceeState State { get; set; } = TraceeState.Stopping;

    /// <summary>
    /// The last moment at which it was known not to stand still: before its interrupt, or when it was last asked for in vain. In microseconds of
    /// <see cref="Calls.Clock.Microseconds"/>. On a busy machine a thread may wait for a processor long after its interrupt, and not because of us.
    /// </summary>
    public long HeldSince { get; set; }

    public WaitStatus Status { get; set; }

    /// <summary>As of the stop, before any repair.</summary>
    public X64Registers Registers { get; set; }

    public bool HasRegisters { get; set; }

    public bool Repaired { get; set; }

    /// <summary>Of PTRACE_SETOPTIONS, that it has while nobody borrows it.</summary>
    public int Options { get; set; }

    /// <summary>
    /// It was borrowed, and stands at the end of a system call of ours: the kernel makes the call again that it was taken out of at a detach only, or for a signal.
    /// </summary>
    public bool IsAtOwnCall { get; set; }
}
