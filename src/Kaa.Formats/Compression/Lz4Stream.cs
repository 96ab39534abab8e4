namespace Kaa.Formats.Compression;

/// <summary>LZ4 frames, one or several: what <c>lz4</c> makes, and systemd's cores of some distributions.</summary>
public sealed unsafe class Lz4Stream : UnpackingStream
{
    private nint _context;
    private bool _frameEnded = true;

    /// <inheritdoc cref="UnpackingStream(Stream, string, long)"/>
    public Lz4Stream(Stream packed, long limit)
        : base(packed, "lz4", limit)
    {
        nint context;
        if (Lz4.IsError(Lz4.Create(&context, Lz4.Version)) != 0)
            throw new InsufficientMemoryException();
        _context = context;
    }

    ~Lz4Stream() => Dispose(false);

    private protected override Step Unpack(ReadOnlySpan<byte> input, bool last, Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        if (_frameEnded && input.IsEmpty)
            return new Step(0, 0, true);
        fixed (byte* from = input, to = output)
        {
            nuint read = (nuint)input.Length;
            nuint written = (nuint)output.Length;
            nuint result = Lz4.Decompress(_context, to, &written, from, &read, null);

            // After an error the sizes say nothing, and the context is good for nothing (lz4frame.h).
            if (Lz4.IsError(result) != 0)
                return new Step(0, 0, false, "the compressed data is damaged");
            _frameEnded = result == 0;
            return new Step((int)read, (int)written, _frameEnded);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_context != 0)
            _ = Lz4.Free(_context);
        _context = 0;
        base.Dispose(disposing);
    }
}
