using Kaa.Recording.Analysis;

namespace Kaa.Report.Memory;

/// <summary>What <c>kaa mem live</c> shows at one moment.</summary>
public sealed class LiveView
{
    public required int Pid { get; init; }

    /// <summary>Since the recording began.</summary>
    public required double Seconds { get; init; }

    /// <summary>Bytes that recorded allocations hold.</summary>
    public required double Held { get; init; }

    /// <summary>Bytes that the process has in memory.</summary>
    public required long Resident { get; init; }

    /// <summary>Allocations that were recorded.</summary>
    public required long Count { get; init; }

    /// <summary>Events that never came.</summary>
    public long Lost { get; init; }

    /// <summary>Null where every allocation was recorded.</summary>
    public long? SampleBytes { get; init; }

    /// <summary>Line, function or file.</summary>
    public required GroupKind Kind { get; init; }

    public required LiveOrder Order { get; init; }

    /// <summary>The thread whose allocations the rows are; null for all.</summary>
    public string? Thread { get; init; }

    public required IReadOnlyList<LiveRow> Rows { get; init; }

    /// <summary>The row that a screen begins with, where not all fit.</summary>
    public int First { get; init; }

    /// <summary>Held bytes from the beginning until now.</summary>
    public IReadOnlyList<double> HeldCourse { get; init; } = [];

    /// <summary>Resident bytes from the beginning until now.</summary>
    public IReadOnlyList<double> ResidentCourse { get; init; } = [];
}
