using System.Text;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>Tuples with names: collections.namedtuple (and typing.NamedTuple) and C's structure sequences.</summary>
internal static class NamedTupleReprs
{
    public static bool IsNamedTuple(PyObjects objects, PyType type) =>
        type.Has(TypeFlags.TupleSubclass) && !type.Dict.IsNull && objects.Is(objects.Lookup(type.Dict, "_fields"), TypeFlags.TupleSubclass);

    /// <summary>
    /// A type made in C, of pointers in a row, the first member of which is the first of them (Objects/structseq.c): os.stat_result,
    /// time.struct_time. A subclass of tuple, but in 2.7 only laid out like one.
    /// </summary>
    public static bool IsStructSequence(PyObjects objects, PyType type)
    {
        PyMemberDefFields f = objects.Layout.PyMemberDef;
        bool shape = objects.Layout.Version.Major == 2
            ? !type.IsHeapType && !type.Dict.IsNull && !objects.Lookup(type.Dict, "n_sequence_fields").IsNull
            : type.ItemSize == 8 && type.Has(TypeFlags.TupleSubclass);
        return shape && !type.Members.IsNull
            && objects.Memory.TryReadPointer(type.Members + f.name, out Address name) && !name.IsNull
            && objects.Memory.TryRead(type.Members + f.offset, out long offset) && offset == objects.Layout.tuple_ob_item;
    }

    /// <summary><c>Point(x=1, y=2)</c>.</summary>
    public static void NamedTuple(Repr repr, Address instance, PyType type)
    {
        List<string> names = [];
        foreach (Address field in repr.Objects.Tuple(repr.Objects.Lookup(type.Dict, "_fields"), repr.MaxNames + 1))
            names.Add(repr.Objects.ReadString(field, Limits.TypeName));
        Write(repr, instance, type.ShortName, names, repr.Objects.Tuple(instance, names.Count));
    }

    public static void StructSequence(Repr repr, Address instance, PyType type)
    {
        PyMemberDefFields f = repr.Objects.Layout.PyMemberDef;
        List<string> names = [];
        for (Address at = type.Members; names.Count <= repr.MaxNames; at += f.size)
        {
            Address name = repr.Objects.PointerAt(at, f.name);
            if (name.IsNull)
                break;
            names.Add(Encoding.UTF8.GetString(repr.Objects.Memory.ReadCStringBytes(name, Limits.TypeName)));
        }

        long size = Math.Min(names.Count, repr.Objects.Size(instance));
        IEnumerable<Address> items = repr.Objects.Pointers(instance + repr.Objects.Layout.tuple_ob_item, size);
        Write(repr, instance, TypeReprs.FullName(repr.Objects, type), names, items);
    }

    private static void Write(Repr repr, Address instance, string typeName, List<string> names, IEnumerable<Address> values)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write(typeName + "(...)");
            return;
        }

        List<(string, Address)> items = [];
        foreach (Address item in values)
            items.Add((names[items.Count], item));
        repr.Out.Write(typeName + "(");
        InstanceReprs.Named(repr, items, separate: false);
        repr.Out.Write(')');
        repr.Leave();
    }
}
