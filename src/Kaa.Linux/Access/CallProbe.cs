using Kaa.Linux.Calls;

namespace Kaa.Linux.Access;

/// <summary>
/// Whether this process may make the system calls that looking takes at all, asked with arguments that do nothing. What answers other than the
/// kernel's own check of the arguments is a seccomp filter on Kaa.
/// </summary>
public static unsafe class CallProbe
{
    private const int Seize = 0x4206; // PTRACE_SEIZE, include/uapi/linux/ptrace.h

    /// <summary>Null where process_vm_readv goes through, else the error's name.</summary>
    public static string? ReadRefusal()
    {
        // Nothing to read is done at once, whoever the process is.
        return Libc.ReadProcess(Environment.ProcessId, null, 0, null, 0, 0) < 0 ? Name(Errno.Last) : null;
    }

    /// <summary>Null where ptrace goes through, else the error's name.</summary>
    public static string? TraceRefusal()
    {
        // There is no process 0: ESRCH.
        return Libc.PTrace(Seize, 0, 0, 0) < 0 && Errno.Last != Errno.NoProcess ? Name(Errno.Last) : null;
    }

    private static string Name(int error) => ErrorNames.Find(error) ?? $"error {error}";
}
