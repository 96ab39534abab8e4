using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>One object of each kind that has a form of its own, with the text that <c>repr()</c> gives it.</summary>
public static class Zoo
{
    public static List<(string Kind, Address Value, string Text)> Of(PyWorld world)
    {
        List<(string, Address, string)> zoo = [];
        AddValues(world, zoo);
        AddContainers(world, zoo);
        AddSets(world, zoo);
        AddCode(world, zoo);
        AddLibrary(world, zoo);
        return zoo;
    }

    /// <summary>deque([1, 2, 3]), its first item the last of a block.</summary>
    public static Address Deque(PyWorld world, long maxlen = -1)
    {
        DequeFields f = world.Layout.dequeobject;
        Address first = world.Memory.Allocate(528);
        Address second = world.Memory.Allocate(528);
        world.Memory.Set(first, f.data + ((f.BLOCKLEN - 1) * 8), world.Int(1)).Set(first, f.rightlink, second);
        world.Memory.Set(second, f.data, world.Int(2)).Set(second, f.data + 8, world.Int(3));
        Address deque = world.Instance("collections.deque", new ulong[10]);
        world.Memory.Set(deque, f.leftblock, first).Set(deque, f.leftindex, f.BLOCKLEN - 1);
        world.Memory.Set(deque, f.len, 3).Set(deque, f.maxlen, maxlen);
        return deque;
    }

    /// <summary>OrderedDict with keys 'b', 'a' in the order of its nodes.</summary>
    public static Address OrderedDict(PyWorld world, out Address lastNode)
    {
        Address a = world.Str("a");
        Address b = world.Str("b");
        Address dict = DictWorld.Combined(world, world.Type("collections.OrderedDict"), [(a, world.Int(1)), (b, world.Int(2))]);
        lastNode = world.Pointers(a, Address.Null, Address.Null, Address.Null);
        world.Memory.Set(dict, world.Layout.dict_size, world.Pointers(b, Address.Null, lastNode, Address.Null));
        return dict;
    }

    public static Address Set(PyWorld world, string type, params Address[] items)
    {
        PySetFields f = world.Layout.PySetObject;
        Address table = world.Memory.Allocate(8 * 16);
        for (int i = 0; i < items.Length; i++)
            world.Memory.Set(table, (i * 2 * 16) + f.key, items[i]);

        // A deleted place.
        Address dummy = world.IsPython2 ? world.Str("<dummy key>") : world.Object;
        world.Memory.Set(table, 16 + f.key, dummy).Set(table, 16 + (8 - f.key), ulong.MaxValue);
        Address set = world.Instance(type, new ulong[8]);
        world.Memory.Set(set, f.used, items.Length).Set(set, f.mask, 7).Set(set, f.table, table);
        return set;
    }

    private static void AddValues(PyWorld world, List<(string, Address, string)> zoo)
    {
        bool two = world.IsPython2;
        zoo.Add(("int", world.Int(-5), "-5"));
        zoo.Add(("long", world.Int(BigInteger.One << 70), "1180591620717411303424" + (two ? "L" : "")));
        Address truth = world.Int(1);
        world.Memory.Set(truth, world.Layout.PyObject.ob_type, world.Type("bool"));
        zoo.Add(("bool", truth, "True"));
        zoo.Add(("float", world.Float(1.5), "1.5"));
        zoo.Add(("None", world.None, "None"));
        zoo.Add(("Ellipsis", world.Instance("ellipsis"), "Ellipsis"));
        zoo.Add(("str", world.Str("it's"), "\"it's\""));
        zoo.Add(("bytes", world.Bytes(0, (byte)'a', 0xff), two ? "'\\x00a\\xff'" : "b'\\x00a\\xff'"));
        Address array = world.Instance("bytearray", new ulong[6]);
        world.Memory.Set(array, world.Layout.ob_size, 2);
        world.Memory.Set(array, world.Layout.PyByteArrayObject.ob_start, world.Memory.Add("hi"u8));
        zoo.Add(("bytearray", array, "bytearray(b'hi')"));
    }

    private static void AddContainers(PyWorld world, List<(string, Address, string)> zoo)
    {
        Address one = world.Int(1);
        zoo.Add(("tuple", world.Tuple(one), "(1,)"));
        zoo.Add(("empty tuple", world.Tuple(), "()"));
        zoo.Add(("list", world.List(one, world.List(), world.Str("x")), "[1, [], 'x']"));
        zoo.Add(("dict", world.Dict((one, world.Tuple(one, one))), "{1: (1, 1)}"));
        zoo.Add(("deque", Deque(world), "deque([1, 2, 3])"));
        zoo.Add(("bounded deque", Deque(world, maxlen: 9), "deque([1, 2, 3], maxlen=9)"));
        Address grouped = DictWorld.Combined(world, world.Type("collections.defaultdict"), [(one, one)]);
        world.Memory.Set(grouped, world.Layout.dict_size, world.Type("list"));
        zoo.Add(("defaultdict", grouped, $"defaultdict(<{(world.IsPython2 ? "type" : "class")} 'list'>, {{1: 1}})"));
        if (world.IsPython2)
        {
            zoo.Add(("xrange", world.Instance("xrange", 2, 3, 4), "xrange(2, 14, 3)"));
            return;
        }

        string ordered = world.Layout.Version.AtLeast(3, 12) ? "OrderedDict({'b': 2, 'a': 1})" : "OrderedDict([('b', 2), ('a', 1)])";
        zoo.Add(("OrderedDict", OrderedDict(world, out _), ordered));
        zoo.Add(("range", world.Instance("range", one.Value, world.Int(9).Value, world.Int(2).Value), "range(1, 9, 2)"));
        zoo.Add(("slice", world.Instance("slice", world.None.Value, one.Value, world.None.Value), "slice(None, 1, None)"));
        zoo.Add(("mappingproxy", world.Instance("mappingproxy", world.Dict((one, one)).Value), "mappingproxy({1: 1})"));
        zoo.Add(("dict_keys", world.Instance("dict_keys", world.Dict((one, one)).Value), "dict_keys([1])"));
        zoo.Add(("dict_items", world.Instance("dict_items", world.Dict((one, one)).Value), "dict_items([(1, 1)])"));
        zoo.Add(("namespace", world.Instance("types.SimpleNamespace", world.Dict((world.Str("a"), one)).Value), "namespace(a=1)"));
    }

