using System.Numerics;
using System.Text;
using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Python objects in hand-made memory, laid out for one version and flavour.</summary>
public sealed class PyWorld
{
    private readonly Dictionary<string, Address> _types = [];

    public PyWorld(string version)
        : this(Layouts.Of(version))
    {
    }

    public PyWorld(ObjectLayout layout)
    {
        Layout = layout;
        Address type = Memory.Allocate(layout.PyTypeObject.size + 256);
        _types.Add("type", type);
        FillType(type, "type", new TypeSpec { Flags = TypeFlags.TypeSubclass });
        Object = Type("object");
        Memory.Set(type, layout.PyTypeObject.tp_base, Object);
    }

    public ObjectLayout Layout { get; }

    public Arena Memory { get; } = new();

    public Address Object { get; }

    public int Head => Layout.PyObject.size;

    public bool IsPython2 => Layout.Version.Major == 2;

    public Address None => Instance("NoneType");

    public PyObjects Objects => new(Memory, Layout);

    public PrintedValue Print(Address value, ValueOptions? options = null, string? name = null) =>
        new ValuePrinter(Objects, options ?? new ValueOptions { MaxValue = 10_000 }).Print(value, name);

    /// <summary>A static type by name, made when it is first asked for; base <c>object</c>, flags by its name.</summary>
    public Address Type(string name)
    {
        if (_types.TryGetValue(name, out Address known))
            return known;
        Address type = Memory.Allocate(Layout.PyTypeObject.size + 256);
        _types.Add(name, type);
        FillType(type, name, new TypeSpec { Flags = FlagsOf(name), ItemSize = name is "tuple" or "int" ? 8 : 0 });
        return type;
    }

    /// <summary>A class made in Python.</summary>
    public Address Class(string name, TypeSpec? spec = null)
    {
        spec ??= new TypeSpec();
        Address type = Memory.Allocate(Layout.PyTypeObject.size + 1024);
        FillType(type, name, spec with { Flags = spec.Flags | TypeFlags.HeapType });
        PyHeapTypeFields f = Layout.PyHeapTypeObject;
        Memory.Set(type, f.ht_name, Str(name));
        if (f.ht_qualname != ObjectLayout.Absent)
            Memory.Set(type, f.ht_qualname, Str(spec.QualifiedName ?? name));
        Memory.Set(type, Layout.PyTypeObject.tp_dict, Dict((Str("__module__"), Str(spec.Module))));
        if (spec.CachedKeys is { } keys)
            Memory.Set(type, f.ht_cached_keys, keys);
        if (spec.Slots.Length > 0)
            Memory.Set(type, Layout.PyTypeObject.tp_members, Members(spec.Slots));
        return type;
    }

    /// <summary>An object of a static type whose own fields are these words.</summary>
    public Address Instance(string typeName, params ulong[] words) => InstanceOf(Type(typeName), words);

    public Address InstanceOf(Address type, params ReadOnlySpan<ulong> words)
    {
        // In front of an object lie a collector's head and, from 3.11 on, pointers to its attributes.
        Address instance = Memory.Allocate(32 + Head + (words.Length * 8) + 64) + 32;
        Memory.Set(instance, Layout.PyObject.ob_type, type);
        for (int i = 0; i < words.Length; i++)
            Memory.Set(instance, Head + (i * 8), words[i]);
        return instance;
    }

    public Address Int(BigInteger value)
    {
        if (IsPython2 && value >= long.MinValue && value <= long.MaxValue)
            return Instance("int", unchecked((ulong)(long)value));
        List<uint> digits = [];
        for (BigInteger rest = BigInteger.Abs(value); !rest.IsZero; rest >>= 30)
            digits.Add((uint)(rest & ((1 << 30) - 1)));
        Address number = InstanceOf(Type(IsPython2 ? "long" : "int"), new ulong[(digits.Count / 2) + 2]);
        long size = Layout.LongForm == LongForm.SignedSize
            ? digits.Count * value.Sign
            : ((long)digits.Count << 3) | (value.Sign < 0 ? 2L : value.IsZero ? 1L : 0L);
        Memory.Set(number, Layout.PyLongObject.size, size);
        for (int i = 0; i < digits.Count; i++)
            Memory.Set32(number, Layout.PyLongObject.ob_digit + (i * 4), (int)digits[i]);
        return number;
    }

    public Address Float(double value) => Instance("float", BitConverter.DoubleToUInt64Bits(value));

    /// <summary>A str; in 2.7 one of bytes.</summary>
    public Address Str(string text) => IsPython2 ? Bytes(Encoding.UTF8.GetBytes(text)) : TextWorld.Compact(this, text);

