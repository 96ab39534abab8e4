using Kaa.Formats;

namespace Kaa.Python.Objects;

/// <summary>A type object, as far as reading its instances needs it.</summary>
/// <param name="Name"><c>tp_name</c>: <c>int</c>, <c>collections.deque</c>; for a class made in Python its bare <c>__name__</c>.</param>
/// <param name="DictOffset">As <c>tp_dictoffset</c>: 0 for none, negative from the end of objects of variable size.</param>
/// <param name="Base">Null for <c>object</c> alone.</param>
public sealed record PyType(
    Address Address, string Name, TypeFlags Flags, long BasicSize, long ItemSize, long DictOffset, Address Repr, Address Members,
    Address Base, Address Dict, Address Mro)
{
    /// <summary>The <see cref="Name"/> of a type whose name can't be read.</summary>
    public const string Nameless = "(unnamed type)";

    public bool IsHeapType => Has(TypeFlags.HeapType);

    /// <summary><c>type.__name__</c>.</summary>
    public string ShortName => Name[(Name.LastIndexOf('.') + 1)..];

    public bool Has(TypeFlags flag) => (Flags & flag) != 0;

    public bool Equals(PyType? other) => other is not null && other.Address == Address;

    public override int GetHashCode() => Address.GetHashCode();
}
