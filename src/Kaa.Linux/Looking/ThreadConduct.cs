using Kaa.Formats.ProcText;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary>How a thread is to be treated in a look.</summary>
public enum ThreadConduct
{
    /// <summary>Off its processor, in the kernel: read where it sleeps.</summary>
    Parked,

    /// <summary>Runs, or is about to: stopped.</summary>
    Running,

    /// <summary>Stopped by a signal, or by another tracer: read as it is, and left so.</summary>
    Held,

    /// <summary>Has exited: no memory to read, no stack.</summary>
    Ended,
}

internal static class ThreadConducts
{
    /// <param name="state">The letter in stat.</param>
    /// <param name="call">Null where the kernel does not say.</param>
    public static ThreadConduct Of(char state, SyscallText? call)
    {
        if (TaskState.HasEnded(state))
            return ThreadConduct.Ended;
        if (TaskState.IsHeld(state))
            return ThreadConduct.Held;
        if (call is { } known)
            return known.Running ? ThreadConduct.Running : ThreadConduct.Parked;
        return state == 'R' ? ThreadConduct.Running : ThreadConduct.Parked;
    }
}
