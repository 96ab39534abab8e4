using System.Runtime.InteropServices;
using Kaa.Formats.Compression;

namespace Kaa.Formats.Elf;

/// <summary>Inflates what zlib has packed. A copy costs some 50 KiB of memory, the window above all.</summary>
internal sealed unsafe class ElfInflater : ElfUnpacker
{
    private const int Chunk = 32 << 10;

    private readonly ElfRange _stored;
    private Zlib.State* _state;

    /// <summary>What was read of the section and not taken yet; a copy that has not been read from holds none.</summary>
    private byte[] _input = [];
    private int _taken;
    private int _filled;
    private ulong _position;
    private bool _ended;

    /// <param name="start">Where the packed data begins.</param>
    public ElfInflater(ElfRange stored, ulong start)
    {
        (_stored, _position) = (stored, start);
        _state = (Zlib.State*)NativeMemory.AllocZeroed((nuint)sizeof(Zlib.State));
        fixed (byte* version = "1.2.11\0"u8)
            Check(Zlib.Begin(_state, Zlib.WindowBits, version, sizeof(Zlib.State)));
    }

    private ElfInflater(ElfInflater other)
    {
        (_stored, _position, _ended) = (other._stored, other._position - (ulong)(other._filled - other._taken), other._ended);
        _state = (Zlib.State*)NativeMemory.AllocZeroed((nuint)sizeof(Zlib.State));
        Check(Zlib.Copy(_state, other._state));
    }

    ~ElfInflater() => Release();

    public override ElfUnpacker Copy() => new ElfInflater(this);

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_state is null, this);
        int done = 0;
        while (done < buffer.Length && !_ended)
        {
            bool isLast = _taken == _filled && !Fill();
            int count = Inflate(buffer[done..]);
            done += count;
            if (isLast && count == 0)
                break;
        }

        return done;
    }

    public override void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private bool Fill()
    {
        if (_input.Length == 0)
            _input = GC.AllocateUninitializedArray<byte>(Chunk);
        (_taken, _filled) = (0, (int)Math.Min(Chunk, _stored.Length - _position));
        _stored.ReadExactly(_position, _input.AsSpan(0, _filled));
        _position += (ulong)_filled;
        return _filled > 0;
    }

    private int Inflate(Span<byte> output)
    {
        fixed (byte* from = _input, to = output)
        {
            _state->NextIn = from + _taken;
            _state->AvailableIn = (uint)(_filled - _taken);
            _state->NextOut = to;
            _state->AvailableOut = (uint)output.Length;
            int result = Zlib.Inflate(_state, Zlib.SyncFlush);
            _taken = _filled - (int)_state->AvailableIn;
            _ended = result == Zlib.StreamEnd;
            if (result is not (Zlib.Ok or Zlib.StreamEnd or Zlib.BufferError))
                throw result == Zlib.MemoryError ? new InsufficientMemoryException() : new InvalidDataException();
            return output.Length - (int)_state->AvailableOut;
        }
    }

    private void Check(int result)
    {
        if (result == Zlib.Ok)
            return;
        Dispose();
        throw new InsufficientMemoryException();
    }

    private void Release()
    {
        if (_state is not null)
        {
            _ = Zlib.End(_state);
            NativeMemory.Free(_state);
        }

        _state = null;
    }
}
