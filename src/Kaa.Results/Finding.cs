namespace Kaa.Results;

/// <summary>How much a finding weighs. In order: the worst is the greatest.</summary>
public enum Severity
{
    /// <summary>Was examined, and is as it should be.</summary>
    Ok,

    /// <summary>A fact that a reader of answers about this target should know; nothing is wrong.</summary>
    Info,

    /// <summary>Something will be missing, or needs care.</summary>
    Warning,

    /// <summary>Looking at it, or debugging it, fails or gives wrong answers.</summary>
    Problem,
}

/// <summary>One answer of <c>kaa doctor</c>: what was found, what proves it, and what to do about it.</summary>
/// <param name="Code">Stable, kebab-case; docs/doctor.md lists all.</param>
/// <param name="Title">One sentence for a person, without a full stop.</param>
public sealed record Finding(string Code, Severity Severity, string Title)
{
    /// <summary>What was seen, a fact a line, as near to its source as can be: the line of a file, the bytes of a header.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>Lines that a shell takes as they stand; those that begin with <c>#</c> are words. Empty where nothing is to be done.</summary>
    public IReadOnlyList<string> Remedy { get; init; } = [];

    /// <summary>What it is about: a path, a symbol, a package, a pid; null for the whole target.</summary>
    public string? Subject { get; init; }

    /// <summary>Numbers that a machine may count on; docs/doctor.md names them. Empty where there are none.</summary>
    public IReadOnlyList<(string Name, long Value)> Facts { get; init; } = [];

    /// <summary>True where something that decides could not be read: the answer is a clear "unknown" (exit code 3).</summary>
    public bool Incomplete { get; init; }
}

/// <summary>The answer of <c>kaa doctor</c>.</summary>
/// <param name="Target">Null where only the machine was examined.</param>
/// <param name="Findings">The worst first.</param>
public sealed record DoctorReport(TargetInfo? Target, IReadOnlyList<Finding> Findings)
{
    /// <summary>Null where there is no target, or no interpreter in it could be read.</summary>
    public InterpreterInfo? Interpreter { get; init; }
}
