using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>An instance's attributes, wherever its version and type keep them.</summary>
internal sealed class InstanceDictReader(IMemory memory, ObjectLayout layout, TypeReader types, DictReader dicts)
{
    /// <summary>
    /// Attributes of <c>obj.__dict__</c>, in its order, without the dict having to exist.
    /// </summary>
    public IEnumerable<DictEntry> Entries(Address instance)
    {
        PyType type = types.Read(memory.ReadPointer(instance + layout.PyObject.ob_type));
        if (type.Has(TypeFlags.ManagedDict) && layout.ManagedDictForm != ManagedDictForm.None)
            return Managed(instance, type);
        Address dict = DictAt(instance, type);
        return dict.IsNull ? [] : dicts.Entries(CheckedDict(dict));
    }

    /// <summary>The dict object that holds the attributes; null where there is none, or values without one.</summary>
    public Address Dict(Address instance)
    {
        PyType type = types.Read(memory.ReadPointer(instance + layout.PyObject.ob_type));
        if (type.Has(TypeFlags.ManagedDict) && layout.ManagedDictForm != ManagedDictForm.None)
            return Address.Null;
        Address dict = DictAt(instance, type);
        return dict.IsNull ? dict : CheckedDict(dict);
    }

    private IEnumerable<DictEntry> Managed(Address instance, PyType type)
    {
        Address word = memory.ReadPointer(instance + layout.managed_dict);
        Address values = Address.Null;
        if (layout.ManagedDictForm == ManagedDictForm.TwoPointers)
            values = memory.ReadPointer(instance + layout.managed_dict - 8);
        else if (layout.ManagedDictForm == ManagedDictForm.TaggedPointer && (word.Value & 1) != 0)
            values = word + 1;
        else if (word.IsNull && type.Has(TypeFlags.InlineValues))
            values = InlineValues(instance, type);

        if (!values.IsNull)
            return ((KindDictReader)dicts).Values(CachedKeys(type), values);
        return word.IsNull ? [] : dicts.Entries(CheckedDict(word));
    }

    /// <summary>Null once they are no longer valid, which is the case after a dict took them over.</summary>
    private Address InlineValues(Address instance, PyType type)
    {
        Address values = instance + type.BasicSize;
        return memory.Read<byte>(values + 3) != 0 ? values : Address.Null;
    }

    private Address CachedKeys(PyType type) =>
        type.IsHeapType
            ? memory.ReadPointer(type.Address + layout.PyHeapTypeObject.ht_cached_keys)
            : throw TargetFault.Nonsense(type.Address, "static type with cached keys");

    /// <summary>The pointer at <c>tp_dictoffset</c>; a negative one counts from the end of an object of variable size.</summary>
    private Address DictAt(Address instance, PyType type)
    {
        long offset = type.DictOffset;
        if (offset == 0)
            return Address.Null;
        if (offset < 0)
            offset += VariableSize(instance, type);
        return offset > 0 ? memory.ReadPointer(instance + offset) : throw TargetFault.Nonsense(instance, "dict in front of its object");
    }

    /// <summary>_PyObject_VAR_SIZE: rounded up to words.</summary>
    private long VariableSize(Address instance, PyType type)
    {
        long items = type.ItemSize == 0 ? 0 : memory.Read<long>(instance + layout.ob_size);
        if (items is < -(1L << 32) or > 1L << 32)
            throw TargetFault.Nonsense(instance, "object of a size that can't be");
        return (type.BasicSize + (Math.Abs(items) * type.ItemSize) + 7) & ~7L;
    }

    private Address CheckedDict(Address dict)
    {
        PyType type = types.Read(memory.ReadPointer(dict + layout.PyObject.ob_type));
        return type.Has(TypeFlags.DictSubclass) ? dict : throw TargetFault.Nonsense(dict, "no dict");
    }
}
