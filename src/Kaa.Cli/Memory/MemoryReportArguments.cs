using Kaa.Recording.Analysis;

namespace Kaa.Cli.Memory;

/// <summary>What <c>kaa mem report</c> was asked for.</summary>
internal sealed record MemoryReportArguments
{
    public required string File { get; init; }

    /// <summary>An earlier recording, or another run's, with which it is compared; null for none.</summary>
    public string? Before { get; init; }

    public required MemoryViewKind View { get; init; }

    /// <summary>text, json, html, speedscope, pprof or collapsed.</summary>
    public required string Format { get; init; }

    public required IReadOnlyList<GroupKind> Groups { get; init; }

    public int Rows { get; init; }

    public required AnalysisRequest Analysis { get; init; }

    /// <summary>A path, or - for standard output.</summary>
    public required string Output { get; init; }

    public bool Force { get; init; }
}
