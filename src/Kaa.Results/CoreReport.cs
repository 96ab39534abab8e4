namespace Kaa.Results;

/// <summary>How the memory of a core was taken.</summary>
public enum CoreWay
{
    /// <summary>The process forked, and went on; the frozen child was written.</summary>
    Snapshot,

    /// <summary>The process stood still until all was written.</summary>
    Plain,
}

/// <summary>A core that was written: the answer of <c>kaa core</c>.</summary>
public sealed record CoreReport
{
    public required TargetInfo Target { get; init; }

    /// <summary>Absolute; null for standard output.</summary>
    public string? Path { get; init; }

    /// <summary>Size of the file, zeros that take no room included.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that it takes on the disk; null for standard output.</summary>
    public long? DiskBytes { get; init; }

    public required CoreWay Way { get; init; }

    /// <summary>Longest time, in microseconds, that any thread stood still.</summary>
    public required long PauseMicroseconds { get; init; }

    public required long PredictedPauseMicroseconds { get; init; }

    public required double Seconds { get; init; }

    public required int Threads { get; init; }

    public IReadOnlyList<Note> Notes { get; init; } = [];
}
