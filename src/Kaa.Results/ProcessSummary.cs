namespace Kaa.Results;

/// <summary>A Python process on this host: a row of <c>kaa ps</c>.</summary>
public sealed record ProcessSummary
{
    public required int Pid { get; init; }

    /// <summary>The pid inside its own pid namespace; null where that is the host's.</summary>
    public int? ContainerPid { get; init; }

    /// <summary>Short id or name of the container; null on the host.</summary>
    public string? Container { get; init; }

    public string Implementation { get; init; } = "cpython";

    /// <summary>Null where it could not be learned; <see cref="Hindrances"/> says why.</summary>
    public string? Version { get; init; }

    public int Threads { get; init; }

    /// <summary>Share of one processor since the process started, in percent.</summary>
    public double CpuPercent { get; init; }

    public ThreadState State { get; init; }

    public string? User { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>What would hinder a look, each with code and message.</summary>
    public IReadOnlyList<Note> Hindrances { get; init; } = [];

    /// <summary>What an earlier Kaa left in the process.</summary>
    public IReadOnlyList<Note> Leftovers { get; init; } = [];
}
