using Kaa.Control.Memory;

namespace Kaa.Cli.Memory;

/// <summary>What <c>kaa mem attach</c> was asked for.</summary>
internal sealed record MemoryArguments
{
    public required int Pid { get; init; }

    public required string Output { get; init; }

    public bool Force { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>Children too, each in a file of its own.</summary>
    public bool Follows { get; init; }

    public required MemoryRequest Request { get; init; }
}

/// <summary>What <c>kaa mem run</c> was asked for.</summary>
internal sealed record MemoryRunArguments
{
    public required IReadOnlyList<string> Command { get; init; }

    public required string Output { get; init; }

    public bool Force { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>Children too, each in a file of its own.</summary>
    public bool Follows { get; init; }

    public required MemoryRequest Request { get; init; }
}
