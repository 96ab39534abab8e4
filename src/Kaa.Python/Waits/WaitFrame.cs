using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Waits;

/// <summary>What the waits of one look share: names of variables by code object, where slots lie, which bits tag them.</summary>
internal sealed class WaitFrames(PyObjects objects, PyLayout layout, ulong stackRefTags)
{
    private readonly Dictionary<Address, string[]> _names = [];
    private readonly LiveStack _live = new(objects, layout);

    public IWaitFrame Of(RawFrame frame) => new WaitFrame(this, frame);

    private string[] Names(PyCode code)
    {
        if (!_names.TryGetValue(code.Address, out string[]? names))
        {
            names = ReadNames(code.Address);
            _names.Add(code.Address, names);
        }

        return names;
    }

    private string[] ReadNames(Address code)
    {
        int field = layout.Code.co_localsplusnames == Offset.Absent ? layout.Code.co_varnames : layout.Code.co_localsplusnames;
        var names = new List<string>();
        foreach (Address name in objects.Tuple(objects.PointerAt(code, field), Limits.Locals))
            names.Add(objects.TryReadString(name, Limits.CodeName) ?? "");
        return [.. names];
    }

    /// <summary>Where the first local lies, and where the value stack begins.</summary>
    private (Address Locals, Address Stack) Places(RawFrame frame)
    {
        if (layout.Frame.localsplus == Offset.Absent)
        {
            Address stack = objects.PointerAt(frame.Address, layout.FrameObject.f_valuestack);
            return (frame.Address + layout.FrameObject.f_localsplus, stack);
        }

        Address locals = frame.Address + layout.Frame.localsplus;
        return (locals, locals + (8L * frame.Code.LocalsPlusCount));
    }

    /// <summary>The object in a slot; null address for an empty one, and for an int that lies in the slot itself (all tag bits set, 3.15+).</summary>
    private Address Object(Address slot)
    {
        ulong value = slot.Value;
        return stackRefTags != 0 && (value & 3) == 3 ? Address.Null : new Address(value & ~stackRefTags);
    }

    private sealed class WaitFrame(WaitFrames shared, RawFrame frame) : IWaitFrame
    {
        public string? Function => frame.Code.Name;

        public string? File => frame.Code.File;

        public int? Line => frame.Code.Locate(frame.Instruction).Line;

        public IEnumerable<Address> Slots => shared.Slots(frame);

        public IReadOnlyList<Address> LiveStack => shared.Alive(frame);

        public Address Local(string name) => shared.Local(frame, name);
    }

    private Address Local(RawFrame frame, string name)
    {
        try
        {
            int index = Array.IndexOf(Names(frame.Code), name);
            if (index < 0)
                return Address.Null;
            Address value = Object(objects.Memory.ReadPointer(Places(frame).Locals + (8L * index)));
            return !value.IsNull && objects.TypeOf(value).Name == "cell" ? objects.PointerAt(value, objects.Layout.PyObject.size) : value;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return Address.Null;
        }
    }

    private List<Address> Slots(RawFrame frame)
    {
        var slots = new List<Address>();
        try
        {
            (Address locals, Address stack) = Places(frame);
            long count = ((stack - locals) / 8) + frame.Code.StackSize;
            if (count is > 0 and <= Limits.Locals)
                Collect(locals, (int)count, slots);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // A slot that can't be read proves nothing; those before it may.
        }

        return slots;
    }

    private List<Address> Alive(RawFrame frame)
    {
        var slots = new List<Address>();
        try
        {
            if (_live.Depth(frame) is > 0 and int depth)
                Collect(Places(frame).Stack, depth, slots);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            slots.Clear();
        }

        return slots;
    }

    private void Collect(Address first, int count, List<Address> slots)
    {
        foreach (Address slot in objects.Pointers(first, count))
        {
            Address value = Object(slot);
            if (!value.IsNull)
                slots.Add(value);
        }
    }
}
