using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Proc;

/// <summary>
/// <c>/proc/PID/task</c>, held open: what the kernel says of each thread, with as few calls as that takes. Measured on 150
/// threads, a file costs 4–7 µs to open, read and close, and 0.6–1.6 µs to read again while open.
/// </summary>
public sealed class TaskDirectory : IDisposable
{
    private readonly Descriptor _directory;
    private readonly byte[] _entries = GC.AllocateUninitializedArray<byte>(32 << 10, pinned: true);
    private readonly KernelText _text = new();
    private bool _tellsNoStacks;

    private TaskDirectory(Descriptor directory) => _directory = directory;

    /// <summary>Null where the process is gone.</summary>
    public static TaskDirectory? Open(ProcRoot root, int pid) =>
        Descriptor.Open(root.Of(pid, "task"), OpenFlags.Directory) is { } directory ? new TaskDirectory(directory) : null;

    /// <summary>The same for another thread of Kaa's: its buffers are its own. Null where there is no descriptor left for it.</summary>
    public TaskDirectory? Again() =>
        Descriptor.Open(_directory.Number, ".", OpenFlags.Directory) is { } directory ? new TaskDirectory(directory) : null;

    /// <summary>Adds the tids to <paramref name="tids"/>; false where the process is gone. The kernel may leave some out while threads exit.</summary>
    public bool List(List<int> tids)
    {
        int before = tids.Count;
        NumberedEntries.Add(_directory.Number, _entries, tids);
        return tids.Count > before;
    }

    /// <summary>How many threads there are, by the directory's link count (proc_task_getattr, fs/proc/base.c); null where it does not tell.</summary>
    public int? Count() => _directory.Status() is { Links: > 2 } status ? (int)status.Links - 2 : null;

    /// <summary>Null where the thread is gone.</summary>
    public ProcessStat? Stat(int tid)
    {
        Span<byte> path = stackalloc byte[TaskPath.MaxLength];
        if (!_text.TryReadRecord(_directory.Number, TaskPath.Write(path, tid, "stat"u8), out ReadOnlySpan<byte> text) || text.IsEmpty)
            return null;
        return StatParser.Parse(text);
    }

    /// <summary>Null where the thread is gone.</summary>
    public ProcessStatus? Status(int tid)
    {
        Span<byte> path = stackalloc byte[TaskPath.MaxLength];
        if (!_text.TryReadRecord(_directory.Number, TaskPath.Write(path, tid, "status"u8), out ReadOnlySpan<byte> text) || text.IsEmpty)
            return null;
        return StatusParser.Parse(text);
    }

    /// <summary>Null where the thread is gone, or the kernel does not say (no CONFIG_HAVE_ARCH_TRACEHOOK, gVisor).</summary>
    public SyscallText? Syscall(int tid)
    {
        Span<byte> path = stackalloc byte[TaskPath.MaxLength];
        if (!_text.TryReadRecord(_directory.Number, TaskPath.Write(path, tid, "syscall"u8), out ReadOnlySpan<byte> text) || text.IsEmpty)
            return null;
        return SyscallText.Parse(text);
    }

    /// <summary>
    /// True for a thread that seems to be in a socket's receive in the kernel, though it sleeps no more. Where it runs on a processor it may be what it was in last. False where the
    /// kernel does not say (it takes CAP_SYS_ADMIN).
    /// </summary>
    public bool IsInReceive(int tid)
    {
        if (_tellsNoStacks)
            return false;
        Span<byte> path = stackalloc byte[TaskPath.MaxLength];
        if (_text.TryReadRecord(_directory.Number, TaskPath.Write(path, tid, "stack"u8), out ReadOnlySpan<byte> text))
            return text.IndexOf("sock_recvmsg"u8) >= 0;
        _tellsNoStacks = _text.Error == Errno.AccessDenied; // proc_pid_stack, fs/proc/base.c: it is about Kaa, and will be so for the next one
        return false;
    }

    /// <summary>How often and how long a thread has run; null where the kernel does not count.</summary>
    public RunCount? Runs(int tid)
    {
        Span<byte> path = stackalloc byte[TaskPath.MaxLength];
        return _text.TryReadRecord(_directory.Number, TaskPath.Write(path, tid, "schedstat"u8), out ReadOnlySpan<byte> text) ? RunCount.ParseSchedStat(text) : null;
    }

    /// <summary>A descriptor for <see cref="Count(int, bool)"/>; negative where there is none.</summary>
    public int OpenCounter(int tid, bool schedStat)
    {
        Span<byte> path = stackalloc byte[TaskPath.MaxLength];
        return KernelText.Open(_directory.Number, TaskPath.Write(path, tid, schedStat ? "schedstat"u8 : "status"u8));
    }

    /// <summary>Null where the thread is gone, or its kernel does not count.</summary>
    public RunCount? Count(int counter, bool schedStat)
    {
        if (counter < 0 || !_text.TryReadAgain(counter, out ReadOnlySpan<byte> text))
            return null;
        return schedStat ? RunCount.ParseSchedStat(text) : RunCount.ParseStatus(text);
    }

    /// <summary>Where a link of <c>/proc/PID/task/TID</c> leads; null where there is none, or it may not be read.</summary>
    public string? ReadLink(int tid, string link) =>
        Descriptor.ReadLink(_directory.Number, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{tid}/{link}"));

    public void Dispose() => _directory.Dispose();
}
