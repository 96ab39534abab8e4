using Kaa.Formats;

namespace Kaa.Control.Agent;

/// <summary>A thread came by a hook, or returned from the function there.</summary>
public sealed class AgentEvent
{
    public required HookHandle Hook { get; init; }

    /// <summary>True: the function has returned; rax is its result. <see cref="Number"/> is that of the call.</summary>
    public bool IsReturn { get; init; }

    /// <summary>The kernel's id of the thread in the process's own pid namespace; 0 where not known. See <see cref="AgentSession.TidOf"/>.</summary>
    public int NamespaceTid { get; init; }

    /// <summary>CLOCK_MONOTONIC, in nanoseconds; 0 where a seccomp filter forbids to ask for it.</summary>
    public long Nanoseconds { get; init; }

    /// <summary>Counts calls of all hooks up.</summary>
    public ulong Number { get; init; }

    /// <summary>The program's own, at the hook; rip is its address. At a return as they were behind the call.</summary>
    public required AgentRegisters Registers { get; init; }

    /// <summary>The return address, where the hook is at a function's entry.</summary>
    public Address Caller { get; init; }

    /// <summary>The thread's <c>PyThreadState</c>; null address where it has none, or no stack was wanted.</summary>
    public Address PythonThread { get; init; }

    /// <summary>Which Python stack it was in: <see cref="AgentSession.Frames"/>. The same for the same stack; 0 for none.</summary>
    public ulong StackId { get; init; }

    /// <summary>In the order of <see cref="HookRequest.Texts"/>: up to the NUL; null where nothing could be read.</summary>
    public IReadOnlyList<byte[]?> Texts { get; init; } = [];

    public bool IsConditionUnknown { get; init; }

    /// <summary>The thread waits: <see cref="AgentSession.Release"/>.</summary>
    public bool IsParked => Park >= 0;

    /// <summary>There was no room for its stack, which had not been seen before.</summary>
    public bool IsStackLost { get; init; }

    /// <summary>A return was wanted, and there will be none: too many calls were under way.</summary>
    public bool HasNoReturn { get; init; }

    /// <summary>Its place among the waiting; −1 for none.</summary>
    internal int Park { get; init; } = -1;

    internal ulong ParkOrder { get; init; }
}
