using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>A task as a look found it.</summary>
internal sealed record RawTask
{
    public required Address Address { get; init; }

    public required TaskKind Kind { get; init; }

    public long Interpreter { get; init; }

    public string? Name { get; init; }

    public TaskPhase State { get; init; }

    /// <summary>Null address where it has none.</summary>
    public Address Loop { get; init; }

    /// <summary>Null address where it has none.</summary>
    public Address Coroutine { get; init; }

    public string? LoopType { get; init; }

    public int? Tid { get; init; }

    public IReadOnlyList<StackFrame> Frames { get; init; } = [];

    public string? Truncated { get; init; }

    /// <summary>The future that its coroutine awaits, or whatever else; null address where there is nothing.</summary>
    public Address Waiter { get; init; }

    public string WaiterDescription { get; init; } = "";

    public bool IsWaiterFuture { get; init; }

    /// <summary>It waits for its tasks alone: <see cref="Waiter"/> is told only where there are none. Of trio's, else they are known by their edges.</summary>
    public bool WaitsForOthers { get; init; }

    /// <summary>Those who wait for it, and by which means.</summary>
    public IReadOnlyList<AwaitEdge> AwaitedBy { get; init; } = [];
}

/// <param name="Waiter">The task that waits.</param>
/// <param name="Via">By which means; null for <c>await</c> itself.</param>
internal readonly record struct AwaitEdge(Address Waiter, string? Via);
