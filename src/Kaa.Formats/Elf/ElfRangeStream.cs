namespace Kaa.Formats.Elf;

/// <summary>A section as a stream, so that it can be inflated without holding the packed bytes too.</summary>
internal sealed class ElfRangeStream(ElfRange range, ulong start) : Stream
{
    private ulong _position = start;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => (long)range.Length;

    public override long Position
    {
        get => (long)_position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count = (int)Math.Min((ulong)buffer.Length, range.Length - _position);
        range.ReadExactly(_position, buffer[..count]);
        _position += (ulong)count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
