using Kaa.Linux.Calls;

namespace Kaa.Linux.Files;

/// <summary>A regular file, open for reading. pread, so no seeks; no buffer of its own.</summary>
internal sealed unsafe class RegularFile(Descriptor descriptor, FileStatus status) : Stream
{
    public FileStatus Status { get; } = status;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; } = (long)status.Size;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        nint count;
        do
        {
            fixed (byte* bytes = buffer)
                count = Libc.ReadAt(descriptor.Number, bytes, (nuint)buffer.Length, Position);
        }
        while (count < 0 && Errno.Last == Errno.Interrupted);

        if (count < 0)
            throw new IOException($"read: error {Errno.Last}");
        Position += count;
        return (int)count;
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
        descriptor.Dispose();
        base.Dispose(disposing);
    }
}
