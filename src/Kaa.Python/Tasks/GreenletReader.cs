using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>
/// Reads greenlets of greenlet 2 and later: <c>PyGreenlet</c> has behind weak references and dict a pointer to a C++ object (<c>greenlet::Greenlet</c>,
/// greenlet_greenlet.hpp, TGreenlet.hpp) in which Python's state is saved: the innermost frame as a frame object, null while it runs or once it has ended.
/// The fields before it differ by version, so it is found by its type; the main greenlet, behind the saved state, tells where its parent is. Greenlet 0.4 and
/// 1 have all of it in <c>PyGreenlet</c> itself (<see cref="PlainGreenlet"/>). Serves one look.
/// </summary>
/// <param name="framesOf">Frames as they are read through a memory.</param>
internal sealed class GreenletReader(PyObjects objects, PyLayout layout, Func<PyObjects, FrameChain> framesOf, FrameBuilder builder)
{
    /// <summary>Words of the C++ object; 24 with greenlet 2.0.2 on 3.11 (DWARF of it, built for 3.7–3.11), 25 with greenlet 3.3.2 on 3.14.</summary>
    private const int MaxWords = 40;

    /// <summary>Bytes of a PyGreenlet behind its head: <c>weakreflist</c>, <c>dict</c>, <c>pimpl</c> (greenlet.h).</summary>
    private const int Size = 24;

    /// <summary>From <c>_main_greenlet</c>: <c>_run_callable</c>, <c>_parent</c>.</summary>
    private const int ParentWord = 2;

    /// <summary>
    /// Greenlet 2 has <c>_self</c> right before <c>_main_greenlet</c>; greenlet 3 in the base class, right behind the pointer to virtual functions.
    /// </summary>
    private const int SelfWordOf3 = 1;

    /// <summary>
    /// From the frame: <c>stack_start</c>, <c>stack_stop</c>, <c>stack_copy</c>, <c>_stack_saved</c>, <c>stack_prev</c> of <c>StackState</c>, then the context.
    /// </summary>
    private const int StackWord = -6;

    private long _size;

    /// <summary>Null where it does not run and is not suspended either: not begun, ended, or the one that runs.</summary>
    /// <exception cref="TargetFault">It can't be read, or is of a version with another structure.</exception>
    public RawTask? Read(Address greenlet, long interpreter) =>
        _size == Size ? ReadState(greenlet, interpreter)
        : _size >= PlainGreenlet.SmallestSize ? ReadPlain(greenlet, interpreter)
        : throw TargetFault.Nonsense(greenlet, "a greenlet of another version");

    private RawTask? ReadPlain(Address greenlet, long interpreter)
    {
        var plain = new PlainGreenlet(Words(greenlet + objects.Layout.PyObject.size));
        if (!plain.IsActive || plain.Frame.IsNull)
            return null;
        if (!IsFrame(plain.Frame) || (!plain.Parent.IsNull && !IsGreenletObject(plain.Parent)))
            throw TargetFault.Nonsense(greenlet, "a greenlet of another version");
        return Suspended(greenlet, interpreter, Stack(plain.Words, PlainGreenlet.FrameWord), plain.Parent);
    }

    private RawTask? ReadState(Address greenlet, long interpreter)
    {
        ulong[] words = Words(objects.Word(greenlet, 2));
        int self = Array.IndexOf(words, greenlet.Value);
        if (self < 0)
            throw TargetFault.Nonsense(greenlet, "a greenlet whose state does not name it");
        int main = self == SelfWordOf3 ? MainIn(words, self + 1) : self + 1;
        int place = FrameIn(words.AsSpan(0, main));
        if (place < 0)
            return null;
        return Suspended(greenlet, interpreter, Stack(words, place), Parent(words, main));
    }

    private RawTask Suspended(Address greenlet, long interpreter, RawStack stack, Address parent)
    {
        IReadOnlyList<StackFrame> shown = builder.BuildSuspended(stack, out string? truncated);
        string? parentType = parent.IsNull ? null : TypeName(parent);
        return new RawTask
        {
            Address = greenlet,
            Kind = TaskKind.Greenlet,
            Interpreter = interpreter,
            Name = Name(greenlet),
            State = TaskPhase.Pending,
            Loop = parent,
            LoopType = parentType,
            Frames = shown,
            Truncated = truncated,
        };
    }

