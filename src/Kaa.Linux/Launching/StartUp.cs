using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Launching;

/// <summary>
/// Brings a program that <see cref="Launcher"/> has started up to the moment at which its libraries are loaded and nothing of them, nor of it, has run yet. It is
/// stopped at system calls only, so that a Kaa that is killed leaves nothing behind.
/// </summary>
public static class StartUp
{
    private const int WaitMicroseconds = 20;

    /// <summary>Null where the program stands there, at the end of a system call; else how it ended. On the thread that traces.</summary>
    public static WaitStatus? RunToLoaded(ProcRoot proc, int pid)
    {
        LoaderRendezvous? loader = null;
        LiveMemory? memory = null;
        try
        {
            for (int signal = 0; PTrace.ContinueToCall(pid, signal);)
            {
                WaitStatus status = Await(pid);
                signal = status.SignalToDeliver;
                if (status.Kind == StopKind.Ended)
                    return status;
                if (status.Kind != StopKind.Call || IsEntry(pid))
                    continue;
                memory ??= Memory(proc, pid);
                loader ??= memory is null ? null : LoaderRendezvous.Find(proc, pid, memory);
                if (loader is null || loader.IsConsistent)
                    return null;
            }

            return Await(pid);
        }
        finally
        {
            memory?.Dispose();
        }
    }

    /// <summary>
    /// At the entry of a call the result is ENOSYS (do_syscall_64's caller, arch/x86/entry). It is never left there: the call could be lost. Stops don't simply take
    /// turns, as the first one after an execve is at its exit.
    /// </summary>
    private static bool IsEntry(int pid)
    {
        const long NoSystemCall = -38;
        return PTrace.TryGetRegisters(pid, out Registers.X64Registers registers) && unchecked((long)registers.Rax) == NoSystemCall;
    }

    /// <summary>Waits for its next stop, or its end.</summary>
    public static WaitStatus Await(int tid)
    {
        while (true)
        {
            if (PTrace.Poll(tid) is { } status)
                return status;
            Clock.Sleep(WaitMicroseconds);
        }
    }

    private static LiveMemory? Memory(ProcRoot proc, int pid)
    {
        var text = new KernelText();
        if (!text.TryRead(proc.Of(pid, "auxv"), out ReadOnlySpan<byte> bytes))
            return null;
        ulong? headers = Formats.ProcText.AuxiliaryVector.Parse(bytes)[Formats.ProcText.AuxiliaryKey.ProgramHeaders];
        return headers is { } probe ? LiveMemory.Open(proc, pid, new Address(probe), out _) : null;
    }
}
