using System.Text;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>Reads type objects once each, and refuses what is none: a type's own type must be a subclass of <c>type</c>.</summary>
internal sealed class TypeReader(IMemory memory, ObjectLayout layout)
{
    private const int MaxSize = 512;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<Address, PyType> _types = [];

    /// <exception cref="TargetFault">No type object lies there.</exception>
    public PyType Read(Address address)
    {
        if (_types.TryGetValue(address, out PyType? known))
            return known;

        Span<byte> bytes = stackalloc byte[MaxSize];
        bytes = bytes[..layout.PyTypeObject.size];
        memory.ReadExactly(address, bytes);
        CheckMetatype(address, bytes);
        PyType type = Decode(address, bytes);
        _types.Add(address, type);
        return type;
    }

    private PyType Decode(Address address, ReadOnlySpan<byte> bytes)
    {
        PyTypeFields f = layout.PyTypeObject;
        var flags = (TypeFlags)bytes.PointerAt(f.tp_flags);
        var type = new PyType(
            address, Name(bytes.AddressAt(f.tp_name)) ?? NameByShape(flags, bytes.AddressAt(f.tp_base)), flags, bytes.Int64At(f.tp_basicsize),
            bytes.Int64At(f.tp_itemsize), bytes.Int64At(f.tp_dictoffset), bytes.AddressAt(f.tp_repr),
            bytes.AddressAt(f.tp_members), bytes.AddressAt(f.tp_base), bytes.AddressAt(f.tp_dict), bytes.AddressAt(f.tp_mro));

        // An object's size is a matter of bytes, at most a page for types in the field; anything else is no type.
        bool plausible = type.BasicSize >= layout.PyObject.size && type.BasicSize < 1 << 24 && type.ItemSize is >= 0 and < 1 << 24
            && type.DictOffset is > -(1 << 24) and < 1 << 24;
        return plausible ? type : throw TargetFault.Nonsense(address, "no type object");
    }

    /// <summary>Null where it can't be read: names of C types lie among a file's constants, which a core may leave to the file.</summary>
    private string? Name(Address address)
    {
        try
        {
            return s_strict.GetString(memory.ReadCStringBytes(address, Limits.TypeName));
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped && !address.IsNull)
        {
            return null;
        }
        catch (DecoderFallbackException)
        {
            throw TargetFault.Nonsense(address, "type name that is not UTF-8");
        }
    }

    /// <summary>
    /// The types that mark their subclasses are known by that mark, as C types that derive from <c>object</c> itself: what derives from them in C has one base
    /// more. (Those of classes made in Python lie in memory of the program's own, and can be read.)
    /// </summary>
    private string NameByShape(TypeFlags flags, Address parent)
    {
        if ((flags & TypeFlags.HeapType) != 0)
            return PyType.Nameless;
        if (parent.IsNull)
            return "object";

        // 3.12 and later have another meaning for the bit of 2.7's int.
        TypeFlags whole = layout.Version.Major == 2 ? TypeFlags.IntSubclass | TypeFlags.LongSubclass : TypeFlags.LongSubclass;
        if (!memory.TryReadPointer(parent + layout.PyTypeObject.tp_base, out Address grandparent) || !grandparent.IsNull)
            return (flags & whole) != 0 ? "bool" : PyType.Nameless;
        return (flags & (whole | TypeFlags.OtherSubclasses)) switch
        {
            TypeFlags.IntSubclass => "int",
            TypeFlags.LongSubclass => layout.Version.Major == 2 ? "long" : "int",
            TypeFlags.ListSubclass => "list",
            TypeFlags.TupleSubclass => "tuple",
            TypeFlags.BytesSubclass => layout.Version.Major == 2 ? "str" : "bytes",
            TypeFlags.UnicodeSubclass => layout.Version.Major == 2 ? "unicode" : "str",
            TypeFlags.DictSubclass => "dict",
            TypeFlags.TypeSubclass => "type",
            _ => PyType.Nameless,
        };
    }

    /// <summary>Follows type → metatype up to a type that is its own type, which <c>type</c> alone is (and test doubles of it).</summary>
    private void CheckMetatype(Address address, ReadOnlySpan<byte> bytes)
    {
        Address metatype = bytes.AddressAt(layout.PyObject.ob_type);
        ulong flags = bytes.PointerAt(layout.PyTypeObject.tp_flags);
        if (metatype != address)
        {
            if (_types.TryGetValue(metatype, out PyType? known))
                flags = (ulong)known.Flags;
            else if (!memory.TryRead(metatype + layout.PyTypeObject.tp_flags, out flags))
                throw TargetFault.Nonsense(address, "no type object");
        }

        if (((TypeFlags)flags & TypeFlags.TypeSubclass) == 0)
            throw TargetFault.Nonsense(address, "no type object");
    }
}
