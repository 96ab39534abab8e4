using System.Text.RegularExpressions;
using Kaa.Control.Conditions;

namespace Kaa.Control.Tracing;

/// <summary>What is to be traced, whatever the way.</summary>
public sealed record TraceRequest
{
    public const int DefaultMaxValue = 100;

    /// <summary>Null for none.</summary>
    public SyscallChoice? Syscalls { get; init; }

    /// <summary>C functions; empty for none.</summary>
    public IReadOnlyList<FunctionPattern> Calls { get; init; } = [];

    /// <summary>A function's hit is told when it returns, with its result.</summary>
    public bool Returns { get; init; }

    /// <summary>Hits for which this does not hold are neither shown nor counted; null for all.</summary>
    public ConditionNode? When { get; init; }

    /// <summary>Ends after as many hits; 0 for no end.</summary>
    public long Count { get; init; }

    /// <summary>Children are traced too.</summary>
    public bool Follow { get; init; }

    /// <summary>Who traces is a copy of Kaa, which comes to an orderly end if Kaa is killed.</summary>
    public bool IsWatched { get; init; }

    /// <summary>Characters of a text that are shown.</summary>
    public int MaxValue { get; init; } = DefaultMaxValue;

    /// <summary>Arguments whose names one of these finds are not shown.</summary>
    public IReadOnlyList<Regex> Redact { get; init; } = [];
}
