namespace Kaa.Results;

/// <summary>One thread: who it is, what it waits for, and its frames, innermost first.</summary>
public sealed record ThreadStack
{
    /// <summary>The kernel's thread id as the host sees it; null where it could not be learned.</summary>
    public int? Tid { get; init; }

    /// <summary>What <c>threading.get_ident()</c> gives in that thread.</summary>
    public ulong? Ident { get; init; }

    /// <summary>The name that Python gave it, else the kernel's; null where neither is known.</summary>
    public string? Name { get; init; }

    public bool Main { get; init; }

    /// <summary>Id of the (sub-)interpreter that the thread belongs to; 0 is the main one.</summary>
    public long Interpreter { get; init; }

    public ThreadState State { get; init; } = ThreadState.Unknown;

    /// <summary>True where Kaa stopped the thread for this look.</summary>
    public bool Stopped { get; init; }

    /// <summary>Null when free-threaded, or not known.</summary>
    public bool? HoldsGil { get; init; }

    /// <summary>True while the thread collects garbage.</summary>
    public bool Gc { get; init; }

    public WaitReason? WaitingFor { get; init; }

    public IReadOnlyList<StackFrame> Frames { get; init; } = [];

    /// <summary>Why <see cref="Frames"/> ends early; null where it is complete.</summary>
    public string? Truncated { get; init; }
}

public enum ThreadState
{
    Unknown,
    Running,
    Sleeping,
    Uninterruptible,
    Stopped,
    Zombie,
}

public enum WaitKind
{
    Gil,
    Lock,
    RLock,
    Condition,
    Join,
    Queue,
    Futex,
    Io,
    Sleep,
    Child,
}

/// <summary>What a thread waits for.</summary>
public sealed record WaitReason
{
    public required WaitKind Kind { get; init; }

    /// <summary>Address of the lock object or futex word.</summary>
    public ulong? Address { get; init; }

    /// <summary>The thread that must act before this one can go on.</summary>
    public int? OwnerTid { get; init; }

    public int? Fd { get; init; }

    /// <summary>For a person: "RLock held by thread worker-1".</summary>
    public required string Description { get; init; }
}
