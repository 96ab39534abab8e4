using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Controlling;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Following;

/// <summary>A process that stands still at its beginning, traced by this thread: the agent is put in, then it is let go, and nobody traces it any more.</summary>
internal static class HeldBeginning
{
    /// <param name="isProgram">At a program's first instruction; else a child of fork.</param>
    /// <param name="begin">What is to be done while it stands still; what that gives has the target from then on. The interpreter is null where it is not there yet.</param>
    /// <returns>Null where it has ended; then <paramref name="end"/> says how.</returns>
    /// <exception cref="UserError">Of <paramref name="begin"/>: the process goes on without Kaa.</exception>
    public static T? Begin<T>(int pid, bool isProgram, Func<LiveTarget, PythonProcess?, HeldProcess, T> begin, out WaitStatus? end)
        where T : class
    {
        end = isProgram ? StartUp.RunToLoaded(ProcRoot.System, pid) : null;
        if (end is not null)
            return null;
        using TaskDirectory? tasks = TaskDirectory.Open(ProcRoot.System, pid);
        if (tasks is null)
            return null;
        LiveTarget target = LiveTarget.Open(pid);
        var control = new ControlledProcess(tasks, pid, target.Info.ContainerPid is not null);
        control.AdoptLaunched(new WaitStatus(StopKind.Event, 0));
        try
        {
            return begin(target, isProgram ? null : PythonProcess.TryFind(target), control.Held());
        }
        catch
        {
            target.Dispose();
            throw;
        }
        finally
        {
            control.DetachAll();
        }
    }
}
