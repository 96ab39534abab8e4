using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Tasks;

/// <summary>Members of sets, and of weak sets.</summary>
internal static class SetMembers
{
    /// <summary>
    /// What stands in the table of a set. A deleted entry has a hash of −1, which no object's is (set_discard_entry, Objects/setobject.c).
    /// </summary>
    /// <exception cref="TargetFault">It is no set, or can't be read.</exception>
    public static IEnumerable<Address> Of(PyObjects objects, Address set)
    {
        if (objects.TypeOf(set) is not { Name: "set" or "frozenset", IsHeapType: false })
            throw TargetFault.Nonsense(set, "no set");
        PySetFields f = objects.Layout.PySetObject;
        long mask = objects.Memory.Read<long>(set + f.mask);
        if (mask < 0 || mask >= Limits.Tasks || (mask & (mask + 1)) != 0)
            throw TargetFault.Nonsense(set, "set of a size that can't be");
        return Keys(objects, objects.PointerAt(set, f.table), mask + 1, f.key == 0);
    }

    /// <summary>The living members of a <c>weakref.WeakSet</c>: its <c>data</c> is a set of weak references.</summary>
    /// <exception cref="TargetFault">It is none, or can't be read.</exception>
    public static IEnumerable<Address> OfWeakSet(PyObjects objects, Address weakSet)
    {
        Address data = objects.Attribute(weakSet, "data");
        if (data.IsNull)
            throw TargetFault.Nonsense(weakSet, "no WeakSet");
        foreach (Address reference in Of(objects, data))
        {
            // PyWeakReference.wr_object, Include/weakrefobject.h; None once the object is gone.
            if (objects.TypeOf(reference).Name is "weakref" or "weakref.ReferenceType")
                yield return objects.Word(reference, 0);
        }
    }

    /// <summary>Words alternate: key, hash in 3.x; hash, key in 2.7.</summary>
    private static IEnumerable<Address> Keys(PyObjects objects, Address table, long places, bool keyFirst)
    {
        Address first = Address.Null;
        bool isFirst = true;
        foreach (Address word in objects.Pointers(table, places * 2))
        {
            (Address key, Address hash) = keyFirst ? (first, word) : (word, first);
            if (!isFirst && !key.IsNull && hash.Value != ulong.MaxValue)
                yield return key;
            first = word;
            isFirst = !isFirst;
        }
    }
}
