using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>
/// Objects without a form of their own: <c>&lt;pkg.Class at 0x…: a=1, b='x'&gt;</c>. Attributes are slots (the most basic class's
/// first), then <c>__dict__</c> in its order.
/// </summary>
internal static class InstanceReprs
{
    /// <summary>An instance of a class made in Python.</summary>
    public static void Plain(Repr repr, Address instance, PyType type) => Write(repr, instance, repr.Objects.TypeName(type), type, null);

    /// <summary>An instance of a subclass of something with a form of its own, which is shown first.</summary>
    public static void Subclass(Repr repr, Address instance, PyType type, ReprFunction content) =>
        Write(repr, instance, repr.Objects.TypeName(type), type, content);

    /// <summary>
    /// An object of a type made in C that is not known: as <c>object.__repr__</c> has it where the type has no repr of its own,
    /// else the same form without "object", since its own repr may say something else.
    /// </summary>
    public static void OfCType(Repr repr, Address instance, PyType type)
    {
        PyType root = Root(repr.Objects, type);
        List<(string, Address)> names = repr.AtObjectDepth ? [] : Attributes(repr, instance, type);
        if (type.Repr != root.Repr || names.Count > 0)
        {
            Write(repr, instance, repr.Objects.TypeName(type), type, null);
            return;
        }

        repr.Out.Write($"<{repr.Objects.TypeName(type)} object at {instance}>");
    }

    /// <summary>Names and values with commas between.</summary>
    /// <param name="separate">Whether something stands in front already.</param>
    public static void Named(Repr repr, List<(string Name, Address Value)> names, bool separate)
    {
        foreach ((string name, Address value) in names)
        {
            if (repr.Out.Full)
                return;
            repr.Out.Write(separate ? ", " : "");
            repr.Named(name, value);
            separate = true;
        }
    }

    /// <summary>Entries whose keys are text, as many as can be printed.</summary>
    public static List<(string Name, Address Value)> NamedEntries(Repr repr, IEnumerable<DictEntry> entries)
    {
        List<(string, Address)> names = [];
        foreach (DictEntry entry in entries)
        {
            if (names.Count > repr.MaxNames)
                break;
            if (repr.Objects.TryReadString(entry.Key, Limits.TypeName) is { Length: > 0 } name)
                names.Add((name, entry.Value));
        }

        return names;
    }

    public static List<(string Name, Address Value)> Attributes(Repr repr, Address instance, PyType type)
    {
        List<(string, Address)> names = [];
        foreach (Slot slot in repr.Objects.Slots(type))
        {
            Address value = repr.Objects.Memory.ReadPointer(instance + slot.Offset);
            if (!value.IsNull && names.Count <= repr.MaxNames)
                names.Add((slot.Name, value));
        }

        names.AddRange(NamedEntries(repr, repr.Objects.InstanceDict(instance)));
        return names;
    }

    public static void Write(Repr repr, Address instance, string typeName, PyType type, ReprFunction? content) =>
        Write(
            repr, instance, typeName, () => Attributes(repr, instance, type),
            content is null ? null : () => content(repr, instance, type));

    public static void Write(
        Repr repr, Address instance, string typeName, Func<List<(string Name, Address Value)>> attributes, Action? content)
    {
        repr.Out.Write($"<{typeName} at {instance}");
        if ((content is not null || !repr.AtObjectDepth) && repr.Enter(instance))
        {
            bool any = content is not null;
            if (content is not null)
            {
                repr.Out.Write(": ");
                repr.Leave();
                content();
                repr.ForgetWholeLength();
                repr.Enter(instance);
            }

            if (!repr.AtObjectDepth)
                WriteAttributes(repr, attributes(), any);
            repr.Leave();
        }

        repr.Out.Write('>');
    }

    private static void WriteAttributes(Repr repr, List<(string Name, Address Value)> names, bool separate)
    {
        if (!separate && names.Count > 0)
            repr.Out.Write(": ");
        repr.EnterObject();
        Named(repr, names, separate);
        repr.LeaveObject();
    }

    private static PyType Root(PyObjects objects, PyType type)
    {
        for (int i = 0; i < Limits.TypeDepth && !type.Base.IsNull; i++)
            type = objects.Type(type.Base);
        return type;
    }
}
