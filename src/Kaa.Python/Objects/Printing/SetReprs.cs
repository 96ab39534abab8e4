using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>set and frozenset, in the order of their tables, which is the order in which Python iterates.</summary>
internal static class SetReprs
{
    public static void Set(Repr repr, Address instance, PyType type) => Write(repr, instance, "set");

    public static void FrozenSet(Repr repr, Address instance, PyType type) => Write(repr, instance, "frozenset");

    /// <summary>set_repr, Objects/setobject.c; 2.7 prints a list in parentheses.</summary>
    private static void Write(Repr repr, Address instance, string name)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write(name + "(...)");
            return;
        }

        long used = repr.Objects.Memory.Read<long>(instance + repr.Objects.Layout.PySetObject.used);
        bool braces = !repr.IsPython2 && name == "set" && used != 0;
        if (!braces)
            repr.Out.Write(name + "(");
        if (used != 0 || repr.IsPython2)
        {
            repr.Out.Write(repr.IsPython2 ? '[' : '{');
            repr.Items(Keys(repr.Objects, instance, used));
            repr.Out.Write(repr.IsPython2 ? ']' : '}');
        }

        if (!braces)
            repr.Out.Write(')');
        repr.Leave();
    }

    private static IEnumerable<Address> Keys(PyObjects objects, Address set, long used)
    {
        PySetFields f = objects.Layout.PySetObject;
        long mask = objects.Memory.Read<long>(set + f.mask);
        if (used < 0 || mask < 0 || mask > 1L << 40 || (mask & (mask + 1)) != 0)
            throw TargetFault.Nonsense(set, "set of a size that can't be");
        Address table = objects.PointerAt(set, f.table);
        return Keys(objects, objects.Pointers(table, Math.Min(mask + 1, Limits.DictEntries) * 2), keyFirst: f.key == 0, used);
    }

    /// <summary>Words alternate: key, hash in 3.x; hash, key in 2.7.</summary>
    private static IEnumerable<Address> Keys(PyObjects objects, IEnumerable<Address> words, bool keyFirst, long left)
    {
        Address? half = null;
        foreach (Address word in words)
        {
            if (left <= 0)
                yield break;
            if (half is not { } first)
            {
                half = word;
                continue;
            }

            half = null;
            Address item = keyFirst ? first : word;
            if (item.IsNull || IsDummy(objects, item, keyFirst ? word.Value : first.Value))
                continue;
            left--;
            yield return item;
        }
    }

    /// <summary>
    /// A deleted place: of hash −1 in 3.x, which no object has (Objects/setobject.c); in 2.7 known by the dummy's text alone.
    /// </summary>
    private static bool IsDummy(PyObjects objects, Address item, ulong hash) =>
        objects.Layout.Version.Major == 2
            ? objects.TryReadString(item, 16) == "<dummy key>"
            : hash == ulong.MaxValue;
}
