namespace Kaa.Results;

public enum TraceEventKind
{
    /// <summary>A C function was called.</summary>
    Call,

    /// <summary>A C function has returned.</summary>
    Return,

    /// <summary>A system call, from its entry to its exit.</summary>
    Syscall,
}

/// <summary>An argument as it is shown.</summary>
/// <param name="Name">As the manual page names it.</param>
public readonly record struct TraceArgument(string Name, string Value);

/// <summary>What a call gave back.</summary>
/// <param name="Value">The register.</param>
/// <param name="Error">Name of the error, <c>ENOENT</c>; null where it succeeded.</param>
/// <param name="Text">As it is shown.</param>
public sealed record TraceResult(long Value, string? Error, string Text);

/// <summary>The Python code that a call came from. One instance serves all calls that came from the same place.</summary>
/// <param name="Frames">Innermost first; empty where the thread runs no Python code.</param>
/// <param name="Truncated">Why it ends early, or is not known at all; null where it is complete.</param>
public sealed record TraceStack(IReadOnlyList<StackFrame> Frames, string? Truncated)
{
    public static readonly TraceStack Empty = new([], null);

    /// <summary>The Python frame that made the call; null where there is none.</summary>
    public PythonFrame? Innermost
    {
        get
        {
            foreach (StackFrame frame in Frames)
            {
                if (frame is PythonFrame python)
                    return python;
            }

            return null;
        }
    }
}

/// <summary>One hit of <c>kaa trace</c>.</summary>
public sealed record TraceEvent
{
    /// <summary>Since the trace began, at the call's entry.</summary>
    public required double Seconds { get; init; }

    public required int Pid { get; init; }

    public required int Tid { get; init; }

    /// <summary>What Python calls the thread, else the kernel.</summary>
    public string? Thread { get; init; }

    public required TraceEventKind Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>File name of the library; null for a system call.</summary>
    public string? Module { get; init; }

    public IReadOnlyList<TraceArgument> Arguments { get; init; } = [];

    /// <summary>Null where it had none yet.</summary>
    public TraceResult? Result { get; init; }

    /// <summary>In seconds; null where the call's end was not seen.</summary>
    public double? Duration { get; init; }

    public required TraceStack Stack { get; init; }
}

/// <summary>How a trace ended.</summary>
public sealed record TraceSummary
{
    /// <summary>Calls that were asked for and for which the condition held.</summary>
    public required long Hits { get; init; }

    /// <summary>Hits that were not shown, since they came faster than they could be written.</summary>
    public required long Lost { get; init; }

    public required double Seconds { get; init; }

    public IReadOnlyList<Note> Notes { get; init; } = [];
}
