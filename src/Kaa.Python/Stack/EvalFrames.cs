using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Stack;

/// <summary>
/// Tells which frames are run by which C call of the eval function. In 3.11 the calls are linked by a <c>_PyCFrame</c> on each one's
/// stack, and the last frame of each says so (<c>is_entry</c>); since 3.12 an entry frame on its stack ends the frames of a call.
/// </summary>
internal struct EvalFrames
{
    private readonly IMemory _memory;
    private readonly PyLayout _layout;
    private readonly bool _byCFrame;
    private Address _cframe;
    private int _done;

    public EvalFrames(IMemory memory, PyLayout layout, ReadOnlySpan<byte> thread)
    {
        _memory = memory;
        _layout = layout;
        _byCFrame = layout.Frame.is_entry != Offset.Absent;
        if (layout.Thread.cframe == Offset.Absent)
        {
            Innermost = thread.AddressAt(layout.Thread.current_frame);
            return;
        }

        _cframe = thread.AddressAt(layout.Thread.cframe);
        Innermost = memory.ReadPointer(_cframe + layout.CFrame.current_frame);
    }

    /// <summary>The innermost frame; null address where the thread runs none.</summary>
    public Address Innermost { get; }

    /// <summary>The frames since the last call of this belong to one eval call.</summary>
    /// <param name="entry">Its entry frame; null address in 3.11.</param>
    public void Close(List<RawFrame> frames, Address entry)
    {
        Address mark = _byCFrame ? NextCFrame() : entry;
        Span<RawFrame> all = CollectionsMarshal.AsSpan(frames);
        for (; _done < all.Length; _done++)
            all[_done] = all[_done] with { EvalFrame = mark };
    }

    private Address NextCFrame()
    {
        Address cframe = _cframe;
        if (!cframe.IsNull && !_memory.TryReadPointer(cframe + _layout.CFrame.previous, out _cframe))
            _cframe = Address.Null;
        return cframe;
    }
}
