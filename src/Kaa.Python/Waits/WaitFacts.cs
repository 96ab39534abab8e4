using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Waits;

/// <summary>What was read of one thread's wait while it stood still; who the idents belong to is found when all threads were read.</summary>
/// <param name="What">"RLock", "Event", "an item of queue.Queue": the subject of the sentence.</param>
/// <param name="Lock">Address of the lock or futex word.</param>
/// <param name="OwnerIdent">Ident of the thread that must act; null where not known.</param>
/// <param name="OwnerTid">The same as a tid, where that is what is known.</param>
public sealed record WaitFacts(WaitKind Kind, string What, Address? Lock = null, ulong? OwnerIdent = null, int? OwnerTid = null)
{
    /// <summary>
    /// A plain lock, which records no owner: who is inside of a <c>with</c> block on it is looked up among <see cref="ThreadWaits.Held"/>.
    /// </summary>
    public bool OwnerByHeld { get; init; }

    /// <summary>The file descriptors that a system call waits for; empty where it waits for none, for many, or they are not known.</summary>
    public IReadOnlyList<int> Descriptors { get; init; } = [];
}

/// <param name="Wait">Null where the thread does not wait.</param>
/// <param name="Held">Locks whose <c>with</c> block one of its frames is in, outermost last; the one it waits for is not among them.</param>
public sealed record ThreadWaits(WaitFacts? Wait, IReadOnlyList<HeldLock> Held)
{
    public static readonly ThreadWaits None = new(null, []);
}

/// <summary>A lock that a frame entered by <c>with</c> and has not left.</summary>
public readonly record struct HeldLock(Address Lock, string? Function, string? File, int? Line);
