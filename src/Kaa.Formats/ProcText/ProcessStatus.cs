namespace Kaa.Formats.ProcText;

/// <summary>Seccomp mode of a thread (SECCOMP_MODE_…, include/uapi/linux/seccomp.h).</summary>
public enum SeccompMode
{
    Disabled = 0,
    Strict = 1,
    Filter = 2,
}

/// <summary>Real, effective, saved and file-system id.</summary>
public readonly record struct Credential(uint Real, uint Effective, uint Saved, uint FileSystem);

/// <summary>One <c>/proc/PID/status</c> (proc_pid_status(5)); what an old kernel does not say is null or empty.</summary>
public sealed class ProcessStatus
{
    public string Name { get; internal set; } = "";

    /// <summary>As in <see cref="ProcessStat.State"/>.</summary>
    public char State { get; internal set; }

    public int ThreadGroup { get; internal set; }

    public int Pid { get; internal set; }

    public int ParentPid { get; internal set; }

    /// <summary>0 where nobody traces it, or where the tracer lies outside this /proc's pid namespace.</summary>
    public int TracerPid { get; internal set; }

    public Credential Uid { get; internal set; }

    public Credential Gid { get; internal set; }

    /// <summary>Its thread id in each pid namespace, from that of this /proc to its own; since Linux 4.1.</summary>
    public IReadOnlyList<int> NamespacePids { get; internal set; } = [];

    public IReadOnlyList<int> NamespaceThreadGroups { get; internal set; } = [];

    public int Threads { get; internal set; }

    /// <summary>In bytes.</summary>
    public ulong? ResidentSize { get; internal set; }

    /// <summary>Bit n − 1 is signal n; pending for this thread.</summary>
    public ulong PendingSignals { get; internal set; }

    /// <summary>Pending for the process.</summary>
    public ulong SharedPendingSignals { get; internal set; }

    public ulong BlockedSignals { get; internal set; }

    public ulong IgnoredSignals { get; internal set; }

    public ulong CaughtSignals { get; internal set; }

    public ulong PermittedCapabilities { get; internal set; }

    public ulong EffectiveCapabilities { get; internal set; }

    /// <summary>Since Linux 4.10.</summary>
    public bool? NoNewPrivileges { get; internal set; }

    public SeccompMode? Seccomp { get; internal set; }

    /// <summary>How many seccomp filters the thread has; since Linux 5.9.</summary>
    public int? SeccompFilters { get; internal set; }

    /// <summary>The thread has a shadow stack (x86_Thread_features: shstk, since Linux 6.6).</summary>
    public bool ShadowStack { get; internal set; }

    public ulong? VoluntaryContextSwitches { get; internal set; }

    public ulong? InvoluntaryContextSwitches { get; internal set; }
}
