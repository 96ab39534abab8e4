using System.Buffers.Text;
using Kaa.Linux.Proc;

namespace Kaa.Control.Memory;

/// <summary>How much of a process is in memory: the second number of /proc/PID/statm (proc(5)), in pages.</summary>
internal sealed class ResidentSize(int pid)
{
    private const int PageSize = 4096;

    private readonly KernelText _text = new();

    /// <summary>Bytes; null where the process is gone.</summary>
    public long? Read()
    {
        if (!_text.TryRead(ProcRoot.System.Of(pid, "statm"), out ReadOnlySpan<byte> text) || text.IndexOf((byte)' ') is not (> 0 and int space))
            return null;
        return Utf8Parser.TryParse(text[(space + 1)..], out long pages, out _) ? pages * PageSize : null;
    }
}
