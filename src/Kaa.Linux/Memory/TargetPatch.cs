using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Memory;

/// <summary>
/// Writes into a process's memory through <c>/proc/PID/mem</c>, which may write where the process itself may not: a page of a file's
/// mapping becomes the process's own then, the file stays as it is.
/// </summary>
public sealed unsafe class TargetPatch : IDisposable
{
    private readonly Descriptor _file;

    private TargetPatch(Descriptor file) => _file = file;

    /// <summary>Null where that is not allowed; <see cref="Errno.Last"/> says why.</summary>
    /// <param name="tid">A thread that has memory: not a zombie leader.</param>
    public static TargetPatch? Open(ProcRoot proc, int tid) =>
        Descriptor.Open(proc.Of(tid, "mem"), OpenFlags.ReadWrite) is { } file ? new TargetPatch(file) : null;

    /// <summary>False where not all of it could be written.</summary>
    public bool TryWrite(Address address, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* data = bytes)
            return Libc.WriteAt(_file.Number, data, (nuint)bytes.Length, (long)address.Value) == bytes.Length;
    }

    public bool TryRead(Address address, Span<byte> bytes)
    {
        fixed (byte* data = bytes)
            return Libc.ReadAt(_file.Number, data, (nuint)bytes.Length, (long)address.Value) == bytes.Length;
    }

    public void Dispose() => _file.Dispose();
}
