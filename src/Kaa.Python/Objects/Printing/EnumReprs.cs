using System.Globalization;
using System.Numerics;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>Members of enum.Enum and its kind (Lib/enum.py), known by their class's metaclass.</summary>
internal static class EnumReprs
{
    public static bool IsEnum(PyObjects objects, PyType type)
    {
        PyType metatype = objects.TypeOf(type.Address);
        return metatype.IsHeapType && metatype.Name is "EnumMeta" or "EnumType" && objects.TypeModuleAndName(metatype).Module == "enum";
    }

    /// <summary><c>&lt;enum 'Color'&gt;</c>; from 3.11 on <c>&lt;flag 'Perm'&gt;</c>.</summary>
    public static void Class(Repr repr, PyType type)
    {
        bool flag = repr.AtLeast(3, 11) && HasBase(repr.Objects, type, "Flag");
        repr.Out.Write($"<{(flag ? "flag" : "enum")} '{type.ShortName}'>");
    }

    /// <summary>
    /// <c>&lt;Color.RED: 1&gt;</c>. A class may define another repr, as IntFlags of the standard library do; this is the one of Enum.
    /// </summary>
    public static void Member(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address name = objects.Attribute(instance, "_name_");
        Address value = objects.Attribute(instance, "_value_");
        if (value.IsNull)
        {
            InstanceReprs.Plain(repr, instance, type);
            return;
        }

        repr.Out.Write("<" + type.ShortName);
        string? text = name.IsNull ? null : objects.TryReadString(name, Limits.TypeName);
        text ??= repr.AtLeast(3, 11) ? null : Decompose(objects, type, value);
        repr.Out.Write(text is null ? "" : "." + text);
        repr.Out.Write(": ");
        repr.Value(value);
        repr.Out.Write('>');
    }

    /// <summary>
    /// Up to 3.10 a flag of several bits has no name; its repr joins the names of its parts, the highest value first, a bit without a name
    /// as its number (_decompose).
    /// </summary>
    private static string? Decompose(PyObjects objects, PyType type, Address value)
    {
        if (objects.ReadInt(value) is not { } bits)
            return null;
        List<(BigInteger Value, string Name)> parts = [];
        BigInteger rest = bits;
        foreach ((BigInteger member, string name) in Members(objects, type))
        {
            if (member.IsZero || (member & bits) != member)
                continue;
            parts.Add((member, name));
            rest &= ~member;
        }

        for (; rest.Sign > 0; rest &= rest - 1)
            parts.Add((rest & -rest, (rest & -rest).ToString(CultureInfo.InvariantCulture)));
        parts.Sort(static (a, b) => b.Value.CompareTo(a.Value));
        List<string> names = parts.ConvertAll(static part => part.Name);
        return names.Count == 0 ? bits.ToString(CultureInfo.InvariantCulture) : string.Join('|', names);
    }

    private static List<(BigInteger Value, string Name)> Members(PyObjects objects, PyType type)
    {
        List<(BigInteger, string)> members = [];
        Address map = type.Dict.IsNull ? Address.Null : objects.Lookup(type.Dict, "_member_map_");
        if (map.IsNull)
            return members;
        foreach (DictEntry entry in objects.Dict(map))
        {
            if (members.Count >= Limits.TypeDepth)
                break;
            Address value = objects.Attribute(entry.Value, "_value_");
            if (objects.Is(value, TypeFlags.LongSubclass) && objects.ReadInt(value) is { } number)
                members.Add((number, objects.ReadString(entry.Key, Limits.TypeName)));
        }

        return members;
    }

    private static bool HasBase(PyObjects objects, PyType type, string name)
    {
        foreach (PyType one in objects.Mro(type))
        {
            if (one.Name == name && objects.TypeModuleAndName(one).Module == "enum")
                return true;
        }

        return false;
    }
}
