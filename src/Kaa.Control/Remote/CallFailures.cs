using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using Kaa.Control.Tracing.Decoding;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Target.Arch;

namespace Kaa.Control.Remote;

/// <summary>Words for system calls that a process made for Kaa in vain.</summary>
internal static class CallFailures
{
    private const int PageSize = 4096;

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
        if (error != Errno.NoMemory || Limit(tid, "Max address space"u8) is not { } limit)
            return text;
        string used = Used(tid) is { } bytes ? $", of which {Mebibytes(bytes)} MiB are used" : "";
        return $"{text}: its address space is limited to {Mebibytes(limit)} MiB (ulimit -v){used}";
    }

    /// <summary>A limit of /proc/TID/limits, as it holds now; null where there is none.</summary>
    public static ulong? Limit(int tid, ReadOnlySpan<byte> line)
    {
        var text = new KernelText();
        if (!text.TryRead(ProcRoot.System.Of(tid, "limits"), out ReadOnlySpan<byte> limits) || limits.IndexOf(line) is not (>= 0 and int place))
            return null;
        ReadOnlySpan<byte> value = limits[(place + line.Length)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(value, out ulong limit, out _) ? limit : null;
    }

    /// <summary>The first number of statm is what the limit counts (mm-&gt;total_vm).</summary>
    private static ulong? Used(int tid)
    {
        var text = new KernelText();
        return text.TryRead(ProcRoot.System.Of(tid, "statm"), out ReadOnlySpan<byte> sizes) && Utf8Parser.TryParse(sizes, out ulong pages, out _) ? pages * PageSize : null;
    }

    private static string Mebibytes(ulong bytes) => (bytes / (1 << 20)).ToString(CultureInfo.InvariantCulture);
}
