using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Files;

/// <summary>
/// A file without a name (memfd) or a pipe that a process has open, opened once more by way of <c>/proc/PID/fd</c>: Kaa and the process share it, in whatever namespaces each
/// is, and nothing of it is on any disk.
/// </summary>
public sealed unsafe class SharedFile : IDisposable
{
    private readonly Descriptor _file;

    private SharedFile(Descriptor file) => _file = file;

    /// <summary>Null where it can't be opened; <see cref="Errno.Last"/> says why.</summary>
    /// <param name="tid">A thread of the process.</param>
    /// <param name="descriptor">Its number there.</param>
    public static SharedFile? Open(ProcRoot proc, int tid, int descriptor) => Open(proc, tid, descriptor, OpenFlags.ReadWrite);

    /// <summary>The end of a pipe that is written to.</summary>
    public static SharedFile? OpenPipe(ProcRoot proc, int tid, int descriptor) => Open(proc, tid, descriptor, OpenFlags.WriteOnly | OpenFlags.NonBlocking);

    /// <summary>How far its reader is.</summary>
    public long ReadAt { get; set; }

    /// <summary>Gives how many bytes there were; 0 at the end.</summary>
    public int Read(Span<byte> buffer, long offset)
    {
        fixed (byte* bytes = buffer)
            return (int)Math.Max(Libc.ReadAt(_file.Number, bytes, (nuint)buffer.Length, offset), 0);
    }

    /// <summary>Gives the memory back of what lies before; offsets stay as they are.</summary>
    public void Forget(long end)
    {
        const int PunchHole = 3; // FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE (linux/falloc.h)
        _ = Libc.Allocate(_file.Number, PunchHole, 0, end);
    }

    /// <summary>Makes these its whole content; false where there is no room.</summary>
    public bool TryReplace(ReadOnlySpan<byte> content)
    {
        if (Libc.Truncate(_file.Number, 0) != 0)
            return false;
        for (long at = 0; !content.IsEmpty;)
        {
            nint count;
            fixed (byte* bytes = content)
                count = Libc.WriteAt(_file.Number, bytes, (nuint)content.Length, at);
            if (count <= 0)
                return false;
            at += count;
            content = content[(int)count..];
        }

        return true;
    }

    /// <summary>To a pipe: gives how many bytes it took, 0 where it is full; negative where nobody reads any more.</summary>
    public int Send(ReadOnlySpan<byte> content)
    {
        fixed (byte* bytes = content)
        {
            nint count = Libc.Write(_file.Number, bytes, (nuint)content.Length);
            return count >= 0 ? (int)count : Errno.Last is Errno.TryAgain or Errno.Interrupted ? 0 : -1;
        }
    }

    public void Dispose() => _file.Dispose();

    private static SharedFile? Open(ProcRoot proc, int tid, int descriptor, int flags) =>
        Descriptor.Open(proc.Of(tid, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"fd/{descriptor}")), flags | OpenFlags.NoTerminal) is { } file
            ? new SharedFile(file)
            : null;
}
