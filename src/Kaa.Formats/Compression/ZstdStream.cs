namespace Kaa.Formats.Compression;

/// <summary>What <c>zstd</c> makes, one frame or several: debug sections, systemd's cores.</summary>
public sealed unsafe class ZstdStream : UnpackingStream
{
    private nint _stream;

    // Before the first byte: an empty stream is one without a frame.
    private bool _frameEnded = true;

    /// <inheritdoc cref="UnpackingStream(Stream, string, long)"/>
    public ZstdStream(Stream packed, long limit)
        : base(packed, "zstd", limit)
    {
        _stream = Zstd.Create();
        if (_stream == 0 || Zstd.IsError(Zstd.SetParameter(_stream, Zstd.WindowLogMax, Limits.ZstdWindowLog)) != 0)
            throw new InsufficientMemoryException();
    }

    ~ZstdStream() => Dispose(false);

    private protected override Step Unpack(ReadOnlySpan<byte> input, bool last, Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_stream == 0, this);

        // Without input a new frame would be waited for.
        if (_frameEnded && input.IsEmpty)
            return new Step(0, 0, true);
        fixed (byte* from = input, to = output)
        {
            var source = new Zstd.Buffer { Bytes = from, Size = (nuint)input.Length };
            var target = new Zstd.Buffer { Bytes = to, Size = (nuint)output.Length };
            nuint result = Zstd.Decompress(_stream, &target, &source);
            bool failed = Zstd.IsError(result) != 0;
            _frameEnded = result == 0;
            return new Step((int)source.Position, (int)target.Position, _frameEnded, failed ? "the compressed data is damaged" : null);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_stream != 0)
            _ = Zstd.Free(_stream);
        _stream = 0;
        base.Dispose(disposing);
    }
}
