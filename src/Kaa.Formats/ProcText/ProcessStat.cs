namespace Kaa.Formats.ProcText;

/// <summary>One <c>/proc/PID/stat</c> or <c>/proc/PID/task/TID/stat</c> (proc_pid_stat(5)); fields that the kernel is too old for are 0.</summary>
public readonly record struct ProcessStat
{
    /// <summary>PF_KTHREAD, include/linux/sched.h.</summary>
    private const uint KernelThreadFlag = 0x00200000;

    /// <summary>PF_EXITING, include/linux/sched.h.</summary>
    private const uint ExitingFlag = 0x00000004;

    /// <summary>In the pid namespace of the /proc that was read, as all ids here.</summary>
    public required int Pid { get; init; }

    /// <summary>At most 15 bytes for user threads; longer for kernel workers.</summary>
    public required string Name { get; init; }

    /// <summary>R, S, D, T, t, Z, X, I, P and, on old kernels, W, K, x.</summary>
    public required char State { get; init; }

    public required int ParentPid { get; init; }

    public int ProcessGroup { get; init; }

    public int Session { get; init; }

    /// <summary>PF_… bits.</summary>
    public uint Flags { get; init; }

    /// <summary>In clock ticks (sysconf(_SC_CLK_TCK), AT_CLKTCK), as all times here.</summary>
    public ulong UserTime { get; init; }

    public ulong SystemTime { get; init; }

    public int Threads { get; init; }

    /// <summary>After boot, suspended time included.</summary>
    public ulong StartTime { get; init; }

    /// <summary>In bytes.</summary>
    public ulong VirtualSize { get; init; }

    /// <summary>In pages.</summary>
    public long ResidentPages { get; init; }

    /// <summary>Signal to the parent at the end; −1 for threads other than the leader.</summary>
    public int ExitSignal { get; init; }

    /// <summary>Processor that it last ran on.</summary>
    public int Processor { get; init; }

    public bool IsKernelThread => (Flags & KernelThreadFlag) != 0;

    public bool IsExiting => (Flags & ExitingFlag) != 0;

    public bool IsZombie => State is 'Z' or 'X' or 'x';
}
