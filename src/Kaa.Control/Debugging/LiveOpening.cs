using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Linux.Controlling;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Debugging;

/// <summary>How a session comes by a live process: one that runs, a program that it starts, a child of one that is debugged. Each stands still then.</summary>
public static class LiveOpening
{
    /// <summary>Opens a process and stops it.</summary>
    /// <exception cref="UserError">Those of <see cref="LiveTarget.Open(int)"/>; already-traced, stop-refused.</exception>
    public static LiveInferior Attach(int pid, IReadOnlyList<string> debugDirectories)
    {
        LiveTarget target = LiveTarget.Open(pid);
        TaskDirectory? tasks = TaskDirectory.Open(ProcRoot.System, pid);
        if (tasks is null)
        {
            target.Dispose();
            throw ProcessGate.Exited(pid);
        }

        var inferior = new LiveInferior(target, tasks, debugDirectories, new TracerLoop());
        try
        {
            inferior.Hold();
            return inferior;
        }
        catch
        {
            inferior.Dispose();
            throw;
        }
    }

    /// <summary>Starts a program: it stands before its first instruction, with its libraries loaded.</summary>
    /// <exception cref="UserError">Those of <see cref="Launcher.Start"/>; process-exited.</exception>
    public static LiveInferior Launch(LaunchRequest request, IReadOnlyList<string> debugDirectories)
    {
        var tracing = new TracerLoop();
        try
        {
            int pid = 0;
            WaitStatus? end = null;
            tracing.Run(() =>
            {
                pid = Launcher.Start(request, PTrace.MarkCalls);
                end = StartUp.RunToLoaded(ProcRoot.System, pid);
            });
            if (end is { } ended)
                throw new UserError("process-exited", $"The program ended before it began, with status {ended.Exit}.", "its libraries could not be loaded, most likely: run it without Kaa");
            return TakeOver(pid, debugDirectories, tracing, null);
        }
        catch
        {
            tracing.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a process that another one, which is traced on the same thread, has made: it stands before its first instruction.</summary>
    /// <exception cref="UserError">process-exited</exception>
    public static LiveInferior Adopt(int pid, LiveInferior parent) => TakeOver(pid, parent.DebugDirectories, parent.Tracing.Share(), parent.Control.Intake);

    /// <summary>Of a process whose only thread is traced, and stands still.</summary>
    private static LiveInferior TakeOver(int pid, IReadOnlyList<string> debugDirectories, TracerLoop tracing, StopIntake? intake)
    {
        LiveTarget target = LiveTarget.Open(pid);
        var inferior = new LiveInferior(target, TaskDirectory.Open(ProcRoot.System, pid) ?? throw ProcessGate.Exited(pid), debugDirectories, tracing, intake);
        tracing.Run(() => inferior.Control.AdoptLaunched(new WaitStatus(StopKind.Event, 0)));
        inferior.EndRun();
        return inferior;
    }
}
