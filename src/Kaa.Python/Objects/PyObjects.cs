using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>
/// Reads Python objects: types, text, numbers, containers, attributes. What was read of types is kept, so an instance serves one
/// look and is thrown away. Every method throws <see cref="TargetFault"/> where memory is unreadable or makes no sense.
/// </summary>
public sealed class PyObjects
{
    private const int FirstPiece = 64 << 10;

    private readonly TypeReader _types;
    private readonly UnicodeReader _unicode;
    private readonly LongReader _longs;
    private readonly DictReader _dicts;
    private readonly InstanceDictReader _instances;
    private readonly SlotReader _slots;
    private readonly TypeNames _names;
    private readonly StringHash? _hash;

    public PyObjects(IMemory memory, ObjectLayout layout)
        : this(memory, layout, null)
    {
    }

    /// <param name="hash">Null where the interpreter's secret is not known.</param>
    internal PyObjects(IMemory memory, ObjectLayout layout, StringHash? hash)
    {
        _hash = hash;
        Memory = memory;
        Layout = layout;
        _types = new TypeReader(memory, layout);
        _unicode = new UnicodeReader(memory, layout);
        _longs = new LongReader(memory, layout);
        _dicts = DictReader.For(memory, layout);
        _instances = new InstanceDictReader(memory, layout, _types, _dicts);
        _slots = new SlotReader(memory, layout);
        _names = new TypeNames(this);
    }

    public IMemory Memory { get; }

    public ObjectLayout Layout { get; }

    /// <summary>The pointer at an object's field.</summary>
    public Address PointerAt(Address instance, int offset) => Memory.ReadPointer(instance + offset);

    /// <summary>The n-th pointer behind the object's head.</summary>
    public Address Word(Address instance, int index) => Memory.ReadPointer(instance + (Layout.PyObject.size + (index * 8)));

    /// <summary>The n-th word behind the object's head, as a number.</summary>
    public long Number(Address instance, int index) => Memory.Read<long>(instance + (Layout.PyObject.size + (index * 8)));

    /// <summary>The type of an object.</summary>
    public PyType TypeOf(Address instance) => _types.Read(Memory.ReadPointer(instance + Layout.PyObject.ob_type));

    /// <summary>A type object itself.</summary>
    public PyType Type(Address type) => _types.Read(type);

    /// <summary>True for a readable object of that built-in type or a subclass of it.</summary>
    public bool Is(Address instance, TypeFlags subclass) =>
        !instance.IsNull && Memory.TryReadPointer(instance + Layout.PyObject.ob_type, out Address type)
        && TryType(type)?.Has(subclass) == true;

    /// <summary>
    /// True where one of the type's method resolution order has this <c>tp_name</c> (for a C type with its module, see
    /// <see cref="PyType.Name"/>).
    /// </summary>
    public bool IsInstance(Address instance, string typeName)
    {
        foreach (PyType type in Mro(TypeOf(instance)))
        {
            if (type.Name == typeName)
                return true;
        }

        return false;
    }

    /// <summary>The type itself first, <c>object</c> last; a type that is not ready has only its chain of bases.</summary>
    public IEnumerable<PyType> Mro(PyType type)
    {
        if (!type.Mro.IsNull && Is(type.Mro, TypeFlags.TupleSubclass))
        {
            foreach (Address address in Tuple(type.Mro, Limits.TypeDepth))
            {
                // 2.7's old-style classes can be bases too, and are no types.
                if (TryType(address) is { } one)
                    yield return one;
            }

            yield break;
        }

        for (int i = 0; i < Limits.TypeDepth; i++)
        {
            yield return type;
            if (type.Base.IsNull)
                yield break;
            type = Type(type.Base);
        }
    }

    /// <summary>
    /// As tracebacks name it: <c>int</c>, <c>Service.Inner</c>, <c>collections.deque</c>; without <c>builtins</c> and <c>__main__</c>.
    /// </summary>
    public string TypeName(PyType type) => _names.FullName(type);

    /// <summary><c>__module__</c> and <c>__qualname__</c>; the module is null where there is none to be read.</summary>
    public (string? Module, string QualifiedName) TypeModuleAndName(PyType type) => _names.ModuleAndName(type);

