using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

internal enum TraceeState
{
    /// <summary>Seized, interrupted, not stopped yet.</summary>
    Stopping,
    Stopped,

    /// <summary>Not stopped in time (a vfork parent, a leader that has exited, no processor for it). The read does without.</summary>
    Unstoppable,

    /// <summary>Detached: it runs as before.</summary>
    Released,
    Ended,
}

/// <summary>One thread that is stopped for a look.</summary>
internal sealed class Tracee(int tid)
{
    public int Tid { get; } = tid;

    public TraceeState State { get; set; } = TraceeState.Stopping;

    /// <summary>Just before the interrupt, or when it was last seen not to have stopped; in microseconds of <see cref="Calls.Clock.Microseconds"/>.</summary>
    public long InterruptedAt { get; set; }

    public WaitStatus Status { get; set; }

    /// <summary>As of the stop, before any repair.</summary>
    public X64Registers Registers { get; set; }

    public bool HasRegisters { get; set; }

    public bool Repaired { get; set; }
}