    /// <summary>bytes; 2.7's str.</summary>
    public Address Bytes(params byte[] bytes)
    {
        Address instance = InstanceOf(Type(IsPython2 ? "str" : "bytes"), new ulong[(bytes.Length / 8) + 8]);
        Memory.Set(instance, Layout.ob_size, bytes.Length);
        Memory.SetBytes(instance, Layout.ob_sval, bytes);
        return instance;
    }

    public Address Tuple(params Address[] items) => TupleOf(Type("tuple"), items);

    public Address TupleOf(Address type, params Address[] items)
    {
        Address tuple = InstanceOf(type, new ulong[items.Length + 4]);
        Memory.Set(tuple, Layout.ob_size, items.Length);
        for (int i = 0; i < items.Length; i++)
            Memory.Set(tuple, Layout.tuple_ob_item + (i * 8), items[i]);
        return tuple;
    }

    public Address List(params Address[] items)
    {
        Address list = Instance("list", new ulong[4]);
        Memory.Set(list, Layout.ob_size, items.Length);
        Memory.Set(list, Layout.PyListObject.allocated, items.Length);
        Memory.Set(list, Layout.PyListObject.ob_item, Pointers(items));
        return list;
    }

    public Address Pointers(params Address[] items)
    {
        Address pointers = Memory.Allocate((items.Length * 8) + 8);
        for (int i = 0; i < items.Length; i++)
            Memory.Set(pointers, i * 8, items[i]);
        return pointers;
    }

    /// <summary>A dict; an entry with a null value is a deleted one.</summary>
    public Address Dict(params (Address Key, Address Value)[] entries) => DictWorld.Combined(this, Type("dict"), entries);

    private Address Members((string Name, int Offset)[] slots)
    {
        PyMemberDefFields f = Layout.PyMemberDef;
        Address members = Memory.Allocate((slots.Length + 1) * f.size);
        for (int i = 0; i < slots.Length; i++)
        {
            Memory.Set(members, (i * f.size) + f.name, CString(slots[i].Name));
            Memory.Set32(members, (i * f.size) + f.type, 16);
            Memory.Set(members, (i * f.size) + f.offset, slots[i].Offset);
        }

        return members;
    }

    public Address CString(string text) => Memory.Add([.. Encoding.UTF8.GetBytes(text), 0]);

    private void FillType(Address type, string name, TypeSpec spec)
    {
        PyTypeFields f = Layout.PyTypeObject;
        Memory.Set(type, Layout.PyObject.ob_type, spec.Metatype ?? _types["type"]);
        Memory.Set(type, f.tp_name, CString(name));
        Memory.Set(type, f.tp_basicsize, spec.BasicSize ?? Head + 16);
        Memory.Set(type, f.tp_itemsize, spec.ItemSize);
        Memory.Set(type, f.tp_dictoffset, spec.DictOffset);
        Memory.Set(type, f.tp_flags, (ulong)spec.Flags);
        Memory.Set(type, f.tp_base, name is "object" or "type" ? Address.Null : spec.Base ?? Object);
    }

    private TypeFlags FlagsOf(string name) => name switch
    {
        "int" => IsPython2 ? TypeFlags.IntSubclass : TypeFlags.LongSubclass,
        "long" or "bool" => IsPython2 && name == "bool" ? TypeFlags.IntSubclass : TypeFlags.LongSubclass,
        "str" => IsPython2 ? TypeFlags.BytesSubclass : TypeFlags.UnicodeSubclass,
        "bytes" => TypeFlags.BytesSubclass,
        "unicode" => TypeFlags.UnicodeSubclass,
        "tuple" => TypeFlags.TupleSubclass,
        "list" => TypeFlags.ListSubclass,
        "dict" or "collections.OrderedDict" or "collections.defaultdict" => TypeFlags.DictSubclass,
        "BaseException" or "ValueError" => TypeFlags.BaseExceptionSubclass,
        _ => TypeFlags.None,
    };
}

/// <summary>What a type is to be like.</summary>
public sealed record TypeSpec
{
    public TypeFlags Flags { get; init; }

    public Address? Base { get; init; }

    public Address? Metatype { get; init; }

    public string Module { get; init; } = "__main__";

    public string? QualifiedName { get; init; }

    public long? BasicSize { get; init; }

    public long ItemSize { get; init; }

    public long DictOffset { get; init; }

    public Address? CachedKeys { get; init; }

    public (string Name, int Offset)[] Slots { get; init; } = [];
}
