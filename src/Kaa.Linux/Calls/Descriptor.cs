using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Kaa.Linux.Calls;

/// <summary>An open file. Closed by its owner; a finalizer is not needed, since the process is short-lived and the kernel closes what is left.</summary>
internal sealed unsafe class Descriptor(int number) : IDisposable
{
    public int Number { get; private set; } = number;

    /// <summary>Null where it can't be opened; <see cref="Errno.Last"/> says why.</summary>
    public static Descriptor? Open(string path, int flags) => Open(OpenFlags.CurrentDirectory, path, flags);

    /// <param name="mode">Permissions of a file that this creates.</param>
    public static Descriptor? Open(int directory, string path, int flags, uint mode = 0)
    {
        fixed (byte* name = Terminated(path))
        {
            int number = Libc.OpenAt(directory, name, flags | OpenFlags.CloseOnExec, mode);
            return number < 0 ? null : new Descriptor(number);
        }
    }

    /// <summary>False where none is free. Programs that are started do not get them.</summary>
    public static bool TryMakePipe([NotNullWhen(true)] out Descriptor? reader, [NotNullWhen(true)] out Descriptor? writer)
    {
        int* ends = stackalloc int[2];
        bool isMade = Libc.Pipe(ends, OpenFlags.CloseOnExec) == 0;
        reader = isMade ? new Descriptor(ends[0]) : null;
        writer = isMade ? new Descriptor(ends[1]) : null;
        return isMade;
    }

    /// <summary>Null where that fails.</summary>
    public FileStatus? Status() => Status(Number, "", OpenFlags.EmptyPath);

    public static FileStatus? Status(int directory, string path, int flags)
    {
        FileStatus status;
        fixed (byte* name = Terminated(path))
            return Libc.StatX(directory, name, flags, FileStatus.BasicMask, &status) < 0 ? null : status;
    }

    /// <summary>Where a symbolic link points to; of the descriptor itself where <paramref name="path"/> is empty. Null where it is none.</summary>
    public static string? ReadLink(int directory, string path)
    {
        const int Size = 4096; // PATH_MAX
        byte* buffer = stackalloc byte[Size];
        fixed (byte* name = Terminated(path))
        {
            nint length = Libc.ReadLinkAt(directory, name, buffer, Size);
            return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
        }
    }

    public static string? ReadLink(string path) => ReadLink(OpenFlags.CurrentDirectory, path);

    public void Dispose()
    {
        if (Number >= 0)
            _ = Libc.Close(Number);
        Number = -1;
    }

    /// <summary>As the kernel takes a path: UTF-8 with a NUL.</summary>
    public static byte[] Terminated(string path)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, bytes);
        return bytes;
    }
}
