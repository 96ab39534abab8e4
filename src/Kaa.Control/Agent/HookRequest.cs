using Kaa.Formats;

namespace Kaa.Control.Agent;

public enum HookAction
{
    /// <summary>Only the counters count.</summary>
    Count,

    /// <summary>Writes an event, and the thread goes on.</summary>
    Record,

    /// <summary>Writes an event, and the thread waits until <see cref="AgentSession.Release"/>, until the hook is taken away, or until Kaa is gone.</summary>
    Park,

    /// <summary>The function is called by the agent, which looks at its arguments and its result: <see cref="HookRequest.Wraps"/>. Only at a function's entry.</summary>
    Wrap,
}

/// <summary>A place in the process's code, and what is to happen when a thread comes there.</summary>
public sealed record HookRequest
{
    /// <summary>A function's entry, or any instruction that at least five bytes can be taken over from. For an IFUNC that of what it resolved to.</summary>
    public required Address Address { get; init; }

    /// <summary>Where the function that holds it begins and ends; null where that is not known. Its branches are looked at.</summary>
    public (Address Start, Address End)? Function { get; init; }

    public HookAction Action { get; init; } = HookAction.Record;

    /// <summary>Asked in the process itself; null for always.</summary>
    public ConditionProgram? Condition { get; init; }

    /// <summary>True: where the condition can't be told, nothing happens. Else it does, and <see cref="AgentEvent.IsConditionUnknown"/> says so.</summary>
    public bool IgnoresUnknown { get; init; }

    /// <summary>At most two registers (by DWARF number: rdi is 5, rsi 4) that point to texts; at most 256 bytes of each come with the event.</summary>
    public IReadOnlyList<int> Texts { get; init; } = [];

    public bool WantsStack { get; init; } = true;

    /// <summary>A second event when the function returns; only at a function's entry. Not for functions that return twice (vfork, setjmp).</summary>
    public bool WantsReturn { get; init; }

    /// <summary>For <see cref="HookAction.Wrap"/>: what the function does (agent/memory.h, enum kaa_function), and what it is called in a recording.</summary>
    public (uint Function, uint Allocator) Wraps { get; init; }

    /// <summary>For <see cref="HookAction.Wrap"/> of a function that throws: the one that is called instead.</summary>
    public Address Calls { get; init; }

    /// <summary>Gives 0 where that one may be called; null address where it always may.</summary>
    public Address Asks { get; init; }

    /// <summary>How many frames of a stack are kept; the innermost.</summary>
    public int MostFrames { get; init; } = 256;
}
