using System.Buffers.Text;

namespace Kaa.Linux.Proc;

/// <summary>The first numbers of <c>/proc/PID/statm</c> (proc(5)), in bytes.</summary>
/// <param name="Total">The address space, as RLIMIT_AS counts it (mm-&gt;total_vm).</param>
/// <param name="Resident">What of it is in memory.</param>
public sealed record MemorySizes(ulong Total, ulong Resident)
{
    private const int PageSize = 4096;

    /// <summary>Null where the process is gone.</summary>
    /// <param name="text">Its buffer is used.</param>
    public static MemorySizes? Read(ProcRoot proc, int pid, KernelText text)
    {
        if (!text.TryRead(proc.Of(pid, "statm"), out ReadOnlySpan<byte> sizes) || !Utf8Parser.TryParse(sizes, out ulong total, out int length) || length >= sizes.Length)
            return null;
        return Utf8Parser.TryParse(sizes[(length + 1)..], out ulong resident, out _) ? new MemorySizes(total * PageSize, resident * PageSize) : null;
    }
}
