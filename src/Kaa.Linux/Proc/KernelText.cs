using System.Text;
using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Proc;

/// <summary>
/// Reads small files of the kernel into one buffer that is used again and again: FileStream costs several times what open, read
/// and close do. What is returned is valid until the next read.
/// </summary>
public sealed unsafe class KernelText
{
    private const int FirstSize = 16 << 10;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(FirstSize, pinned: true);

    /// <summary>The error number of the last read that failed.</summary>
    public int Error { get; private set; }

    public bool TryRead(string path, out ReadOnlySpan<byte> text) => TryRead(OpenFlags.CurrentDirectory, path, out text);

    public bool TryRead(int directory, string path, out ReadOnlySpan<byte> text)
    {
        int size = Encoding.UTF8.GetMaxByteCount(path.Length) + 1;
        Span<byte> name = size <= 512 ? stackalloc byte[512] : new byte[size];
        int length = Encoding.UTF8.GetBytes(path, name);
        name[length] = 0;
        int descriptor = Open(directory, name);
        text = default;
        if (descriptor < 0)
            return Failed();
        bool read = TryReadAll(descriptor, out text);
        _ = Libc.Close(descriptor);
        return read;
    }

    /// <summary>
    /// One read: enough for texts that the kernel writes as a single record (single_open, fs/seq_file.c): stat, status, syscall, schedstat.
    /// </summary>
    /// <param name="path">Ends with a NUL.</param>
    public bool TryReadRecord(int directory, ReadOnlySpan<byte> path, out ReadOnlySpan<byte> text)
    {
        text = default;
        int descriptor = Open(directory, path);
        if (descriptor < 0)
            return Failed();
        bool read = TryReadAgain(descriptor, out text);
        _ = Libc.Close(descriptor);
        return read;
    }

    /// <summary>A descriptor to read again and again; negative where it can't be opened.</summary>
    /// <param name="path">Ends with a NUL.</param>
    public static int Open(int directory, ReadOnlySpan<byte> path)
    {
        const int Flags = OpenFlags.ReadOnly | OpenFlags.CloseOnExec | OpenFlags.NoTerminal | OpenFlags.NonBlocking;
        fixed (byte* name = path)
            return Libc.OpenAt(directory, name, Flags, 0);
    }

    /// <summary>Reads an open file anew from its start, in one call: for texts that are shorter than the buffer.</summary>
    public bool TryReadAgain(int descriptor, out ReadOnlySpan<byte> text)
    {
        text = default;
        nint count;
        fixed (byte* buffer = _buffer)
            count = Libc.ReadAt(descriptor, buffer, (nuint)_buffer.Length, 0);
        if (count < 0)
            return Failed();
        text = _buffer.AsSpan(0, (int)count);
        return true;
    }

    private bool TryReadAll(int descriptor, out ReadOnlySpan<byte> text)
    {
        text = default;
        int length = 0;
        while (true)
        {
            nint count;
            fixed (byte* buffer = _buffer)
                count = Libc.Read(descriptor, buffer + length, (nuint)(_buffer.Length - length));
            if (count < 0 && Errno.Last == Errno.Interrupted)
                continue;
            if (count < 0)
                return Failed();
            length += (int)count;
            if (count == 0)
                break;
            if (length == _buffer.Length && !Grow())
                break;
        }

        text = _buffer.AsSpan(0, length);
        return true;
    }

    private bool Grow()
    {
        if (_buffer.Length >= Limits.KernelText)
            return false;
        byte[] larger = GC.AllocateUninitializedArray<byte>(_buffer.Length * 2, pinned: true);
        _buffer.CopyTo(larger, 0);
        _buffer = larger;
        return true;
    }

    private bool Failed()
    {
        Error = Errno.Last;
        return false;
    }
}
