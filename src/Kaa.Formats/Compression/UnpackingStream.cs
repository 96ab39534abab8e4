namespace Kaa.Formats.Compression;

/// <summary>
/// A compressed stream, unpacked while it is read: forwards only, with memory that does not grow with it. Bytes that could be unpacked
/// before a damage are given first. Not safe for two threads at once.
/// </summary>
public abstract class UnpackingStream : Stream
{
    private const int PackedPiece = 64 << 10;

    private readonly Stream _packed;
    private readonly string _format;
    private readonly long _limit;
    private readonly byte[] _input = GC.AllocateUninitializedArray<byte>(PackedPiece);
    private int _start;
    private int _end;
    private bool _inputEnded;
    private bool _ended;
    private long _position;
    private BadData? _damage;

    /// <param name="packed">Read from where it stands; closed with this.</param>
    /// <param name="limit">Bytes that may come out of it.</param>
    private protected UnpackingStream(Stream packed, string format, long limit)
    {
        _packed = packed;
        _format = format;
        _limit = limit;
    }

    /// <summary>What one step made of its input and output.</summary>
    /// <param name="Read">Bytes of the input that it took.</param>
    /// <param name="Written">Bytes that it gave.</param>
    /// <param name="FrameEnded">Nothing is missing: the input may end here.</param>
    /// <param name="Error">What is wrong with the input; null where nothing is.</param>
    private protected readonly record struct Step(int Read, int Written, bool FrameEnded, string? Error = null);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    /// <summary>How many bytes were read so far.</summary>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <exception cref="BadData">The stream is damaged or cut here, or unpacks to more than its limit.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!_ended && buffer.Length > 0)
        {
            if (_damage is not null)
                throw _damage;
            Fill();
            Step step = Unpack(_input.AsSpan(_start, _end - _start), _inputEnded, buffer);
            _start += step.Read;
            Judge(step);
            _position += step.Written;
            if (step.Written > 0)
                return step.Written;
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int ReadByte()
    {
        byte value = 0;
        return Read(new Span<byte>(ref value)) == 0 ? -1 : value;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Unpacks as much as fits.</summary>
    /// <param name="last">No input follows.</param>
    private protected abstract Step Unpack(ReadOnlySpan<byte> input, bool last, Span<byte> output);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _packed.Dispose();
        base.Dispose(disposing);
    }

    private void Fill()
    {
        if (_start < _end || _inputEnded)
            return;
        _start = 0;
        _end = _packed.Read(_input, 0, _input.Length);
        _inputEnded = _end == 0;
    }

    // A damage is kept for the next read where this one still has bytes to give.
    private void Judge(Step step)
    {
        bool stuck = step is { Read: 0, Written: 0 };
        if (step.Error is not null)
            _damage = new BadData(_format, _position, step.Error);
        else if (step.Written > _limit - _position)
            _damage = new BadData(_format, _position, $"it unpacks to more than {_limit} bytes");
        else if (_inputEnded && stuck && step.FrameEnded)
            _ended = true;
        else if (_inputEnded && stuck)
            _damage = new BadData(_format, _position, "the compressed data is cut");
        else if (stuck && _start < _end)
            _damage = new BadData(_format, _position, "the compressed data leads nowhere");
        if (_damage is not null && (step.Written == 0 || step.Written > _limit - _position))
            throw _damage;
    }
}
