using Kaa.Python.Running;
using Kaa.Results;

namespace Kaa.Control.Running;

/// <summary>One piece of code to run in a process.</summary>
public sealed record RunRequest
{
    /// <summary>UTF-8, or as its coding line says.</summary>
    public required ReadOnlyMemory<byte> Source { get; init; }

    /// <summary>The file's name, as tracebacks show it.</summary>
    public string Name { get; init; } = "<kaa>";

    /// <summary>pdb instead of code: it goes on after the run, and reads what <see cref="CodeRunner.Send"/> sends.</summary>
    public bool IsDebugger { get; init; }

    /// <summary>Its globals are those of <c>__main__</c>; else a namespace of its own.</summary>
    public bool InMain { get; init; }

    /// <summary>Once it has begun it may take as long as it takes.</summary>
    public bool IsOpenEnded { get; init; }

    /// <summary>From now until it has ended.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The thread that is to run it; null for whichever can.</summary>
    public int? Tid { get; init; }

    /// <summary>Null for the first that the process's state allows.</summary>
    public ExecWay? Way { get; init; }

    /// <summary>What it prints is in the report as well; else it comes by <see cref="OnRecord"/> alone.</summary>
    public bool KeepsOutput { get; init; } = true;

    /// <summary>Called with what it writes, while it runs.</summary>
    public Action<RunRecord, ReadOnlyMemory<byte>> OnRecord { get; init; } = (_, _) => { };

    /// <summary>Asked again and again; true has the same effect as the end of the time.</summary>
    public Func<bool> IsInterrupted { get; init; } = () => false;

    /// <summary>Nobody waits for the answer any more: what has not begun is not begun, what has comes to its end.</summary>
    public Func<bool> IsUnwanted { get; init; } = () => false;
}