    /// <summary>True for <c>greenlet.greenlet</c> and what derives from it.</summary>
    public bool IsGreenlet(PyType type)
    {
        foreach (PyType one in objects.Mro(type))
        {
            if (one.Name != "greenlet.greenlet")
                continue;
            _size = one.BasicSize - objects.Layout.PyObject.size;
            return true;
        }

        return false;
    }

    private ulong[] Words(Address state)
    {
        Span<byte> bytes = stackalloc byte[MaxWords * 8];
        int got = objects.Memory.Read(state, bytes);
        ulong[] words = new ulong[got / 8];
        for (int i = 0; i < words.Length; i++)
            words[i] = ((ReadOnlySpan<byte>)bytes).PointerAt(i * 8);
        return words.Length > 0 ? words : throw TargetFault.Unmapped(state, 8);
    }

    /// <exception cref="TargetFault">It has none, so it is of a version that is not known.</exception>
    private int MainIn(ulong[] words, int from)
    {
        for (int i = from; i < words.Length; i++)
        {
            if (IsGreenletObject(new Address(words[i])))
                return i;
        }

        throw TargetFault.Nonsense(new Address(words[0]), "a greenlet whose state names no main greenlet");
    }

    /// <summary>The word of the saved frame, which comes before the main greenlet; negative where there is none.</summary>
    private int FrameIn(ReadOnlySpan<ulong> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            var candidate = new Address(words[i]);
            if (words[i] > 4096 && (words[i] & 7) == 0 && IsFrame(candidate))
                return i;
        }

        return -1;
    }

    private bool IsFrame(Address candidate)
    {
        try
        {
            return objects.TypeOf(candidate) is { Name: "frame", IsHeapType: false };
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return false;
        }
    }

    /// <summary>
    /// Up to 3.10 the frame object itself; since 3.11 the frame that it was made for, behind <c>f_back</c> (<c>struct _frame</c>,
    /// Include/internal/pycore_frame.h), which lies on the greenlet's own data stack. From 3.12 on frames of the eval function are part of the chain. They
    /// lie on the C stack, of which greenlet saves what another one needs the room of.
    /// </summary>
    private RawStack Stack(ulong[] words, int place)
    {
        var frame = new Address(words[place]);
        if (layout.Frame.previous == Offset.Absent)
            return framesOf(objects).WalkFrom(frame);
        Address innermost = objects.Word(frame, 1);
        if (!objects.Layout.Version.AtLeast(3, 12))
            return framesOf(objects).WalkFrom(innermost);
        if (place + StackWord < 0)
            throw TargetFault.Nonsense(frame, "a greenlet without a saved stack");
        ReadOnlySpan<ulong> state = words.AsSpan(place + StackWord, 4);
        (ulong start, ulong stop, ulong copy, ulong saved) = (state[0], state[1], state[2], state[3]);
        if (start >= stop || saved > stop - start || (saved > 0 && copy == 0))
            throw TargetFault.Nonsense(frame, "a greenlet whose saved stack makes no sense");
        var memory = new SpilledStack(objects.Memory, new Address(start), saved, new Address(copy));
        return framesOf(new PyObjects(memory, objects.Layout)).WalkFrom(innermost);
    }

    private Address Parent(ulong[] words, int main)
    {
        if (main + ParentWord >= words.Length)
            return Address.Null;
        var parent = new Address(words[main + ParentWord]);
        return IsGreenletObject(new Address(words[main])) && IsGreenletObject(parent) ? parent : Address.Null;
    }

    private bool IsGreenletObject(Address candidate)
    {
        try
        {
            return !candidate.IsNull && IsGreenlet(objects.TypeOf(candidate));
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return false;
        }
    }

    private string? Name(Address greenlet)
    {
        Address name = objects.Attribute(greenlet, "name");
        return objects.TryReadString(name, Limits.ThreadName) ?? TypeName(greenlet);
    }

    private string? TypeName(Address instance) => objects.TypeName(objects.TypeOf(instance));
}
