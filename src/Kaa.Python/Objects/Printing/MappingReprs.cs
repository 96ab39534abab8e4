using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>Mappings and namespaces.</summary>
internal static class MappingReprs
{
    public static void Dict(Repr repr, Address instance, PyType type) => Braced(repr, instance, repr.Objects.Dict(instance));

    /// <summary>3.15 (frozendict_repr, Objects/dictobject.c).</summary>
    public static void FrozenDict(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write("frozendict(");
        if (repr.Objects.Memory.Read<long>(instance + repr.Objects.Layout.PyDictObject.ma_used) != 0)
            Braced(repr, instance, repr.Objects.EntriesUnchecked(instance));
        repr.Out.Write(')');
    }

    public static void DefaultDict(Repr repr, Address instance, PyType type)
    {
        Address factory = repr.Objects.PointerAt(instance, repr.Objects.Layout.dict_size);
        repr.Out.Write("defaultdict(");
        if (factory.IsNull)
            repr.Out.Write("None");
        else
            repr.Value(factory);
        repr.Out.Write(", ");
        Dict(repr, instance, type);
        repr.Out.Write(')');
    }

    /// <summary>
    /// C's OrderedDict keeps its order in a list of nodes (Objects/odictobject.c); 3.12+ prints a dict, before a list of pairs.
    /// </summary>
    public static void OrderedDict(Repr repr, Address instance, PyType type) =>
        Ordered(repr, instance, OrderedEntries(repr.Objects, instance));

    /// <summary>2.7's: a ring of lists [previous, next, key] around a root (Lib/collections.py).</summary>
    public static void PythonOrderedDict(Repr repr, Address instance, PyType type) =>
        Ordered(repr, instance, RingEntries(repr.Objects, instance));

    private static void Ordered(Repr repr, Address instance, IEnumerable<DictEntry> entries)
    {
        if (repr.Objects.DictCount(instance) == 0)
        {
            repr.Out.Write("OrderedDict()");
            return;
        }

        if (!repr.Enter(instance))
        {
            repr.Out.Write("...");
            return;
        }

        bool braces = repr.AtLeast(3, 12);
        repr.Out.Write(braces ? "OrderedDict({" : "OrderedDict([");
        Pairs(repr, entries, braces);
        repr.Out.Write(braces ? "})" : "])");
        repr.Leave();
    }

    public static void Proxy(Repr repr, Address instance, PyType type)
    {
        Address mapping = repr.Objects.Word(instance, 0);
        repr.Out.Write(repr.IsPython2 ? "dict_proxy(" : "mappingproxy(");
        repr.Value(mapping);
        repr.Out.Write(')');
    }

    /// <summary>dict_keys, dict_values, dict_items, and the same of an OrderedDict.</summary>
    public static void View(Repr repr, Address instance, PyType type)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write("...");
            return;
        }

        Address dict = repr.Objects.Word(instance, 0);
        IEnumerable<DictEntry> entries = type.Name[0] == 'o' ? OrderedEntries(repr.Objects, dict) : repr.Objects.Dict(dict);
        repr.Out.Write(type.Name + "([");
        if (type.Name.EndsWith("items", StringComparison.Ordinal))
            Pairs(repr, entries, braces: false);
        else
            repr.Items(Halves(entries, keys: type.Name.EndsWith("keys", StringComparison.Ordinal)));
        repr.Out.Write("])");
        repr.Leave();
    }

    /// <summary>Names in order of insertion from 3.9 on, sorted before (namespace_repr, Objects/namespaceobject.c).</summary>
    public static void Namespace(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write("namespace(");
        if (!repr.Enter(instance))
        {
            repr.Out.Write("...)");
            return;
        }

        List<(string Name, Address Value)> names = InstanceReprs.NamedEntries(repr, repr.Objects.Dict(repr.Objects.Word(instance, 0)));
        if (!repr.AtLeast(3, 9))
            names.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        InstanceReprs.Named(repr, names, separate: false);
        repr.Out.Write(')');
        repr.Leave();
    }

    public static void Braced(Repr repr, Address instance, IEnumerable<DictEntry> entries)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write("{...}");
            return;
        }

        repr.Out.Write('{');
        Pairs(repr, entries, braces: true);
        repr.Out.Write('}');
        repr.Leave();
    }

    /// <param name="braces"><c>k: v</c>, else <c>(k, v)</c>.</param>
    public static void Pairs(Repr repr, IEnumerable<DictEntry> entries, bool braces)
    {
        bool first = true;
        foreach (DictEntry entry in entries)
        {
            if (repr.Out.Full)
                return;
            repr.Out.Write(first ? "" : ", ");
            repr.Out.Write(braces ? "" : "(");
            repr.Value(entry.Key);
            repr.Out.Write(braces ? ": " : ", ");
            string? name = repr.Objects.TryReadString(entry.Key, Limits.TypeName);
            if (name is null)
                repr.Value(entry.Value);
            else
                repr.ValueOf(name, entry.Value);
            repr.Out.Write(braces ? "" : ")");
            first = false;
        }
    }

    private static IEnumerable<Address> Halves(IEnumerable<DictEntry> entries, bool keys)
    {
        foreach (DictEntry entry in entries)
            yield return keys ? entry.Key : entry.Value;
    }

    /// <summary>Nodes of key, hash, next; a key's value is looked up as the interpreter does, here once for all.</summary>
    private static IEnumerable<DictEntry> OrderedEntries(PyObjects objects, Address instance)
    {
        Dictionary<Address, Address>? values = null;
        long left = objects.DictCount(instance);
        Address node = objects.PointerAt(instance, objects.Layout.dict_size);
        for (long i = 0; !node.IsNull; i++, node = objects.PointerAt(node, 16))
        {
            if (i >= left)
                throw TargetFault.Nonsense(instance, "OrderedDict whose nodes don't end");
            values ??= Values(objects, instance);
            Address key = objects.PointerAt(node, 0);
            if (values.TryGetValue(key, out Address value))
                yield return new DictEntry(key, value);
        }
    }

    private static IEnumerable<DictEntry> RingEntries(PyObjects objects, Address instance)
    {
        Dictionary<Address, Address> values = Values(objects, instance);
        Address root = objects.Attribute(instance, "_OrderedDict__root");
        long left = objects.DictCount(instance);
        for (Address link = Link(objects, root)[1]; link != root; link = Link(objects, link)[1])
        {
            if (left-- <= 0)
                throw TargetFault.Nonsense(instance, "OrderedDict whose links don't end");
            Address key = Link(objects, link)[2];
            if (values.TryGetValue(key, out Address value))
                yield return new DictEntry(key, value);
        }
    }

    private static Address[] Link(PyObjects objects, Address link)
    {
        Address[] parts = [.. objects.List(link, 3)];
        return parts.Length == 3 ? parts : throw TargetFault.Nonsense(link, "no link of an OrderedDict");
    }

    private static Dictionary<Address, Address> Values(PyObjects objects, Address instance)
    {
        var values = new Dictionary<Address, Address>();
        foreach (DictEntry entry in objects.Dict(instance))
            values[entry.Key] = entry.Value;
        return values;
    }
}
