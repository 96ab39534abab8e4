using System.Buffers.Text;

namespace Kaa.Linux.Proc;

/// <summary>The limits of <c>/proc/PID/limits</c> (proc(5)), as they hold now.</summary>
public static class ProcessLimit
{
    /// <summary>The soft limit, in the unit that the line names; null where there is none, or the process is gone.</summary>
    /// <param name="pid">Of a process or a thread.</param>
    /// <param name="name">As the line begins: <c>Max address space</c>.</param>
    public static ulong? Read(ProcRoot proc, int pid, ReadOnlySpan<byte> name)
    {
        var text = new KernelText();
        if (!text.TryRead(proc.Of(pid, "limits"), out ReadOnlySpan<byte> limits) || limits.IndexOf(name) is not (>= 0 and int place))
            return null;
        ReadOnlySpan<byte> value = limits[(place + name.Length)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(value, out ulong limit, out _) ? limit : null;
    }
}
