using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Controlling;

public enum RunState
{
    Running,

    /// <summary>Told to stop; has not yet.</summary>
    Stopping,
    Stopped,
}

/// <summary>One thread of a process that a debugger controls.</summary>
public sealed class ControlledThread(int tid, int options)
{
    public int Tid { get; } = tid;

    public RunState State { get; internal set; }

    /// <summary>As whoever borrows it knows it. Its registers are the true ones: see <see cref="Trap"/>.</summary>
    public Tracee Tracee { get; } = new(tid) { Options = options };

    /// <summary>What it stopped for.</summary>
    public WaitStatus Status { get; internal set; }

    /// <summary>The stop has not been told to whoever asks for the next one.</summary>
    internal bool HasNews { get; set; }

    /// <summary>
    /// It has met an int3 of Kaa's here, and stands before the instruction that belongs there. Its true instruction pointer is already where a copy of that
    /// instruction lies, so that it would go on right if Kaa were killed.
    /// </summary>
    public ulong? Trap { get; internal set; }

    /// <summary>It makes one instruction, then stops.</summary>
    public bool IsStepping { get; internal set; }

    /// <summary>What it gets when it goes on; 0 for no signal.</summary>
    public int Signal { get; set; }

    /// <summary>Its registers as the program has them.</summary>
    public X64Registers Registers => Trap is { } address ? Tracee.Registers with { Rip = address } : Tracee.Registers;
}
