using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Control.Debugging;

/// <summary>A thread of the inferior, as of the stop.</summary>
/// <param name="Number">gdb's number, from 1.</param>
/// <param name="Registers">All that is known; of a thread that sleeps on in a call that an interrupt would end, only where it stands.</param>
public sealed record InferiorThread(int Number, TargetThread Kernel, X64RegisterFile Registers)
{
    public int Tid => Kernel.Tid;

    /// <summary>Its system call can't be made again without loss, so Kaa left it asleep: most registers are not known.</summary>
    public bool IsPartial => Kernel.Registers is null;

    /// <summary>The name that a user gave it (<c>thread name</c>); null where none.</summary>
    public string? GivenName { get; set; }

    public string? Name => GivenName ?? Kernel.Name;
}
