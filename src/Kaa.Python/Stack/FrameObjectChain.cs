using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;

namespace Kaa.Python.Stack;

/// <summary>Up to 3.10: <c>PyFrameObject</c>s on the heap, linked by <c>f_back</c>; each is run by a C call of its own.</summary>
internal sealed class FrameObjectChain(PyObjects objects, PyLayout layout, PySemantics semantics) : FrameChain(objects, layout, semantics)
{
    /// <summary>Enough for all that stands in front of the block stack.</summary>
    private const int MaxExtent = 512;
    private const int CodeUnit = 2;

    private protected override void Walk(ReadOnlySpan<byte> thread, List<RawFrame> frames) => WalkFrom(thread.AddressAt(Layout.Thread.frame), frames);

    private protected override void WalkFrom(Address innermost, List<RawFrame> frames)
    {
        var guard = new CycleGuard();
        Address frame = innermost;
        while (!frame.IsNull)
        {
            if (!guard.Enter(frame, Limits.Frames))
                throw Endless(frames, frame, guard.Count);
            frames.Add(Read(frame, out frame));
        }
    }

    public override RawFrame ReadOne(Address frame) => Read(frame, out _);

    private RawFrame Read(Address frame, out Address back)
    {
        FrameObjectLayout f = Layout.FrameObject;
        if (f.f_lineno > MaxExtent - sizeof(int) || f.f_lasti > f.f_lineno)
            throw TargetFault.Nonsense(frame, "frame object of unlikely layout");
        Span<byte> buffer = stackalloc byte[MaxExtent];
        buffer = buffer[..(f.f_lineno + sizeof(int))];
        Memory.ReadExactly(frame, buffer);
        ReadOnlySpan<byte> bytes = buffer;
        CheckType(frame, bytes);
        PyCode code = Codes.Read(bytes.AddressAt(f.f_code));
        int last = bytes.Int32At(f.f_lasti);
        int instruction = Semantics.Instruction == InstructionForm.UnitOffset ? unchecked(last * CodeUnit) : last;
        bool traced = bytes.PointerAt(f.f_trace) != 0;
        back = bytes.AddressAt(f.f_back);
        return new RawFrame(frame, code, instruction, TracedLine(traced, bytes.Int32At(f.f_lineno)), Address.Null);
    }

    private void CheckType(Address frame, ReadOnlySpan<byte> bytes)
    {
        PyType type = Objects.Type(bytes.AddressAt(Objects.Layout.PyObject.ob_type));
        if (type.IsHeapType || (type.Name != "frame" && !(type.Name == PyType.Nameless && HasShapeOfFrame(type))))
            throw TargetFault.Nonsense(frame, "no frame");
    }

    /// <summary>Locals and the value stack follow the object, in pointers (PyFrame_Type, Objects/frameobject.c).</summary>
    private bool HasShapeOfFrame(PyType type) => type.ItemSize == sizeof(ulong) && type.BasicSize > Layout.FrameObject.f_lineno && type.BasicSize < MaxExtent;
}
