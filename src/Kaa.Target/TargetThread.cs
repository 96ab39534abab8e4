using Kaa.Formats;
using Kaa.Results;
using Kaa.Target.Arch;

namespace Kaa.Target;

/// <summary>What the kernel (or a core's notes) says of one thread.</summary>
public sealed record TargetThread
{
    public required int Tid { get; init; }

    /// <summary>The tid inside the target's own pid namespace, which is what the target itself stores; equal to <see cref="Tid"/> where there is none.</summary>
    public required int NamespaceTid { get; init; }

    /// <summary>The kernel's name for it (<c>comm</c>), 15 bytes at most.</summary>
    public string? Name { get; init; }

    public ThreadState State { get; init; }

    /// <summary>True where Kaa holds it stopped for this look.</summary>
    public bool StoppedByKaa { get; init; }

    /// <summary>The tid of another tracer's stop; 0 where there is none.</summary>
    public int TracerPid { get; init; }

    /// <summary>The system call that it sleeps in; null where it runs, or where that may not be read.</summary>
    public BlockedCall? Call { get; init; }

    /// <summary>User stack pointer; null where not known.</summary>
    public Address? StackPointer { get; init; }

    public Address? InstructionPointer { get; init; }

    /// <summary>
    /// All general registers as of this look: of a thread in a core, and of one that was stopped for it. Null where only
    /// <see cref="StackPointer"/> and <see cref="InstructionPointer"/> can be known.
    /// </summary>
    public X64Registers? Registers { get; init; }

    /// <summary>
    /// Base of the thread's own storage (fs), which is the C library's <c>pthread_t</c> in glibc and musl; null where not known.
    /// </summary>
    public Address? ThreadPointer { get; init; }
}

/// <summary>A system call in which a thread sleeps: x86-64 number and six raw arguments.</summary>
/// <param name="Number">−1 where the thread sleeps in the kernel but in no system call (a page fault).</param>
public sealed record BlockedCall(int Number, ulong Arg0, ulong Arg1, ulong Arg2, ulong Arg3, ulong Arg4, ulong Arg5);
