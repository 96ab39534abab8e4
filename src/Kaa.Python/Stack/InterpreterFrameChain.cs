using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;

namespace Kaa.Python.Stack;

/// <summary>
/// Since 3.11: <c>_PyInterpreterFrame</c>s on the thread's data stack or inside generators, linked by <c>previous</c>; one C call of the
/// eval function can run many. InternalDocs/frames.md.
/// </summary>
internal sealed class InterpreterFrameChain(PyObjects objects, PyLayout layout, PySemantics semantics) : FrameChain(objects, layout, semantics)
{
    /// <summary><c>enum _frameowner</c>.</summary>
    private const byte OwnedByGenerator = 1;

    /// <summary>
    /// FRAME_OWNED_BY_CSTACK (3.12, 3.13), FRAME_OWNED_BY_INTERPRETER (3.14+): an entry frame, which runs no code of the program's.
    /// </summary>
    private const byte OwnedByEval = 3;

    private const int CodeUnit = 2;

    private readonly FrameLayout _f = layout.Frame;

    private protected override void Walk(ReadOnlySpan<byte> thread, List<RawFrame> frames)
    {
        using var stack = new DataStack(Memory, Layout.StackChunk, thread.AddressAt(Layout.Thread.datastack_chunk), _f.localsplus);
        var evals = new EvalFrames(Memory, Layout, thread);
        Address baseFrame = Layout.Thread.base_frame == Offset.Absent ? Address.Null : thread.AddressAt(Layout.Thread.base_frame);
        var guard = new CycleGuard();
        Address last = Address.Null;
        for (Address frame = evals.Innermost; !frame.IsNull;)
        {
            if (!guard.Enter(frame, Limits.Frames))
                throw Endless(frames, frame, guard.Count);
            ReadOnlySpan<byte> bytes = stack.Frame(frame);
            byte owner = bytes[_f.owner];
            Address previous = bytes.AddressAt(_f.previous);
            if (owner >= OwnedByEval)
                evals.Close(frames, frame);
            else
                Add(frames, frame, owner, bytes, ref evals);
            last = frame;
            frame = previous;
        }

        if (!baseFrame.IsNull && last != baseFrame && !last.IsNull)
            throw TargetFault.Nonsense(last, "a chain of frames that ends too early");
    }

    public override RawFrame ReadOne(Address frame)
    {
        var frames = new List<RawFrame>(1);
        EvalFrames evals = default;
        byte[] bytes = FrameBytes(frame);
        Add(frames, frame, bytes[_f.owner], bytes, ref evals);
        return frames.Count == 1 ? frames[0] : throw TargetFault.Nonsense(frame, "a frame that has not begun");
    }

    private protected override void WalkFrom(Address innermost, List<RawFrame> frames)
    {
        EvalFrames evals = default;
        var guard = new CycleGuard();
        for (Address frame = innermost; !frame.IsNull;)
        {
            if (!guard.Enter(frame, Limits.Frames))
                throw Endless(frames, frame, guard.Count);
            byte[] bytes = FrameBytes(frame);
            byte owner = bytes[_f.owner];
            if (owner < OwnedByEval)
                Add(frames, frame, owner, bytes, ref evals);
            frame = ((ReadOnlySpan<byte>)bytes).AddressAt(_f.previous);
        }
    }

    private byte[] FrameBytes(Address frame)
    {
        byte[] bytes = new byte[_f.localsplus];
        Memory.ReadExactly(frame, bytes);
        return bytes;
    }

    private void Add(List<RawFrame> frames, Address frame, byte owner, ReadOnlySpan<byte> bytes, ref EvalFrames evals)
    {
        bool isEntry = _f.is_entry != Offset.Absent && bytes[_f.is_entry] != 0;
        Address frameObject = bytes.AddressAt(_f.frame_obj);
        PyCode code = Codes.Read(new Address(bytes.PointerAt(_f.f_executable) & ~Semantics.StackRefTags));
        long instruction = bytes.AddressAt(_f.instr_ptr) - Bytecode(code, bytes);

        // _PyFrame_IsIncomplete: up to its first traceable instruction a frame is still being made, unless a generator owns it.
        bool incomplete = owner != OwnedByGenerator && instruction < code.FirstTraceable;
        if (instruction < -CodeUnit || instruction >= code.Length)
            throw TargetFault.Nonsense(frame, "an instruction outside of its code");
        if (!incomplete)
            frames.Add(new RawFrame(frame, code, (int)instruction, TracedLine(frameObject), Address.Null));
        if (isEntry)
            evals.Close(frames, Address.Null);
    }

    /// <summary>Free-threaded builds run a copy of the bytecode for each thread (3.14+); the frame knows which.</summary>
    private Address Bytecode(PyCode code, ReadOnlySpan<byte> bytes)
    {
        if (code.ThreadLocalBytecode.IsNull || _f.tlbc_index == Offset.Absent)
            return code.Bytecode;
        int index = bytes.Int32At(_f.tlbc_index);
        long count = Memory.Read<long>(code.ThreadLocalBytecode);
        if (index < 0 || index >= count)
            throw TargetFault.Nonsense(code.Address, "index of a copy of the bytecode that does not exist");
        Address copy = Memory.ReadPointer(code.ThreadLocalBytecode + sizeof(long) + (index * (long)sizeof(long)));
        return copy.IsNull ? code.Bytecode : copy;
    }

    private int? TracedLine(Address frameObject) =>
        !frameObject.IsNull && Memory.TryRead(frameObject + Layout.FrameObject.f_lineno, out int line) ? TracedLine(traced: false, line) : null;
}
