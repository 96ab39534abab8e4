using Kaa.Results;

namespace Kaa.Cli.Running;

/// <summary>The command line of <c>kaa exec</c>.</summary>
internal sealed record ExecArguments
{
    public required int Pid { get; init; }

    /// <summary>Null where it comes from <see cref="File"/>.</summary>
    public string? Code { get; init; }

    /// <summary>A path; <c>-</c> for standard input.</summary>
    public string? File { get; init; }

    public bool InMain { get; init; }

    public required TimeSpan Timeout { get; init; }

    public int? Tid { get; init; }

    public ExecWay? Way { get; init; }

    public bool Json { get; init; }
}
