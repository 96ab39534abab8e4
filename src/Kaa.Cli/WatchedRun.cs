using System.Runtime.InteropServices;
using Kaa.Linux.Launching;

namespace Kaa.Cli;

/// <summary>
/// What stops threads of a program at any time is done by a copy of Kaa. A stop, or a signal that the program ignores, cuts system calls of theirs short, which only their tracer can put right
/// (docs/trace.md): if it were killed just then, they would see an EINTR. The copy is not what is killed, and ends in order when Kaa is gone.
/// </summary>
internal static class WatchedRun
{
    /// <summary>Gives the exit status; null where it is to be made here: this is the copy, or none can be started.</summary>
    /// <param name="isLaunch">Ctrl-C is the program's business.</param>
    public static int? Run(bool isLaunch, ParentLife? parent)
    {
        if (parent is not null)
            return null;
        OwnCopy? started = null;
        using var termination = new PassedTermination(() => System.Threading.Volatile.Read(ref started)?.Pid ?? 0);
        using OwnCopy? copy = OwnCopy.Start([.. Environment.GetCommandLineArgs().Skip(1)]);
        if (copy is null)
            return null;
        System.Threading.Volatile.Write(ref started, copy);
        termination.PassOn();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            // From a terminal the copy has it as well; once it has begun to end, it is all the same.
            signal.Cancel = true;
            if (!isLaunch)
                copy.AskToEnd();
        });
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            copy.Abandon();
        });
        return copy.Wait();
    }
}
