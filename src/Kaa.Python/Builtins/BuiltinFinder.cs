using Kaa.Formats;
using Kaa.Python.Bytecode;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Builtins;

/// <summary>
/// Finds the C function that a frame of Python code is in, from what its value stack holds for the instruction that runs; serves one look.
/// Where that can't be known there is none.
/// </summary>
internal sealed class BuiltinFinder
{
    private readonly PyObjects _objects;
    private readonly PyLayout _layout;
    private readonly ulong _tags;
    private readonly CodeCalls _calls;
    private readonly CallableReader _callables;
    private readonly CallProof _proof;
    private readonly BlockStack _blocks;
    private readonly Dictionary<PyCode, long> _stackOffsets = [];
    private int _stacks;

    private BuiltinFinder(PyObjects objects, PyLayout layout, ulong tags, CodeCalls calls)
    {
        _objects = objects;
        _layout = layout;
        _tags = tags;
        _calls = calls;
        _callables = new CallableReader(objects, layout.Callable);
        _proof = new CallProof(objects, layout);
        _blocks = new BlockStack(objects.Memory, layout.FrameObject);
    }

    /// <summary>Null for a version whose bytecode is not known.</summary>
    /// <param name="kept">What is known of bytecode from earlier looks; null for nothing.</param>
    public static BuiltinFinder? For(PyObjects objects, PyLayout layout, ulong stackRefTags, CodeCalls? kept = null)
    {
        if (kept is null && OpcodeSet.For(objects.Layout.Version) is { } set)
            kept = new CodeCalls(objects, layout, set);
        return kept is null ? null : new BuiltinFinder(objects, layout, stackRefTags, kept);
    }

    /// <summary>The frames that follow are those of another thread.</summary>
    public void BeginStack() => _stacks = _calls.NextStack();

    /// <summary>The C function that the frame is in; null where it is in none, or that can't be known.</summary>
    /// <param name="blocked">The thread sleeps in a system call that the interpreter makes for no purpose of its own.</param>
    public BuiltinFrame? Find(RawFrame frame, bool blocked)
    {
        try
        {
            PlacesOfCall places = _calls.At(frame);
            if (places.All.Length == 0)
                return null;
            if (places.Stack != _stacks)
                (places.Stack, places.Vain) = (_stacks, 0);
            if (places.Vain >= Limits.FramesInNoBuiltin)
                return null;
            BuiltinFrame? found = FindInPlaces(frame, places.All, blocked);
            if (found is null)
                places.Vain++;
            return found;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private BuiltinFrame? FindInPlaces(RawFrame frame, PlaceOfCall[] places, bool blocked)
    {
        BuiltinFrame? found = null;
        int answers = 0;
        foreach (PlaceOfCall place in places)
        {
            if ((places.Length > 1 || place.Site.Form == CallForm.EnterByExit) && !_blocks.Are(frame.Address, place.Marks))
                continue;
            if (FindAt(frame, place, blocked) is not { } callable || !callable.IsCallable)
                continue;

            // Two ways lead here, and the frame may have come either way: they must agree.
            if (answers++ > 0 && callable.Frame != found)
                return null;
            found = callable.Frame;
        }

        return found;
    }

    /// <summary>Null where nothing can be called there.</summary>
    private Callable? FindAt(RawFrame frame, in PlaceOfCall place, bool blocked)
    {
        Address stack = Stack(frame);
        bool isAtCall = false;
        if (_layout.Frame.stackpointer != Offset.Absent)
        {
            // Saved whenever the interpreter calls out: lower once the call has returned.
            if (_objects.PointerAt(frame.Address, _layout.Frame.stackpointer) - stack != place.Depth * 8L)
                return null;
            isAtCall = true;
        }

        Address first = Slot(stack, place.Site.Slot);
        switch (place.Site.Form)
        {
            case CallForm.Plain:
                return Proved(frame, place, first, isAtCall || blocked);
            case CallForm.EmptyThenCallable:
                return first.IsNull ? Read(Slot(stack, place.Site.Slot + 1)) : null;
            case CallForm.MethodOrCallable:
                Address second = Slot(stack, place.Site.Slot + 1);
                return first.IsNull ? Read(second) : Method(frame, place, first, second, isAtCall || blocked);
            case CallForm.CallableThenSelf:
                Address self = Slot(stack, place.Site.Slot + 1);
                return self.IsNull ? Proved(frame, place, first, isAtCall || blocked) : Method(frame, place, first, self, isAtCall || blocked);
            case CallForm.EnterByExit:
                Address manager = first.IsNull ? Address.Null : _callables.BoundExit(first);
                return manager.IsNull ? null : _callables.SpecialMethod(manager, "__enter__");
            default:
                return first.IsNull ? null : _callables.SpecialMethod(first, "__enter__");
        }
    }

    /// <summary>A method that was not bound, with an object that has it; or whatever else is called with one more argument.</summary>
    private Callable? Method(RawFrame frame, in PlaceOfCall place, Address callable, Address self, bool isAtCall)
    {
        Callable? method = Read(callable);
        if (method is null || method.Frame is null || isAtCall)
            return method;
        if (!method.Owner.IsNull)
            return IsInstance(self, method.Owner) ? method : null;

        // The end of a with block: __exit__ with None for each of the three.
        if (method.Frame.Function == "__exit__" && _objects.TypeOf(self).Name == "NoneType")
            return method;
        return Proved(frame, place, callable, isAtCall: false);
    }

    private Callable? Proved(RawFrame frame, in PlaceOfCall place, Address callable, bool isAtCall)
    {
        Callable? read = Read(callable);
        if (read?.Frame is null || isAtCall)
            return read;
        return place.Loaded is { } loaded && _proof.IsWhatWasLoaded(new FrameAtLook(frame, _layout, _objects, _tags), loaded, callable, read.Frame)
            ? read
            : null;
    }

    private Callable? Read(Address callable) => callable.IsNull ? null : _callables.Read(callable);

    private bool IsInstance(Address instance, Address type)
    {
        foreach (PyType one in _objects.Mro(_objects.TypeOf(instance)))
        {
            if (one.Address == type)
                return true;
        }

        return false;
    }

    /// <summary>Where the frame's value stack begins. Up to 3.10 it is in the frame, at the same distance in all frames of a code object.</summary>
    private Address Stack(RawFrame frame)
    {
        if (_layout.Frame.localsplus != Offset.Absent)
            return frame.Address + (_layout.Frame.localsplus + (8L * frame.Code.LocalsPlusCount));
        if (!_stackOffsets.TryGetValue(frame.Code, out long offset))
        {
            offset = _objects.PointerAt(frame.Address, _layout.FrameObject.f_valuestack) - frame.Address;
            _stackOffsets.Add(frame.Code, offset);
        }

        return frame.Address + offset;
    }

    /// <summary>The object in a slot of the value stack; null address for an empty one, and for an int that lies in the slot itself (3.14+).</summary>
    private Address Slot(Address stack, int index)
    {
        ulong reference = _objects.Memory.ReadPointer(stack + (index * 8L)).Value;
        return _tags != 0 && (reference & _tags) == _tags ? Address.Null : new Address(reference & ~_tags);
    }
}
