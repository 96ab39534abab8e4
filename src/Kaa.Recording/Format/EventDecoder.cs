using Kaa.Formats;
using Kaa.Recording.Memory;

namespace Kaa.Recording.Format;

/// <summary>The way back from <see cref="EventEncoder"/>. Blocks must come in order: each builds on those before it.</summary>
public sealed class EventDecoder
{
    private const string Format = "recording";

    private readonly EventState _state = new();

    /// <exception cref="BadData">Bytes that no encoder makes.</exception>
    public void Decode(ReadOnlySpan<byte> block, IAllocationSink sink)
    {
        var reader = new SpanReader(block, Format);
        while (!reader.AtEnd)
        {
            byte first = reader.U8();
            int number = first >> 3;
            switch ((EventOp)(first & 7))
            {
                case EventOp.Same:
                    Allocated(_state.Last, sink);
                    break;
                case EventOp.Recent:
                    Allocated(_state.At(number << 8 | reader.U8()), sink);
                    break;
                case EventOp.New:
                    Allocated(ReadShape(ref reader, (AllocatorKind)number), sink);
                    break;
                case EventOp.Resized:
                    Allocated(ReadSize(ref reader, (AllocatorKind)number), sink);
                    break;
                case EventOp.Free:
                    Freed(Index(ref reader, ReadNumber(ref reader, number)), sink);
                    break;
                case EventOp.Shrink when number > 0:
                    Freed(Behind(ref reader, number - EventState.SameEnd), sink);
                    break;
                case EventOp.Time when number == EventState.FarEnd:
                    Freed(Behind(ref reader, reader.Sleb()), sink);
                    break;
                case EventOp.Shrink:
                    long shrunk = Index(ref reader, reader.Whole());
                    sink.Shrunk(shrunk, reader.Whole(), _state.Microseconds);
                    break;
                case EventOp.Thread:
                    _state.Thread = ReadInt(ref reader, ReadNumber(ref reader, number));
                    break;
                case EventOp.Time:
                    _state.Microseconds = Sum(ref reader, _state.Microseconds, reader.Whole());
                    break;
            }
        }
    }

    private void Allocated(in AllocationShape shape, IAllocationSink sink)
    {
        _state.Last = shape;
        var site = new AllocationSite(shape.Stack, _state.Thread, shape.Allocator);
        sink.Allocated(new Allocation(_state.NextIndex++, site, shape.Bytes, _state.Microseconds));
    }

    private void Freed(long index, IAllocationSink sink)
    {
        _state.LastEnd = index;
        sink.Freed(index, _state.Microseconds);
    }

    private AllocationShape ReadShape(ref SpanReader reader, AllocatorKind allocator)
    {
        long bytes = reader.Whole();
        int stack = ReadInt(ref reader, Sum(ref reader, _state.ToldStack, reader.Sleb()));
        return Kept(new AllocationShape(stack, bytes, allocator));
    }

    private AllocationShape ReadSize(ref SpanReader reader, AllocatorKind allocator)
    {
        long bytes = Sum(ref reader, _state.ToldBytes, reader.Sleb());
        return bytes >= 0 ? Kept(new AllocationShape(_state.ToldStack, bytes, allocator)) : throw new BadData(Format, reader.Position, "a size below 0");
    }

    private AllocationShape Kept(in AllocationShape shape)
    {
        _state.Keep(shape);
        return shape;
    }

    private static long ReadNumber(ref SpanReader reader, int small) =>
        small > 0 ? small - 1 : Sum(ref reader, EventState.SmallNumbers, reader.Whole());

    private long Index(ref SpanReader reader, long between) => Known(ref reader, _state.NextIndex - 1 - between);

    private long Behind(ref SpanReader reader, long behind) => Known(ref reader, Sum(ref reader, _state.LastEnd, behind));

    private long Known(ref SpanReader reader, long index) =>
        index >= 0 && index < _state.NextIndex ? index : throw new BadData(Format, reader.Position, "the end of what was never allocated");

    private static int ReadInt(ref SpanReader reader, long value) =>
        value is >= 0 and <= int.MaxValue ? (int)value : throw new BadData(Format, reader.Position, $"{value} is no number of a stack or a thread");

    private static long Sum(ref SpanReader reader, long left, long right)
    {
        long sum = unchecked(left + right);
        return right >= 0 == sum >= left ? sum : throw new BadData(Format, reader.Position, "a number that is too large");
    }
}
