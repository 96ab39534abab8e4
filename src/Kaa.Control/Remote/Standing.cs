using System.Globalization;
using Kaa.Control.Cores;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Remote;

/// <summary>Whether a process that was stopped does stand still.</summary>
internal static class Standing
{
    /// <summary>Throws <see cref="WhyNot"/>.</summary>
    /// <exception cref="UserError">already-traced, stop-refused.</exception>
    public static void Require(HeldProcess held, TaskDirectory tasks, int pid)
    {
        if (WhyNot(held, tasks, pid) is { } why)
            throw why;
    }

    /// <summary>Another tracer has a thread, or the kernel does not let us; null where neither is so.</summary>
    public static UserError? WhyNot(HeldProcess held, TaskDirectory tasks, int pid)
    {
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.IsHeld || sight.Conduct is not (ThreadConduct.Running or ThreadConduct.Held) || tasks.Status(sight.Tid) is not { } status)
                continue;

            // One that is attended, has just been made, or sleeps in a call: it is ours, and stops when it is come by.
            if (status.TracerPid != 0 && Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{status.TracerPid}")))
                continue;
            if (status.TracerPid != 0)
                return DumpedProcess.Traced(pid, status.TracerPid);
            if (tasks.Stat(sight.Tid) is { IsZombie: false, IsExiting: false })
                return new UserError("stop-refused", string.Create(CultureInfo.InvariantCulture, $"the kernel does not let Kaa stop the threads of process {pid}"), "a seccomp filter on Kaa is the usual reason: run it outside of the container");
        }

        return null;
    }
}
