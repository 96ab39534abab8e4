using System.Runtime.InteropServices;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Files;

/// <summary>A regular file, open for reading. pread, so no seeks; no buffer of its own.</summary>
public sealed unsafe class RegularFile : Stream
{
    private const int SeekData = 3; // SEEK_DATA
    private const int SeekHole = 4; // SEEK_HOLE
    private const int NoSuchAddress = 6; // ENXIO

    private readonly Descriptor _descriptor;

    internal RegularFile(Descriptor descriptor, FileStatus status)
    {
        _descriptor = descriptor;
        Status = status;
        Length = (long)status.Size;
    }

    internal FileStatus Status { get; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        nint count;
        do
        {
            fixed (byte* bytes = buffer)
                count = Libc.ReadAt(_descriptor.Number, bytes, (nuint)buffer.Length, Position);
        }
        while (count < 0 && Errno.Last == Errno.Interrupted);

        if (count < 0)
            throw new IOException("read: " + Marshal.GetPInvokeErrorMessage(Errno.Last));
        Position += count;
        return (int)count;
    }

    /// <summary>The next run of bytes that is no hole, from an offset on: its start is null where there is none. Null where the file system can't tell.</summary>
    public (ulong? Start, ulong End)? NextData(ulong offset)
    {
        long start = Libc.Seek(_descriptor.Number, (long)offset, SeekData);
        if (start < 0)
            return Errno.Last == NoSuchAddress ? (null, 0) : null;
        long end = Libc.Seek(_descriptor.Number, start, SeekHole);
        return end < 0 ? null : ((ulong)start, (ulong)end);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _descriptor.Dispose();
        base.Dispose(disposing);
    }
}
