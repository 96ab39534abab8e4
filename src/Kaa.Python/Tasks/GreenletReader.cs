using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>
/// Reads greenlets of greenlet 2 and later: <c>PyGreenlet</c> has behind weak references and dict a pointer to a C++ object (<c>greenlet::Greenlet</c>,
/// greenlet_greenlet.hpp) in which Python's state is saved: the innermost frame as a frame object, null while it runs or once it has ended. The
/// fields before it differ by version, so it is found by its type; the object's own address, behind the saved state, tells where its parent is. Serves one
/// look.
/// </summary>
internal sealed class GreenletReader(PyObjects objects, PyLayout layout, FrameChain frames, FrameBuilder builder)
{
    /// <summary>Words of the C++ object; 24 with greenlet 2.0.2 on 3.11 (DWARF of it, built for 3.7–3.11).</summary>
    private const int MaxWords = 40;

    /// <summary>Bytes of a PyGreenlet behind its head: <c>weakreflist</c>, <c>dict</c>, <c>pimpl</c> (greenlet.h).</summary>
    private const int Size = 24;

    /// <summary>From <c>_self</c>: <c>_main_greenlet</c>, <c>_run_callable</c>, <c>_parent</c>.</summary>
    private const int ParentWord = 3;

    private bool _isKnown;

    /// <summary>Null where it does not run and is not suspended either: not begun, ended, or the one that runs.</summary>
    /// <exception cref="TargetFault">It can't be read, or is of greenlet 1, which has another structure.</exception>
    public RawTask? Read(Address greenlet, long interpreter)
    {
        if (!_isKnown || objects.Layout.Version.AtLeast(3, 12))
            throw TargetFault.Nonsense(greenlet, "a greenlet of another version");
        ulong[] words = Words(objects.Word(greenlet, 2));
        int self = Array.IndexOf(words, greenlet.Value);
        if (self < 0)
            throw TargetFault.Nonsense(greenlet, "a greenlet whose state does not name it");
        Address frame = FrameIn(words.AsSpan(0, self));
        if (frame.IsNull)
            return null;
        RawStack stack = Stack(frame);
        IReadOnlyList<StackFrame> shown = builder.BuildSuspended(stack, out string? truncated);
        Address parent = Parent(words, self);
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
            _isKnown = one.BasicSize == objects.Layout.PyObject.size + Size;
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

    /// <summary>The saved frame comes before the object's own address: what lies behind belongs to others.</summary>
    private Address FrameIn(ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            var candidate = new Address(word);
            if (word > 4096 && (word & 7) == 0 && IsFrame(candidate))
                return candidate;
        }

        return Address.Null;
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
    /// Up to 3.10 the frame object itself; in 3.11 the frame that it was made for, behind <c>f_back</c> (<c>struct _frame</c>,
    /// Include/internal/pycore_frame.h), which lies on the greenlet's own data stack. From 3.12 on frames on the C stack are part of the chain, and
    /// that stack is saved elsewhere while the greenlet sleeps: this is not for them.
    /// </summary>
    private RawStack Stack(Address frame) =>
        frames.WalkFrom(layout.Frame.previous == Offset.Absent ? frame : objects.Word(frame, 1));

    private Address Parent(ulong[] words, int self)
    {
        if (self + ParentWord >= words.Length)
            return Address.Null;
        var main = new Address(words[self + 1]);
        var parent = new Address(words[self + ParentWord]);
        return IsGreenletObject(main) && IsGreenletObject(parent) ? parent : Address.Null;
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