    private static void AddSets(PyWorld world, List<(string, Address, string)> zoo)
    {
        bool two = world.IsPython2;
        zoo.Add(("set", Set(world, "set", world.Int(1), world.Int(2)), two ? "set([1, 2])" : "{1, 2}"));
        zoo.Add(("empty set", Set(world, "set"), two ? "set([])" : "set()"));
        zoo.Add(("frozenset", Set(world, "frozenset", world.Int(1)), two ? "frozenset([1])" : "frozenset({1})"));
        zoo.Add(("empty frozenset", Set(world, "frozenset"), two ? "frozenset([])" : "frozenset()"));
    }

    private static void AddCode(PyWorld world, List<(string, Address, string)> zoo)
    {
        Address function = world.Instance("function", new ulong[16]);
        PyFunctionFields f = world.Layout.PyFunctionObject;
        int name = world.IsPython2 ? f.func_name : f.func_qualname;
        world.Memory.Set(function, name, world.Str("outer.inner"));
        zoo.Add(("function", function, $"<function outer.inner at {function}>"));
        Address definition = world.Pointers(new Address(world.CString("sleep").Value));
        Address module = world.Instance("module", world.Dict((world.Str("__name__"), world.Str("time"))).Value);
        zoo.Add(("module", module, world.IsPython2 ? "<module 'time' (built-in)>" : "<module 'time'>"));
        zoo.Add(("builtin", world.Instance("builtin_function_or_method", definition.Value, module.Value), "<built-in function sleep>"));
        Address list = world.List();
        zoo.Add(("builtin method", world.Instance("builtin_function_or_method", definition.Value, list.Value),
            $"<built-in method sleep of list object at {list}>"));
        zoo.Add(("class", world.Class("C", new TypeSpec { Module = "a.b" }), "<class 'a.b.C'>"));
        Address error = world.Instance("ValueError", new ulong[12]);
        world.Memory.Set(error, world.Layout.PyBaseExceptionObject.args, world.Tuple(world.Str("x")));
        world.Memory.Set(world.Type("ValueError"), world.Layout.PyTypeObject.tp_base, world.Type("BaseException"));
        zoo.Add(("exception", error, world.Layout.Version.AtLeast(3, 7) ? "ValueError('x')" : "ValueError('x',)"));
        Address weak = world.Instance("weakref", world.None.Value);
        zoo.Add(("dead weakref", weak, $"<weakref at {weak}; dead>"));
        Address cell = world.Instance("cell", 0);
        zoo.Add(("empty cell", cell, $"<cell at {cell}: empty>"));
    }

    private static void AddLibrary(PyWorld world, List<(string, Address, string)> zoo)
    {
        Address delta = Fields(world, "datetime.timedelta", 8, [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        bool keywords = world.Layout.Version.AtLeast(3, 7);
        zoo.Add(("timedelta", delta, keywords ? "datetime.timedelta(days=1, seconds=2)" : "datetime.timedelta(1, 2)"));
        zoo.Add(("date", Fields(world, "datetime.date", 9, [7, 232, 2, 29]), "datetime.date(2024, 2, 29)"));
        zoo.Add(("time", Fields(world, "datetime.time", 9, [1, 2, 0, 0, 0, 4]), "datetime.time(1, 2, 0, 4)"));
        Address moment = Fields(world, "datetime.datetime", 9, [7, 232, 1, 2, 3, 4, 5, 0, 0, 0]);
        zoo.Add(("datetime", moment, "datetime.datetime(2024, 1, 2, 3, 4, 5)"));
        if (world.IsPython2)
            return;
        Address zone = world.Instance("datetime.timezone", Fields(world, "datetime.timedelta", 8, new byte[12]).Value, 0);
        zoo.Add(("utc", zone, "datetime.timezone.utc"));
        Address words = world.Memory.Allocate(16);
        world.Memory.Set(words, 0, 12345UL);
        zoo.Add(("Decimal", world.Instance("decimal.Decimal", 0, 1, unchecked((ulong)-2L), 5, 1, 4, words.Value), "Decimal('-123.45')"));
    }

    private static Address Fields(PyWorld world, string type, int offset, byte[] bytes)
    {
        Address instance = world.Instance(type, new ulong[6]);
        world.Memory.SetBytes(instance, world.Head + offset, bytes);
        return instance;
    }
}
