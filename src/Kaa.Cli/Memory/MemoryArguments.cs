using Kaa.Control.Memory;

namespace Kaa.Cli.Memory;

/// <summary>What <c>kaa mem attach</c> was asked for.</summary>
internal sealed record MemoryArguments
{
    public required int Pid { get; init; }

    public required string Output { get; init; }

    public bool Force { get; init; }

    public TimeSpan? Duration { get; init; }

    public required MemoryRequest Request { get; init; }
}
