using Kaa.Linux.Files;

namespace Kaa.Control.Cores;

/// <summary>Where a core is written to. Offsets ascend, but for the first bytes of a file; what is passed over are zeros.</summary>
internal abstract class CoreSink
{
    public abstract void Put(long offset, ReadOnlySpan<byte> bytes);

    /// <param name="length">Of the whole.</param>
    public abstract void End(long length);
}

/// <summary>Zeros take no room.</summary>
internal sealed class FileSink(NewFile file) : CoreSink
{
    public override void Put(long offset, ReadOnlySpan<byte> bytes) => file.WriteAt(offset, bytes);

    public override void End(long length) => file.SetLength(length);
}

/// <summary>A pipe.</summary>
internal sealed class StreamSink(Stream stream) : CoreSink
{
    private const int ZerosAtOnce = 256 << 10;

    private static readonly byte[] s_zeros = new byte[ZerosAtOnce];

    private long _written;

    public override void Put(long offset, ReadOnlySpan<byte> bytes)
    {
        FillTo(offset);
        stream.Write(bytes);
        _written += bytes.Length;
    }

    public override void End(long length)
    {
        FillTo(length);
        stream.Flush();
    }

    private void FillTo(long offset)
    {
        while (_written < offset)
        {
            int count = (int)Math.Min(ZerosAtOnce, offset - _written);
            stream.Write(s_zeros.AsSpan(0, count));
            _written += count;
        }
    }
}
