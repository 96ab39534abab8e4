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
        var type = new PyType(
            address, Name(bytes.AddressAt(f.tp_name)), (TypeFlags)bytes.PointerAt(f.tp_flags), bytes.Int64At(f.tp_basicsize),
            bytes.Int64At(f.tp_itemsize), bytes.Int64At(f.tp_dictoffset), bytes.AddressAt(f.tp_repr),
            bytes.AddressAt(f.tp_members), bytes.AddressAt(f.tp_base), bytes.AddressAt(f.tp_dict), bytes.AddressAt(f.tp_mro));

        // An object's size is a matter of bytes, at most a page for types in the field; anything else is no type.
        bool plausible = type.BasicSize >= layout.PyObject.size && type.BasicSize < 1 << 24 && type.ItemSize is >= 0 and < 1 << 24
            && type.DictOffset is > -(1 << 24) and < 1 << 24;
        return plausible ? type : throw TargetFault.Nonsense(address, "no type object");
    }

    private string Name(Address address)
    {
        byte[] bytes = memory.ReadCStringBytes(address, Limits.TypeName);
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw TargetFault.Nonsense(address, "type name that is not UTF-8");
        }
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
