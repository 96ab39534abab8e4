using Kaa.Recording.Memory;

namespace Kaa.Recording.Format;

/// <summary>Turns what happened into the bytes of <see cref="BlockKind.Events"/>: an allocation takes one to six bytes, its end mostly one.</summary>
public sealed class EventEncoder(ByteSink sink)
{
    private readonly EventState _state = new();

    /// <summary>How many allocations there have been.</summary>
    public long Count => _state.NextIndex;

    /// <returns>The allocation's index, by which its end is told.</returns>
    public long Allocate(in AllocationSite site, long bytes)
    {
        SwitchTo(site.Thread);
        var shape = new AllocationShape(site.Stack, bytes, site.Allocator);
        if (shape == _state.Last && _state.NextIndex > 0)
        {
            Put(EventOp.Same, 0);
        }
        else if (_state.At(EventState.PlaceOf(shape)) == shape)
        {
            int place = EventState.PlaceOf(shape);
            Put(EventOp.Recent, place >> 8);
            sink.U8(unchecked((byte)place));
        }
        else
        {
            Tell(shape);
        }

        _state.Last = shape;
        return _state.NextIndex++;
    }

    private void Tell(in AllocationShape shape)
    {
        if (shape.Stack == _state.ToldStack)
        {
            Put(EventOp.Resized, (int)shape.Allocator);
            sink.Sleb(shape.Bytes - _state.ToldBytes);
        }
        else
        {
            Put(EventOp.New, (int)shape.Allocator);
            sink.Uleb(shape.Bytes);
            sink.Sleb((long)shape.Stack - _state.ToldStack);
        }

        _state.Keep(shape);
    }

    public void Free(long index)
    {
        long between = _state.NextIndex - 1 - index;
        long behind = index - _state.LastEnd;
        _state.LastEnd = index;

        // What is given back together was mostly allocated together, and so it is time and again.
        if (between >= EventState.SmallNumbers && Math.Abs(behind) < EventState.SameEnd)
        {
            Put(EventOp.Shrink, (int)behind + EventState.SameEnd);
        }
        else if (between >= EventState.SmallNumbers && Math.Abs(behind) < between / 2)
        {
            Put(EventOp.Time, EventState.FarEnd);
            sink.Sleb(behind);
        }
        else
        {
            PutNumber(EventOp.Free, between);
        }
    }

    public void Shrink(long index, long bytes)
    {
        Put(EventOp.Shrink, 0);
        sink.Uleb(_state.NextIndex - 1 - index);
        sink.Uleb(bytes);
    }

    /// <param name="microseconds">Since the recording began; earlier moments are taken for the latest one.</param>
    public void At(long microseconds)
    {
        if (microseconds <= _state.Microseconds)
            return;
        Put(EventOp.Time, 0);
        sink.Uleb(microseconds - _state.Microseconds);
        _state.Microseconds = microseconds;
    }

    private void SwitchTo(int thread)
    {
        if (thread == _state.Thread)
            return;
        PutNumber(EventOp.Thread, thread);
        _state.Thread = thread;
    }

    private void PutNumber(EventOp op, long number)
    {
        if (number < EventState.SmallNumbers)
        {
            Put(op, (int)number + 1);
            return;
        }

        Put(op, 0);
        sink.Uleb(number - EventState.SmallNumbers);
    }

    private void Put(EventOp op, int number) => sink.U8((byte)((int)op | number << 3));
}
