using System.Text;

namespace Kaa.Linux.Proc;

/// <summary>The kernel's name for a thread, or for a process: its first thread's.</summary>
public static class KernelName
{
    /// <summary>Null where the thread is gone.</summary>
    public static string? Read(ProcRoot proc, int tid)
    {
        var text = new KernelText();
        return text.TryRead(proc.Of(tid, "comm"), out ReadOnlySpan<byte> name) ? Encoding.UTF8.GetString(name).TrimEnd('\n') : null;
    }
}
