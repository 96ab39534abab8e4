using System.Globalization;
using System.Runtime.InteropServices;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Target.Arch;

namespace Kaa.Control.Remote;

/// <summary>Words for system calls that a process made for Kaa in vain.</summary>
internal static class CallFailures
{
    /// <summary>"Cannot allocate memory (ENOMEM)".</summary>
    /// <param name="error">Positive.</param>
    public static string OfError(long error)
    {
        string text = Marshal.GetPInvokeErrorMessage((int)error);
        return ErrorNames.Find(error) is { } name ? $"{text} ({name})" : text;
    }

    /// <summary>"memfd_create".</summary>
    public static string NameOf(int number) => X64SyscallNames.Find(number) ?? "system call " + number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The same, with the limit that was met, where that is known.</summary>
    /// <param name="tid">A thread that lives.</param>
    public static string OfMapping(long error, int tid)
    {
        string text = OfError(error);
        if (error != Errno.NoMemory || ProcessLimit.Read(ProcRoot.System, tid, "Max address space"u8) is not { } limit)
            return text;
        string used = MemorySizes.Read(ProcRoot.System, tid, new KernelText()) is { } sizes ? $", of which {Mebibytes(sizes.Total)} MiB are used" : "";
        return $"{text}: its address space is limited to {Mebibytes(limit)} MiB (ulimit -v){used}";
    }

    private static string Mebibytes(ulong bytes) => (bytes / (1 << 20)).ToString(CultureInfo.InvariantCulture);
}
