using System.Globalization;
using System.Numerics;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>Classes of the standard library that say what they are best in their own words.</summary>
internal static class LibraryReprs
{
    /// <summary>Classes made in Python, by <c>__module__</c> and <c>__qualname__</c>.</summary>
    public static Dictionary<string, ReprFunction> All()
    {
        var all = new Dictionary<string, ReprFunction>(StringComparer.Ordinal)
        {
            ["uuid.UUID"] = Uuid,
            ["fractions.Fraction"] = Fraction,
            ["collections.Counter"] = CounterReprs.Counter,
            ["collections.OrderedDict"] = MappingReprs.PythonOrderedDict,
            ["decimal.Decimal"] = DecimalReprs.PythonDecimal,
        };
        foreach (string module in new[] { "pathlib", "pathlib._local" })
        {
            all[module + ".PosixPath"] = PathReprs.Path;
            all[module + ".PurePosixPath"] = PathReprs.Path;
        }

        return all;
    }

    /// <summary>partial_repr, Modules/_functoolsmodule.c: fn, args, kw.</summary>
    public static void Partial(Repr repr, Address instance, PyType type)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write("...");
            return;
        }

        PyObjects objects = repr.Objects;
        repr.Out.Write("functools.partial(");
        repr.Value(objects.Word(instance, 0));
        foreach (Address argument in objects.Tuple(objects.Word(instance, 1), repr.MaxNames))
        {
            repr.Out.Write(", ");
            repr.Value(argument);
        }

        InstanceReprs.Named(repr, InstanceReprs.NamedEntries(repr, objects.Dict(objects.Word(instance, 2))), separate: true);
        repr.Out.Write(')');
        repr.Leave();
    }

    /// <summary>zoneinfo_repr, Modules/_zoneinfo.c: by key, where it has one.</summary>
    public static void ZoneInfo(Repr repr, Address instance, PyType type)
    {
        Address key = repr.Objects.Word(instance, 0);
        if (key.IsNull || repr.Objects.TypeOf(key).Name == "NoneType")
        {
            InstanceReprs.OfCType(repr, instance, type);
            return;
        }

        repr.Out.Write("zoneinfo.ZoneInfo(key=");
        repr.Value(key);
        repr.Out.Write(')');
    }

    /// <summary>pattern_repr, Modules/_sre.c: 200 characters of the pattern, flags by name.</summary>
    public static void Pattern(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address fields = instance + objects.Layout.ob_size;
        Address pattern = objects.Memory.ReadPointer(fields + 32);
        int flags = objects.Memory.Read<int>(fields + 40);
        const int Unicode = 32;
        if (objects.Is(pattern, TypeFlags.UnicodeSubclass) && (flags & (4 | Unicode | 256)) == Unicode)
            flags &= ~Unicode;
        repr.Out.Write("re.compile(");
        repr.Value(pattern);
        if (flags != 0)
            repr.Out.Write(", " + FlagNames(flags));
        repr.Out.Write(')');
    }

    private static void Uuid(Repr repr, Address instance, PyType type)
    {
        BigInteger number = repr.Objects.ReadInt(repr.Objects.Attribute(instance, "int")) ?? 0;
        string hex = number.ToString("x33", CultureInfo.InvariantCulture)[^32..];
        repr.Out.Write($"UUID('{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}')");
    }

    private static void Fraction(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write("Fraction(");
        repr.Items([repr.Objects.Attribute(instance, "_numerator"), repr.Objects.Attribute(instance, "_denominator")]);
        repr.Out.Write(')');
    }

    private static string FlagNames(int flags)
    {
        (int Bit, string Name)[] names =
        [
            (2, "re.IGNORECASE"), (4, "re.LOCALE"), (8, "re.MULTILINE"), (16, "re.DOTALL"), (32, "re.UNICODE"), (64, "re.VERBOSE"),
            (128, "re.DEBUG"), (256, "re.ASCII"),
        ];
        List<string> parts = [];
        foreach ((int bit, string name) in names)
        {
            if ((flags & bit) != 0)
                parts.Add(name);
            flags &= ~bit;
        }

        if (flags != 0)
            parts.Add("0x" + flags.ToString("x", CultureInfo.InvariantCulture));
        return string.Join('|', parts);
    }
}
