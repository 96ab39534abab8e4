namespace Kaa.Linux.Looking;

/// <summary>What the looks at one target did, summed up: for benchmarks, and for tests that must see what happened.</summary>
public sealed class LookStatistics
{
    public long Looks { get; internal set; }

    public long Passes { get; internal set; }

    /// <summary>Threads stopped.</summary>
    public long Stops { get; internal set; }

    /// <summary>Stopped threads whose system call was set up to run again.</summary>
    public long Repairs { get; internal set; }

    /// <summary>Threads that were asked to stop and had no processor to do so in time; <see cref="TraceeState.Overdue"/>.</summary>
    public long Overdue { get; internal set; }

    /// <summary>Threads that the kernel did not let us stop, though no other tracer has them.</summary>
    public long Refused { get; internal set; }

    /// <summary>Threads that were read where they slept, and had moved by then.</summary>
    public long Moved { get; internal set; }
}
