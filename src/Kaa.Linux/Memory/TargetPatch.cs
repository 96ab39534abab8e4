using Kaa.Formats;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Memory;

/// <summary>
/// Writes into a process's memory through <c>/proc/PID/mem</c>, which may write where the process itself may not: a page of a file's
/// mapping becomes the process's own then, the file stays as it is.
/// </summary>
public sealed unsafe class TargetPatch : IDisposable
{
    /// <summary>For tests: Kaa kills itself after that many writes into processes, so that what comes between two of them can be tried. 0: never.</summary>
    private static int s_writesLeft = int.TryParse(Environment.GetEnvironmentVariable("KAA_TEST_DIE_AFTER_WRITE"), out int writes) ? writes : 0;

    private readonly Descriptor _file;

    private TargetPatch(Descriptor file) => _file = file;

    /// <summary>Null where that is not allowed; <see cref="Errno.Last"/> says why.</summary>
    /// <param name="tid">A thread that has memory: not a zombie leader.</param>
    public static TargetPatch? Open(ProcRoot proc, int tid) =>
        Descriptor.Open(proc.Of(tid, "mem"), OpenFlags.ReadWrite) is { } file ? new TargetPatch(file) : null;

    /// <summary>The same by whichever thread of the process has memory: its leader may have ended before the others.</summary>
    public static TargetPatch? OpenProcess(ProcRoot proc, int pid) => Open(proc, ProcessGate.LivingThread(proc, pid) ?? pid);

    /// <summary>False where not all of it could be written.</summary>
    public bool TryWrite(Address address, ReadOnlySpan<byte> bytes)
    {
        bool isWritten;
        fixed (byte* data = bytes)
            isWritten = Libc.WriteAt(_file.Number, data, (nuint)bytes.Length, (long)address.Value) == bytes.Length;
        Wrote();
        return isWritten;
    }

    /// <summary>Called after each change to a process.</summary>
    public static void Wrote()
    {
        if (s_writesLeft > 0 && --s_writesLeft == 0)
            _ = Libc.Kill(Environment.ProcessId, 9);
    }

    /// <summary>The memory that this was opened for is no process's any more: it has ended, or runs another program (mem_rw in the kernel's fs/proc/base.c).</summary>
    public bool IsGone
    {
        get
        {
            byte none;
            return Libc.ReadAt(_file.Number, &none, 1, 0) == 0;
        }
    }

    public bool TryRead(Address address, Span<byte> bytes)
    {
        fixed (byte* data = bytes)
            return Libc.ReadAt(_file.Number, data, (nuint)bytes.Length, (long)address.Value) == bytes.Length;
    }

    public void Dispose() => _file.Dispose();
}
