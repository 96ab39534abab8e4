using System.Buffers.Text;
using System.Globalization;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Linux.Launching;

/// <summary>
/// Starts a program so that it is traced from its first instruction on, by the thread that calls. It keeps Kaa's terminal, standard streams, directory, limits and
/// environment. If Kaa ends, however, the kernel lets go of it, and it goes on.
/// </summary>
public static class Launcher
{
    private const int WaitMicroseconds = 50;

    /// <returns>The program's pid. It is stopped at its first instruction (<see cref="StopKind.Exec"/>), which may be the dynamic linker's.</returns>
    /// <param name="options">Of PTRACE_SETOPTIONS.</param>
    /// <exception cref="UserError">no-such-program, not-executable, launch-refused.</exception>
    public static int Start(LaunchRequest request, int options)
    {
        if (request.Command.Count == 0)
            throw new UserError(ProgramFile.NotFound, "no program is named");
        string path = ProgramFile.Find(request.Command[0]);
        try
        {
            return Start(path, request, options);
        }
        catch (UserError e) when (e is { Code: ProgramFile.NotExecutable, InnerException: NotRunnable })
        {
            // A script without "#!": execvp(3) gives it to the shell.
            return Start("/bin/sh", request with { Command = ["/bin/sh", path, .. request.Command.Skip(1)] }, options);
        }
    }

    private static int Start(string path, LaunchRequest request, int options)
    {
        using StartGate gate = StartGate.Create()
            ?? throw new UserError("launch-refused", "this kernel gives no lease on a file of Kaa's own, by which a program is held at its start", "start it yourself, and give Kaa its pid");
        var spawning = new Spawning(path, request, gate);
        try
        {
            if (AwaitChild(spawning) is { } pid)
                Seize(pid, options);
        }
        finally
        {
            gate.Open();
            spawning.Wait();
        }

        if (spawning.Error != 0)
            throw Failed(request.Command[0], spawning.Error);
        int started = AwaitProgram(spawning.Pid);
        LaunchedEnd.Expect(started);
        OpenFileLimit.Restore(started);
        return started;
    }

    private static void Seize(int pid, int options)
    {
        if (!PTrace.Seize(pid, options | PTrace.TraceExecs))
            throw new UserError("launch-refused", "the kernel does not let Kaa trace the program that it starts", "a seccomp filter on Kaa is the usual reason: run it outside of the container");
    }

    /// <summary>The one child of the thread that spawns; null where there will be none.</summary>
    private static int? AwaitChild(Spawning spawning)
    {
        var text = new KernelText();
        while (true)
        {
            bool isDone = spawning.IsDone;
            if (spawning.Tid is > 0 and int tid && ChildOf(tid, text) is { } pid)
                return pid;
            if (isDone)
                return null;
            Clock.Sleep(WaitMicroseconds);
        }
    }

    private static int? ChildOf(int tid, KernelText text)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{tid}/children");
        if (text.TryRead(path, out ReadOnlySpan<byte> children))
            return Utf8Parser.TryParse(children, out int pid, out _) ? pid : null;
        if (text.Error != Errno.NoEntry || System.IO.File.Exists("/proc/self/task/self/children"))
            return null;
        throw new UserError("launch-refused", "this kernel does not list the children of a thread (CONFIG_PROC_CHILDREN)", "start it yourself, and give Kaa its pid");
    }

    private static int AwaitProgram(int pid)
    {
        while (true)
        {
            WaitStatus? status = PTrace.Poll(pid);
            if (status is { Kind: StopKind.Exec })
                return pid;
            if (status is { Kind: StopKind.Ended })
                throw new UserError("process-exited", "the program was killed as it began");
            if (status is { } other)
                _ = PTrace.Continue(pid, other.SignalToDeliver);
            else
                Clock.Sleep(WaitMicroseconds);
        }
    }

    private static UserError Failed(string name, int error) => error switch
    {
        Errno.NotRunnable => new UserError(ProgramFile.NotExecutable, $"'{name}' can't be run", "it is no program of this machine's kind", new NotRunnable()),
        Errno.NoEntry => new UserError(ProgramFile.NotFound, $"what '{name}' needs to run is not there", "its interpreter (the first line of a script, or the dynamic linker) is missing"),
        Errno.TryAgain or Errno.NoMemory => new UserError("launch-refused", "there can be no more processes (RLIMIT_NPROC, pids.max), or there is no memory for one"),
        _ => ProgramFile.CannotRun(name),
    };

    private sealed class NotRunnable : Exception;
}
