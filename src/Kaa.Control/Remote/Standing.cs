using Kaa.Control.Cores;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Remote;

/// <summary>Whether a process that was stopped does stand still.</summary>
internal static class Standing
{
    /// <summary>Another tracer has a thread, or the kernel does not let us.</summary>
    /// <exception cref="UserError">already-traced, stop-refused.</exception>
    public static void Require(HeldProcess held, TaskDirectory tasks, int pid)
    {
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.IsHeld || sight.Conduct is not (ThreadConduct.Running or ThreadConduct.Held) || tasks.Status(sight.Tid) is not { } status)
                continue;

            // One that is attended: it is ours, and stops when it is come by.
            if (status.TracerPid != 0 && Directory.Exists($"/proc/self/task/{status.TracerPid}"))
                continue;
            if (status.TracerPid != 0)
                throw DumpedProcess.Traced(pid, status.TracerPid);
            if (tasks.Stat(sight.Tid) is { IsZombie: false, IsExiting: false })
                throw new UserError("stop-refused", $"the kernel does not let Kaa stop the threads of process {pid}", "a seccomp filter on Kaa is the usual reason: run it outside of the container");
        }
    }
}
