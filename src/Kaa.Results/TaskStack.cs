namespace Kaa.Results;

/// <summary>All tasks of one target.</summary>
/// <param name="Cycles">Rings of tasks that wait for each other.</param>
/// <param name="Undriven">Null where it could not be counted; a note says why.</param>
public sealed record TaskReport(IReadOnlyList<TaskStack> Tasks, IReadOnlyList<TaskCycle> Cycles, UndrivenCode? Undriven = null);

/// <summary>Code that is suspended and that no task and no other coroutine or generator awaits: whoever holds it has to go on with it.</summary>
public sealed record UndrivenCode(long Coroutines, long Generators, long AsyncGenerators);

/// <summary>One task: code that takes turns with others on a thread, and its frames, innermost first.</summary>
public sealed record TaskStack
{
    /// <summary>Of its object, by which other tasks name it.</summary>
    public required ulong Address { get; init; }

    public required TaskKind Kind { get; init; }

    /// <summary>Null where it has none (asyncio before 3.8), or it could not be read.</summary>
    public string? Name { get; init; }

    public TaskPhase State { get; init; } = TaskPhase.Unknown;

    /// <summary>The kernel's id of the thread that runs its loop; null where none runs it now, or it is not known.</summary>
    public int? Tid { get; init; }

    /// <summary>Id of the (sub-)interpreter that it belongs to.</summary>
    public long Interpreter { get; init; }

    /// <summary>The event loop, or a greenlet's hub.</summary>
    public TaskLoop? Loop { get; init; }

    /// <summary>Of a running task, those that its thread has now; else those that are suspended.</summary>
    public IReadOnlyList<StackFrame> Frames { get; init; } = [];

    /// <summary>Why <see cref="Frames"/> ends early; null where it is complete.</summary>
    public string? Truncated { get; init; }

    public IReadOnlyList<TaskAwait> Awaits { get; init; } = [];

    /// <summary>Addresses of the tasks that wait for this one.</summary>
    public IReadOnlyList<ulong> AwaitedBy { get; init; } = [];
}

public enum TaskKind
{
    Asyncio,
    Trio,
    Greenlet,
}

public enum TaskPhase
{
    Unknown,

    /// <summary>Its code runs now.</summary>
    Running,

    /// <summary>It waits for nothing: the loop will let it run.</summary>
    Ready,

    /// <summary>It waits for something.</summary>
    Pending,

    /// <summary>It has not begun yet.</summary>
    Created,
}

/// <param name="Type">Name of its type; null where it could not be read.</param>
public sealed record TaskLoop(ulong Address, string? Type);

public enum TaskAwaitKind
{
    Task,
    Future,
    Other,
}

/// <summary>What a task waits for.</summary>
/// <param name="Address">Of the task, future or other object.</param>
/// <param name="Via">By which means it waits for a task, where not by <c>await</c> itself: <c>gather</c>, <c>wait</c>, <c>TaskGroup</c>, <c>shield</c>…; else null.</param>
/// <param name="Description">For a person.</param>
public sealed record TaskAwait(TaskAwaitKind Kind, ulong Address, string? Via, string Description);

/// <summary>Tasks that wait for each other in a ring.</summary>
/// <param name="Tasks">Addresses in order: each waits for the next, the last for the first.</param>
/// <param name="Description">One sentence for a person.</param>
public sealed record TaskCycle(IReadOnlyList<ulong> Tasks, string Description);
