namespace Kaa.Python.Objects;

/// <summary>Bits of <c>tp_flags</c> (Include/object.h, Include/cpython/object.h).</summary>
[Flags]
public enum TypeFlags : ulong
{
    None = 0,

    /// <summary>3.13+: values lie behind the object.</summary>
    InlineValues = 1UL << 2,

    /// <summary>3.11+: the dict's pointer lies in front of the object.</summary>
    ManagedDict = 1UL << 4,

    /// <summary>3.10+: attributes can't be set; no class statement makes such a type.</summary>
    ImmutableType = 1UL << 8,

    HeapType = 1UL << 9,

    /// <summary>Can be derived from; every class statement's type can.</summary>
    BaseType = 1UL << 10,

    /// <summary>2.7: <c>int</c>, as opposed to <c>long</c>.</summary>
    IntSubclass = 1UL << 23,

    LongSubclass = 1UL << 24,
    ListSubclass = 1UL << 25,
    TupleSubclass = 1UL << 26,

    /// <summary>2.7: <c>str</c>.</summary>
    BytesSubclass = 1UL << 27,

    UnicodeSubclass = 1UL << 28,
    DictSubclass = 1UL << 29,
    BaseExceptionSubclass = 1UL << 30,
    TypeSubclass = 1UL << 31,

    /// <summary>All that mark subclasses, but those of whole numbers.</summary>
    OtherSubclasses = ListSubclass | TupleSubclass | BytesSubclass | UnicodeSubclass | DictSubclass | BaseExceptionSubclass | TypeSubclass,
}