    /// <summary>
    /// The text of a str (2.7: of a unicode, or of a str as UTF-8, else as Latin-1), cut after <paramref name="maxChars"/> characters
    /// of UTF-16.
    /// </summary>
    public string ReadString(Address text, int maxChars) => TextDecoder.Decode(Memory, Text(text), maxChars);

    /// <summary>Null where it is none, or can't be read.</summary>
    public string? TryReadString(Address text, int maxChars)
    {
        try
        {
            return text.IsNull ? null : ReadString(text, maxChars);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    /// <summary>Where the characters of a str (2.7: unicode or str) lie.</summary>
    public TextData Text(Address text)
    {
        PyType type = TypeOf(text);
        if (type.Has(TypeFlags.UnicodeSubclass))
            return _unicode.Locate(text);
        if (Layout.Version.Major == 2 && type.Has(TypeFlags.BytesSubclass))
            return new TextData(text + Layout.ob_sval, Size(text), UnitSize: 1, Bytes: true);
        throw TargetFault.Nonsense(text, "no str");
    }

    /// <summary>The number; null where it is too large to be printed (<see cref="Limits.IntDigits"/>).</summary>
    public BigInteger? ReadInt(Address number)
    {
        PyType type = TypeOf(number);
        if (type.Has(TypeFlags.LongSubclass))
            return _longs.Read(number);
        if (Layout.Version.Major == 2 && type.Has(TypeFlags.IntSubclass))
            return Memory.Read<long>(number + Layout.PyObject.size);
        throw TargetFault.Nonsense(number, "no int");
    }

    /// <summary>A number that fits, or a fault.</summary>
    public long ReadInt64(Address number) =>
        ReadInt(number) is { } value && value >= long.MinValue && value <= long.MaxValue
            ? (long)value
            : throw TargetFault.Nonsense(number, "int beyond 64 bits");

    /// <summary>How many bits an int's magnitude has at most.</summary>
    public BigInteger IntBits(Address number) => (BigInteger)_longs.Size(number).Digits * Layout.PyLongObject.PyLong_SHIFT;

    /// <summary><c>ob_size</c> of a tuple, list, bytes, bytearray, deque.</summary>
    public long Size(Address variable)
    {
        long size = Memory.Read<long>(variable + Layout.ob_size);
        return size >= 0 ? size : throw TargetFault.Nonsense(variable, "negative length");
    }

    /// <summary>The bytes of a bytes object (2.7: str), at most <paramref name="max"/>.</summary>
    public byte[] ReadBytes(Address bytes, int max)
    {
        Require(bytes, TypeFlags.BytesSubclass, "bytes");
        return ReadRaw(bytes + Layout.ob_sval, Size(bytes), max);
    }

    /// <summary>Items of a tuple.</summary>
    public IEnumerable<Address> Tuple(Address tuple, long max)
    {
        Require(tuple, TypeFlags.TupleSubclass, "tuple");
        return Pointers(tuple + Layout.tuple_ob_item, Math.Min(Size(tuple), max));
    }

    /// <summary>Items of a list.</summary>
    public IEnumerable<Address> List(Address list, long max)
    {
        Require(list, TypeFlags.ListSubclass, "list");
        long size = Size(list);
        long allocated = Memory.Read<long>(list + Layout.PyListObject.allocated);

        // list.sort() empties the list while it runs, and sets allocated to -1 (Objects/listobject.c).
        if (allocated >= 0 && size > allocated)
            throw TargetFault.Nonsense(list, "list longer than its place");
        return size == 0 ? [] : Pointers(Memory.ReadPointer(list + Layout.PyListObject.ob_item), Math.Min(size, max));
    }

    /// <summary>Pointers in a row, read a batch at a time.</summary>
    public IEnumerable<Address> Pointers(Address first, long count)
    {
        const int Batch = 64;
        byte[] buffer = new byte[(int)Math.Min(Batch, count) * 8];
        for (long done = 0; done < count; done += Batch)
        {
            int batch = (int)Math.Min(Batch, count - done);
            Memory.ReadExactly(first + (done * 8), buffer.AsSpan(0, batch * 8));
            for (int i = 0; i < batch; i++)
                yield return new Address(BitConverter.ToUInt64(buffer, i * 8));
        }
    }

    /// <summary><c>len()</c> of a dict.</summary>
    public long DictCount(Address dict)
    {
        Require(dict, TypeFlags.DictSubclass, "dict");
        return _dicts.Count(dict);
    }

    /// <summary>Entries of a dict in the order in which Python iterates over them.</summary>
    public IEnumerable<DictEntry> Dict(Address dict)
    {
        Require(dict, TypeFlags.DictSubclass, "dict");
        return _dicts.Entries(dict);
    }

    /// <summary>
    /// The value under a str key of ASCII; null address where there is none. Where <c>hash()</c> can't be computed it looks at every key, so
    /// only for dicts of moderate size.
    /// </summary>
    public Address Lookup(Address dict, string key)
    {
        Require(dict, TypeFlags.DictSubclass, "dict");
        if (_hash?.Of(key) is { } hash && _dicts.Probe(dict, hash) is { } probed)
        {
            Address value = Find(probed, key);
            _hash.IsProved |= !value.IsNull;
            if (_hash.IsProved)
                return value;
        }

        return Find(_dicts.Entries(dict), key);
    }

    private Address Find(IEnumerable<DictEntry> entries, string key)
    {
        foreach (DictEntry entry in entries)
        {
            if (KeyEquals(entry.Key, key))
                return entry.Value;
        }

        return Address.Null;
    }

    /// <summary>Entries of <c>__dict__</c>, wherever they are kept; the dict need not exist.</summary>
    public IEnumerable<DictEntry> InstanceDict(Address instance) => _instances.Entries(instance);

    /// <summary>
    /// An attribute of the instance itself (its <c>__dict__</c> or a slot), never of its type; null address where there is none.
    /// </summary>
    public Address Attribute(Address instance, string name)
    {
        Address dict = _instances.Dict(instance);
        Address value = dict.IsNull ? Find(_instances.Entries(instance), name) : Lookup(dict, name);
        if (!value.IsNull)
            return value;
        foreach (Slot slot in Slots(TypeOf(instance)))
        {
            if (slot.Name == name)
                return Memory.ReadPointer(instance + slot.Offset);
        }

        return Address.Null;
    }

    /// <summary>Slots of a type and of all of its bases, the most basic first.</summary>
    public IEnumerable<Slot> Slots(PyType type)
    {
        List<PyType> order = [.. Mro(type)];
        for (int i = order.Count - 1; i >= 0; i--)
        {
            foreach (Slot slot in _slots.Read(order[i]))
                yield return slot;
        }
    }

    /// <summary>Entries of a mapping laid out as a dict without being one: 3.15's frozendict.</summary>
    internal IEnumerable<DictEntry> EntriesUnchecked(Address mapping) => _dicts.Entries(mapping);

    /// <summary>Takes memory of ours only as far as the target's is there.</summary>
    internal byte[] ReadRaw(Address address, long length, int max)
    {
        int size = (int)Math.Min(length, max);
        byte[] bytes = new byte[Math.Min(size, FirstPiece)];
        int done = 0;
        while (true)
        {
            Memory.ReadExactly(address + done, bytes.AsSpan(done));
            done = bytes.Length;
            if (done == size)
                return bytes;
            Array.Resize(ref bytes, (int)Math.Min(size, done * 2L));
        }
    }

    private void Require(Address instance, TypeFlags flag, string name)
    {
        if (!TypeOf(instance).Has(flag))
            throw TargetFault.Nonsense(instance, "no " + name);
    }

    private bool KeyEquals(Address key, string text)
    {
        if (!Is(key, TypeFlags.UnicodeSubclass) && !(Layout.Version.Major == 2 && Is(key, TypeFlags.BytesSubclass)))
            return false;
        TextData data = Text(key);
        return data.Length == text.Length && TextDecoder.Decode(Memory, data, text.Length) == text;
    }

    private PyType? TryType(Address address)
    {
        try
        {
            return _types.Read(address);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }
}
