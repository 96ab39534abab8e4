using Kaa.Linux.Proc;

namespace Kaa.Control.Tracing;

/// <summary>Children of single threads (<c>/proc/PID/task/TID/children</c>, Linux 3.5 with CONFIG_PROC_CHILDREN).</summary>
internal static class Children
{
    /// <summary>False where that is not known.</summary>
    public static bool Any(KernelText text, int pid, int tid) => text.TryRead(ProcRoot.System.Of(pid, $"task/{tid}/children"), out ReadOnlySpan<byte> children) && !children.IsEmpty;
}
