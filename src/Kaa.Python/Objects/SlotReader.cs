using System.Text;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>A member that a type keeps in its instances, at a fixed offset: one of <c>__slots__</c>, or a C type's own.</summary>
public readonly record struct Slot(string Name, long Offset);

/// <summary>Reads <c>tp_members</c>, where <c>__slots__</c> and the members of C types are described.</summary>
internal sealed class SlotReader(IMemory memory, ObjectLayout layout)
{
    /// <summary>T_OBJECT and T_OBJECT_EX (Include/structmember.h): a pointer to an object.</summary>
    private const int TypeObject = 6;
    private const int TypeObjectEx = 16;

    private readonly Dictionary<Address, Slot[]> _slots = [];

    /// <summary>Members of this type alone, not of its bases.</summary>
    public Slot[] Read(PyType type)
    {
        if (type.Members.IsNull)
            return [];
        if (!_slots.TryGetValue(type.Address, out Slot[]? slots))
        {
            slots = ReadMembers(type);
            _slots.Add(type.Address, slots);
        }

        return slots;
    }

    private Slot[] ReadMembers(PyType type)
    {
        PyMemberDefFields f = layout.PyMemberDef;
        Span<byte> bytes = stackalloc byte[40];
        List<Slot> slots = [];
        Address at = type.Members;
        for (int i = 0; ; i++, at += f.size)
        {
            if (i == Limits.Attributes)
                throw TargetFault.Nonsense(type.Members, "members without an end");
            memory.ReadExactly(at, bytes[..f.size]);
            ReadOnlySpan<byte> member = bytes;
            Address name = member.AddressAt(f.name);
            if (name.IsNull)
                return [.. slots];
            if (member.Int32At(f.type) is TypeObject or TypeObjectEx && ObjectSlot(type, name, member.Int64At(f.offset)) is { } slot)
                slots.Add(slot);
        }
    }

    /// <summary>Dunder names (<c>__dict__</c> and the like) belong to the machinery.</summary>
    private Slot? ObjectSlot(PyType type, Address name, long offset)
    {
        if (offset < layout.PyObject.size || offset > type.BasicSize - 8)
            return null;
        string text = Encoding.UTF8.GetString(memory.ReadCStringBytes(name, Limits.TypeName));
        bool dunder = text.StartsWith("__", StringComparison.Ordinal) && text.EndsWith("__", StringComparison.Ordinal);
        return dunder ? null : new Slot(text, offset);
    }
}
