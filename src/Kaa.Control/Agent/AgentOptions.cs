using Kaa.Formats;
using Kaa.Python;

namespace Kaa.Control.Agent;

/// <summary>How an agent is put into a process.</summary>
public sealed record AgentOptions
{
    /// <summary>Bytes of the ring in which events wait to be read; a power of two, at least 64 KiB. An event takes 256 bytes, and its texts.</summary>
    public int RingBytes { get; init; } = 8 << 20;

    /// <summary>Bytes for Python stacks that differ; one takes 16 bytes and 24 a frame.</summary>
    public int StackBytes { get; init; } = 16 << 20;

    /// <summary>Whose frames hooks walk; null for the process's own CPython where there is one.</summary>
    public PythonProcess? Python { get; init; }

    /// <summary>With room for what allocations take: <c>kaa mem</c>.</summary>
    public bool Allocations { get; init; }

    /// <summary>And what their C stacks take.</summary>
    public bool NativeStacks { get; init; }

    /// <summary>
    /// Asked of an agent that could be used again, by where its image begins and ends: true where somebody who stays in front of it leads there. If it were put in front of him, each would call the other.
    /// </summary>
    internal Func<Address, Address, bool>? IsLedTo { get; init; }

    /// <summary>False for a process in which no Python stacks are wanted: none is sought then.</summary>
    public bool FindsPython { get; init; } = true;
}
