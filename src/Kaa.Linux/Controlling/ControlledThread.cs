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
    public bool HasNews { get; internal set; }

    /// <summary>
    /// It has stopped for a signal, and the kernel has not been asked for it by a wait that takes it: if Kaa dies, the signal is delivered. Taken, it would be lost.
    /// </summary>
    internal bool IsUntaken { get; set; }

    /// <summary>
    /// It stands before the program's instruction here. Its true instruction pointer is where a copy of that instruction lies, so that it would go on right if Kaa were
    /// killed.
    /// </summary>
    public ulong? Trap { get; internal set; }

    /// <summary>Of its last stop: it has come to this address, where Kaa waits for threads. Null where it stopped for something else.</summary>
    public ulong? Met { get; internal set; }

    /// <summary>It goes on only up to its next entry into a system call, or exit from one.</summary>
    public bool StopsAtCalls { get; set; }

    /// <summary>Its child of vfork runs in its memory, and is nobody's business.</summary>
    public bool IsInVFork { get; internal set; }

    /// <summary>What it gets when it goes on; 0 for no signal.</summary>
    public int Signal { get; set; }

    /// <summary>Its registers as the program has them.</summary>
    public X64Registers Registers => Trap is { } address ? Tracee.Registers with { Rip = address } : Tracee.Registers;
}
