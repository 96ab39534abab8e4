using Kaa.Control.Memory;
using Kaa.Recording.Analysis;

namespace Kaa.Cli.Memory;

/// <summary>What <c>kaa mem live</c> was asked for.</summary>
internal sealed class MemoryLiveArguments
{
    public required int Pid { get; init; }

    public required MemoryRequest Request { get; init; }

    public TimeSpan? Duration { get; init; }

    public required TimeSpan Every { get; init; }

    /// <summary>Tables that are printed; 0 for no end.</summary>
    public int Count { get; init; }

    public GroupKind Kind { get; init; }

    public LiveOrder Order { get; init; }

    /// <summary>Name or id of the thread whose rows are shown; null for all.</summary>
    public string? Thread { get; init; }

    public int Rows { get; init; }

    public bool Json { get; init; }
}
