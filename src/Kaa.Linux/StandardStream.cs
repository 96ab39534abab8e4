using System.Runtime.InteropServices;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Linux;

/// <summary>The reader of our output has gone away (<c>EPIPE</c>; the runtime ignores SIGPIPE), or the terminal (<c>EIO</c>).</summary>
public sealed class BrokenPipe() : IOException("the reader of the output is gone");

/// <summary>
/// Standard output or error, by write(2) alone. <see cref="FileStream"/> would write to a file at an offset of its own, over what
/// other programs wrote to it; The runtime's console hides a broken pipe.
/// </summary>
public sealed partial class StandardStream(int descriptor) : Stream
{
    private const int Interrupted = 4; // EINTR
    private const int InputOutput = 5; // EIO
    private const int TryAgain = 11; // EAGAIN
    private const int Broken = 32; // EPIPE
    private const uint GetWindowSize = 0x5413; // TIOCGWINSZ

    public static StandardStream Output { get; } = new(1);

    public static StandardStream Error { get; } = new(2);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public bool IsTerminal => TerminalSize() is not null;

    /// <summary>Columns of the terminal; 0 where it is none, or does not say.</summary>
    public int Width => TerminalSize()?.Columns ?? 0;

    /// <summary>Some can be written without waiting for the reader.</summary>
    public bool IsWritable => Await(0);

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            nint written = Write(descriptor, ref MemoryMarshal.GetReference(buffer), buffer.Length);
            if (written >= 0)
                buffer = buffer[(int)written..];
            else
                Recover(Marshal.GetLastPInvokeError());
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Recover(int error)
    {
        switch (error)
        {
            case Interrupted:
                break;
            case TryAgain:
                // Somebody made the pipe or terminal non-blocking; it is shared with us.
                _ = Await(-1);
                break;
            case Broken:
            case InputOutput when WasTerminal():
                throw new BrokenPipe();
            default:
                throw new UserError("output", "the output can't be written: " + Marshal.GetPInvokeErrorMessage(error));
        }
    }

    private unsafe bool Await(int timeout)
    {
        var entry = new PollEntry { Descriptor = descriptor, Events = PollEntry.Writable };
        return Libc.Poll(&entry, 1, timeout) > 0;
    }

    /// <summary>Of one that has been hung up nothing else is known but its name.</summary>
    private bool WasTerminal() => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget is { } name && (name.StartsWith("/dev/pts/", StringComparison.Ordinal) || name.StartsWith("/dev/tty", StringComparison.Ordinal));

    private WindowSize? TerminalSize()
    {
        WindowSize size = default;
        return Control(descriptor, GetWindowSize, ref size) == 0 ? size : null;
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ref byte buffer, nint count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, ref WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
