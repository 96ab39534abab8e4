using System.Numerics;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>collections.Counter: the most common first, equal counts in the dict's order (Lib/collections/__init__.py).</summary>
internal static class CounterReprs
{
    public static void Counter(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        long count = objects.DictCount(instance);
        if (count == 0)
        {
            repr.Out.Write("Counter()");
            return;
        }

        if (count > Limits.CounterItems || Sorted(objects, instance) is not { } entries)
        {
            InstanceReprs.Subclass(repr, instance, type, MappingReprs.Dict);
            return;
        }

        repr.Out.Write("Counter(");
        MappingReprs.Braced(repr, instance, entries);
        repr.Out.Write(')');
    }

    /// <summary>Null where a count is no int, and its order not ours to know.</summary>
    private static List<DictEntry>? Sorted(PyObjects objects, Address instance)
    {
        List<(BigInteger Count, int Place, DictEntry Entry)> counts = [];
        foreach (DictEntry entry in objects.Dict(instance))
        {
            TypeFlags number = TypeFlags.LongSubclass | (objects.Layout.Version.Major == 2 ? TypeFlags.IntSubclass : TypeFlags.None);
            if (!objects.Is(entry.Value, number) || objects.ReadInt(entry.Value) is not { } value)
                return null;
            counts.Add((value, counts.Count, entry));
        }

        counts.Sort(static (a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : a.Place.CompareTo(b.Place));
        return counts.ConvertAll(static one => one.Entry);
    }
}
