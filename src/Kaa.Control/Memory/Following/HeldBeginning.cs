using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Controlling;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Memory.Following;

/// <summary>A process that stands still at its beginning, traced by this thread: the agent is put in, then it is let go, and nobody traces it any more.</summary>
internal static class HeldBeginning
{
    /// <param name="isProgram">At a program's first instruction; else a child of fork.</param>
    /// <param name="open">Gives the recording's file, and whether the process is one that has Python.</param>
    /// <returns>Null where it has ended; then <paramref name="end"/> says how.</returns>
    /// <exception cref="UserError">As of <see cref="MemorySession.Attach"/>: the process goes on without Kaa.</exception>
    public static MemorySession? Record(int pid, bool isProgram, MemoryRequest request, Func<bool, Stream?> open, out WaitStatus? end) => Begin(
        pid,
        isProgram,
        (target, python, held) =>
        {
            bool hasPython = python is not null || InterpreterImage.Find(target) is not null;
            Stream? file = open(hasPython);
            MemoryRequest its = file is null ? request with { Allocators = AllocatorChoice.None } : request;
            MemorySession session = MemorySession.Begin(target, python, held, file ?? Stream.Null, its with { Launched = isProgram });
            session.Own(target);
            return session;
        },
        out end);

    /// <param name="isProgram">At a program's first instruction; else a child of fork.</param>
    /// <param name="begin">What is to be done while it stands still; what that gives has the target from then on. The interpreter is null where it is not there yet.</param>
    /// <returns>Null where it has ended; then <paramref name="end"/> says how.</returns>
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
