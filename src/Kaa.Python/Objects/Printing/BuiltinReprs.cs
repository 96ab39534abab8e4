using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>Printers of C types, by <c>tp_name</c>; a name that differs between versions is there under each.</summary>
internal static class BuiltinReprs
{
    public static Dictionary<string, ReprFunction> All(ObjectLayout layout)
    {
        var all = new Dictionary<string, ReprFunction>(StringComparer.Ordinal);
        AddValues(all);
        AddContainers(all);
        AddCode(all);
        AddLibrary(all);
        if (layout.Version.Major == 2)
            AddPython2(all);
        return all;
    }

    private static void AddValues(Dictionary<string, ReprFunction> all)
    {
        all["int"] = NumberReprs.Int;
        all["bool"] = NumberReprs.Bool;
        all["float"] = NumberReprs.Float;
        all["complex"] = NumberReprs.Complex;
        all["str"] = TextReprs.Str;
        all["bytes"] = TextReprs.Bytes;
        all["bytearray"] = TextReprs.ByteArray;
        all["NoneType"] = (repr, _, _) => repr.Out.Write("None");
        all["ellipsis"] = (repr, _, _) => repr.Out.Write("Ellipsis");
        all["NotImplementedType"] = (repr, _, _) => repr.Out.Write("NotImplemented");
    }

    private static void AddContainers(Dictionary<string, ReprFunction> all)
    {
        all["tuple"] = SequenceReprs.Tuple;
        all["list"] = SequenceReprs.List;
        all["collections.deque"] = SequenceReprs.Deque;
        all["range"] = SequenceReprs.Range;
        all["slice"] = SequenceReprs.Slice;
        all["array.array"] = SequenceReprs.Array;
        all["dict"] = MappingReprs.Dict;
        all["frozendict"] = MappingReprs.FrozenDict;
        all["collections.defaultdict"] = MappingReprs.DefaultDict;
        all["collections.OrderedDict"] = MappingReprs.OrderedDict;
        all["mappingproxy"] = MappingReprs.Proxy;
        all["dict_keys"] = all["dict_values"] = all["dict_items"] = MappingReprs.View;
        all["odict_keys"] = all["odict_values"] = all["odict_items"] = MappingReprs.View;
        all["types.SimpleNamespace"] = MappingReprs.Namespace;
        all["set"] = SetReprs.Set;
        all["frozenset"] = SetReprs.FrozenSet;
    }

    private static void AddCode(Dictionary<string, ReprFunction> all)
    {
        all["function"] = CodeReprs.Function;
        all["method"] = CodeReprs.Method;
        all["builtin_function_or_method"] = CodeReprs.Builtin;
        all["module"] = CodeReprs.Module;
        all["type"] = TypeReprs.Type;
        all["BaseException"] = ExceptionReprs.Exception;
        all["generator"] = all["coroutine"] = all["async_generator"] = CodeReprs.Generator;
        all["code"] = CodeReprs.Code;
        all["cell"] = CodeReprs.Cell;
        all["method_descriptor"] = all["classmethod_descriptor"] = CodeReprs.MethodDescriptor;
        all["getset_descriptor"] = CodeReprs.AttributeDescriptor;
        all["member_descriptor"] = CodeReprs.MemberDescriptor;
        all["wrapper_descriptor"] = CodeReprs.SlotWrapper;
        all["method-wrapper"] = CodeReprs.MethodWrapper;
        all["staticmethod"] = all["classmethod"] = CodeReprs.Wrapped;
        all["PyCapsule"] = CodeReprs.Capsule;
        all["weakref"] = all["weakref.ReferenceType"] = CodeReprs.WeakReference;
        all["memoryview"] = CodeReprs.MemoryView;
        all["types.GenericAlias"] = TypeReprs.GenericAlias;
        all["types.UnionType"] = all["typing.Union"] = TypeReprs.Union;
    }

    private static void AddLibrary(Dictionary<string, ReprFunction> all)
    {
        all["datetime.date"] = TimeReprs.Date;
        all["datetime.time"] = TimeReprs.Time;
        all["datetime.datetime"] = TimeReprs.DateTime;
        all["datetime.timedelta"] = TimeReprs.Delta;
        all["datetime.timezone"] = TimeReprs.Zone;
        all["zoneinfo.ZoneInfo"] = LibraryReprs.ZoneInfo;
        all["decimal.Decimal"] = DecimalReprs.Decimal;
        all["_thread.lock"] = LockReprs.Lock;
        all["_thread.RLock"] = LockReprs.RLock;
        all["functools.partial"] = LibraryReprs.Partial;
        all["re.Pattern"] = all["_sre.SRE_Pattern"] = LibraryReprs.Pattern;
        all["_io.FileIO"] = FileReprs.Raw;
        all["_io.BufferedReader"] = all["_io.BufferedWriter"] = all["_io.BufferedRandom"] = FileReprs.Buffered;
        all["_io.TextIOWrapper"] = FileReprs.Text;
    }

    /// <summary>What has another form, or another name, in 2.7.</summary>
    private static void AddPython2(Dictionary<string, ReprFunction> all)
    {
        all["long"] = NumberReprs.Int;
        all["str"] = TextReprs.Str2;
        all["unicode"] = TextReprs.Unicode2;
        all["xrange"] = SequenceReprs.XRange;
        all["dictproxy"] = MappingReprs.Proxy;
        all["instancemethod"] = CodeReprs.Method;
        all["exceptions.BaseException"] = ExceptionReprs.Exception;
        all["classobj"] = ClassicReprs.Class;
        all["instance"] = ClassicReprs.Instance;
        all["file"] = FileReprs.File2;
        all.Remove("_sre.SRE_Pattern");
        foreach (string name in new[] { "_thread.lock", "_thread.RLock", "_io.FileIO", "_io.TextIOWrapper", "functools.partial" })
            all.Remove(name);
    }
}
