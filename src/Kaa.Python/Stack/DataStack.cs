using System.Buffers;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Stack;

/// <summary>
/// The memory in which a thread's frames lie (3.11+): chunks of 16 KB and more, filled upwards, the newest first in their list. Frames are
/// met from the top down, so a chunk is read whole, from its start to the end of the first frame that is met in it. Frames of
/// generators lie inside the generators and are read one by one.
/// </summary>
internal sealed class DataStack : IDisposable
{
    /// <summary>A chunk can be larger when one frame is; no more than this is read at a time.</summary>
    private const int MaxWindow = 1 << 20;
    private const int HeadSize = 24;

    private readonly IMemory _memory;
    private readonly StackChunkLayout _layout;
    private readonly int _frameSize;
    private Chunk _current;
    private Chunk _previous;
    private byte[] _window;
    private Address _windowStart;
    private int _windowLength;

    /// <param name="frameSize">How many bytes of a frame are wanted.</param>
    public DataStack(IMemory memory, StackChunkLayout layout, Address newest, int frameSize)
    {
        _memory = memory;
        _layout = layout;
        _frameSize = frameSize;
        _window = ArrayPool<byte>.Shared.Rent(16 << 10);
        _current = ReadChunk(newest);
        _previous = ReadChunk(_current.Previous);
    }

    /// <summary>The bytes of a frame, valid until the next call.</summary>
    /// <exception cref="TargetFault">It can't be read.</exception>
    public ReadOnlySpan<byte> Frame(Address frame)
    {
        long offset = frame - _windowStart;
        if (offset >= 0 && offset <= _windowLength - _frameSize)
            return _window.AsSpan((int)offset, _frameSize);
        if (!_current.Contains(frame, _frameSize) && _previous.Contains(frame, _frameSize))
        {
            _current = _previous;
            _previous = ReadChunk(_current.Previous);
        }

        return _current.Contains(frame, _frameSize) ? ReadWindow(frame) : ReadAlone(frame);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }

    private ReadOnlySpan<byte> ReadWindow(Address frame)
    {
        Address end = frame + _frameSize;
        int length = (int)Math.Min(end - _current.Start, MaxWindow);
        return Fill(end - length, length) ? _window.AsSpan((int)(frame - _windowStart), _frameSize) : ReadAlone(frame);
    }

    private ReadOnlySpan<byte> ReadAlone(Address frame) =>
        Fill(frame, _frameSize) ? _window.AsSpan(0, _frameSize) : throw TargetFault.Unmapped(frame, _frameSize);

    private bool Fill(Address start, int length)
    {
        if (_window.Length < length)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = ArrayPool<byte>.Shared.Rent(length);
        }

        _windowStart = start;
        _windowLength = _memory.TryReadExactly(start, _window.AsSpan(0, length)) ? length : 0;
        return _windowLength > 0;
    }

    private Chunk ReadChunk(Address chunk)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        if (chunk.IsNull || !_memory.TryReadExactly(chunk, head))
            return default;
        ReadOnlySpan<byte> bytes = head;
        return new Chunk(chunk, bytes.PointerAt(_layout.size), bytes.AddressAt(_layout.previous));
    }

    private readonly record struct Chunk(Address Start, ulong Size, Address Previous)
    {
        /// <summary>A frame that lies farther behind the start than a number can say lies in no chunk, whatever size that claims.</summary>
        public bool Contains(Address frame, int size)
        {
            long offset = frame - Start;
            return frame >= Start && offset >= 0 && offset <= long.MaxValue - size && (ulong)offset < Size && Size - (ulong)offset >= (ulong)size;
        }
    }
}
