using Kaa.Control.Following;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Python;
using Kaa.Recording.Memory;

namespace Kaa.Control.Memory;

/// <summary>Whose allocations are recorded.</summary>
[Flags]
public enum AllocatorChoice
{
    /// <summary>Nobody's: only what becomes of the process is watched.</summary>
    None = 0,

    /// <summary>The C library's (or who stands in for it): malloc and its kin, mmap.</summary>
    System = 1,

    /// <summary>CPython's three domains.</summary>
    Python = 2,
    All = System | Python,
}

/// <summary>What <c>kaa mem</c> is asked to record.</summary>
public sealed record MemoryRequest
{
    public AllocatorChoice Allocators { get; init; } = AllocatorChoice.All;

    /// <summary>Bytes between two samples, on average; null for every allocation.</summary>
    public long? SampleBytes { get; init; }

    /// <summary>With the C stacks.</summary>
    public bool Native { get; init; }

    /// <summary>Sums are kept instead of events.</summary>
    public bool Aggregate { get; init; }

    /// <summary>The program was started for this.</summary>
    public bool Launched { get; init; }

    /// <summary>What the process is watched for besides.</summary>
    public GateChoice Watches { get; init; }

    /// <summary>What a recording of the process says of itself; begun now.</summary>
    internal RecordingFacts Describe(LiveTarget target, PythonProcess? python) => new()
    {
        Pid = target.Info.Pid!.Value,
        ContainerPid = target.Info.ContainerPid,
        Command = target.Info.Command,
        Version = python?.Describe().Version,
        Executable = python?.Describe().Executable,
        StartedAt = Math.Round(Clock.UnixSeconds, 6),
        SampleBytes = SampleBytes,
        Allocators = Allocators switch
        {
            AllocatorChoice.System => "system",
            AllocatorChoice.Python => "python",
            _ => "all",
        },
        Native = Native,
        Launched = Launched,
    };
}
