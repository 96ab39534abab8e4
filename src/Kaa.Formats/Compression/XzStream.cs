using System.Runtime.InteropServices;

namespace Kaa.Formats.Compression;

/// <summary>What <c>xz</c> makes: <c>.gnu_debugdata</c>, systemd's cores.</summary>
public sealed unsafe class XzStream : UnpackingStream
{
    private readonly Lzma.State* _state;
    private bool _streamEnded;
    private bool _disposed;

    /// <inheritdoc cref="UnpackingStream(Stream, string, long)"/>
    public XzStream(Stream packed, long limit)
        : base(packed, "xz", limit)
    {
        _state = (Lzma.State*)NativeMemory.AllocZeroed((nuint)sizeof(Lzma.State));
        if (Lzma.StreamDecoder(_state, Limits.UnpackingMemory, Lzma.Concatenated) == Lzma.Ok)
            return;
        NativeMemory.Free(_state);
        throw new InsufficientMemoryException();
    }

    ~XzStream() => Dispose(false);

    private protected override Step Unpack(ReadOnlySpan<byte> input, bool last, Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_streamEnded)
            return new Step(0, 0, true);
        fixed (byte* from = input, to = output)
        {
            _state->NextIn = from;
            _state->AvailableIn = (nuint)input.Length;
            _state->NextOut = to;
            _state->AvailableOut = (nuint)output.Length;
            int result = Lzma.Code(_state, last ? Lzma.Finish : Lzma.Run);
            _streamEnded = result == Lzma.StreamEnd;
            int read = input.Length - (int)_state->AvailableIn;
            int written = output.Length - (int)_state->AvailableOut;
            return new Step(read, written, _streamEnded, ErrorOf(result));
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            Lzma.End(_state);
            NativeMemory.Free(_state);
        }

        base.Dispose(disposing);
    }

    private static string? ErrorOf(int result) => result switch
    {
        // No progress is possible: there is no input, or no room. What that means is known above.
        Lzma.Ok or Lzma.StreamEnd or Lzma.BufferError => null,
        Lzma.MemoryLimit or Lzma.MemoryError => $"unpacking takes more than {Limits.UnpackingMemory} bytes of memory",
        _ => "the compressed data is damaged",
    };
}
