namespace Kaa.Cli.Cores;

/// <summary>The command line of <c>kaa core</c>.</summary>
internal sealed record CoreArguments
{
    public required int Pid { get; init; }

    /// <summary>A path; <c>-</c> for standard output.</summary>
    public required string Output { get; init; }

    public bool Force { get; init; }

    /// <summary>Null for any.</summary>
    public TimeSpan? MaxPause { get; init; }

    public bool NoSnapshot { get; init; }

    public bool Json { get; init; }
}
