using System.Text.RegularExpressions;
using Kaa.Control.Conditions;
using Kaa.Control.Tracing;

namespace Kaa.Cli.Tracing;

/// <summary>The command line of <c>kaa trace</c>.</summary>
internal sealed record TraceArguments
{
    /// <summary>0 where a program is started.</summary>
    public int Pid { get; init; }

    /// <summary>Empty where a process is attached to.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Null for none.</summary>
    public SyscallChoice? Syscalls { get; init; }

    /// <summary>Symbols of C functions: <c>mkdir</c>, <c>libc*!open*</c>.</summary>
    public IReadOnlyList<string> Calls { get; init; } = [];

    public bool Returns { get; init; }

    public ConditionNode? When { get; init; }

    public long Count { get; init; }

    public TimeSpan? Duration { get; init; }

    public bool Follow { get; init; }

    public bool Top { get; init; }

    /// <summary>Frames below each line; 0 for the short form on it.</summary>
    public int StackFrames { get; init; }

    public int MaxValue { get; init; } = TraceRequest.DefaultMaxValue;

    public IReadOnlyList<Regex> Redact { get; init; } = [];

    public bool Json { get; init; }

    public bool? Colour { get; init; }

    /// <summary><see cref="TraceRequest.IsWatched"/>.</summary>
    public bool IsWatched { get; init; }

    public TraceRequest ToRequest() => new()
    {
        IsWatched = IsWatched,
        Syscalls = Syscalls,
        Calls = [.. Calls.Select(FunctionPattern.Parse)],
        Returns = Returns,
        When = When,
        Count = Count,
        Follow = Follow,
        MaxValue = MaxValue,
        Redact = Redact,
    };
}
