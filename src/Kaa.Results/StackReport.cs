namespace Kaa.Results;

/// <summary>What every thread of one target was doing at one instant: the answer of <c>kaa bt</c>.</summary>
public sealed record StackReport
{
    public required TargetInfo Target { get; init; }

    public required InterpreterInfo Interpreter { get; init; }

    /// <summary>Longest time, in microseconds, that any thread stood still; 0 where none was stopped; null for a core.</summary>
    public long? PauseMicroseconds { get; init; }

    public IReadOnlyList<Deadlock> Deadlocks { get; init; } = [];

    public IReadOnlyList<ThreadStack> Threads { get; init; } = [];

    /// <summary>Null where they were not asked for.</summary>
    public TaskReport? Tasks { get; init; }

    public IReadOnlyList<Note> Notes { get; init; } = [];
}

public enum TargetKind
{
    Process,
    Core,
}

/// <summary>Which process or core was looked at.</summary>
public sealed record TargetInfo
{
    public required TargetKind Kind { get; init; }

    public int? Pid { get; init; }

    /// <summary>The pid that the process has in its own, innermost pid namespace; null where that is the host's.</summary>
    public int? ContainerPid { get; init; }

    /// <summary>Path of the core file; null for a process.</summary>
    public string? Path { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    public CrashSignal? Signal { get; init; }
}

/// <summary>The signal that ended a process, from its core.</summary>
public sealed record CrashSignal(int Number, string Name, ulong? Address, int Tid);

/// <summary>The interpreter that was found in the target.</summary>
public sealed record InterpreterInfo
{
    public string Implementation { get; init; } = "cpython";

    /// <summary>As <c>platform.python_version()</c> gives it: <c>3.11.7</c>, <c>3.15.0rc1</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Path of the executable as the target sees it.</summary>
    public string? Executable { get; init; }

    /// <summary>Path of libpython as the target sees it; null where the interpreter is linked into the executable.</summary>
    public string? Library { get; init; }

    public bool Debug { get; init; }

    public bool FreeThreaded { get; init; }

    public required LayoutSource Layout { get; init; }

    public InterpreterPhase Phase { get; init; } = InterpreterPhase.Running;
}

/// <summary>Where the offsets of CPython's structures came from.</summary>
public enum LayoutSource
{
    DebugOffsets,
    Dwarf,
    Table,
}

public enum InterpreterPhase
{
    Starting,
    Running,
    Finalizing,
}

/// <summary>Threads that wait for each other in a ring.</summary>
/// <param name="Threads">Their tids in order: each waits for the next, the last for the first.</param>
/// <param name="Description">One sentence for a person.</param>
public sealed record Deadlock(IReadOnlyList<int> Threads, string Description);

/// <summary>One way in which an answer is less than complete, or rests on something a reader should know.</summary>
/// <param name="Code">Stable, kebab-case.</param>
/// <param name="Message">One sentence for a person.</param>
/// <param name="Subject">What it is about: a path, a tid, a name; null for the whole answer.</param>
/// <param name="Incomplete">True where something that was asked for could not be read (exit code 3).</param>
public sealed record Note(string Code, string Message, string? Subject = null, bool Incomplete = false);
