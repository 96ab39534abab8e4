using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>Types and what is made of types.</summary>
internal static class TypeReprs
{
    /// <summary>
    /// <c>&lt;class 'a.B'&gt;</c>; 2.7: <c>&lt;type 'int'&gt;</c> for types not made in Python (type_repr, Objects/typeobject.c).
    /// </summary>
    public static void Type(Repr repr, Address instance, PyType metatype)
    {
        PyType type = repr.Objects.Type(instance);
        if (EnumReprs.IsEnum(repr.Objects, type))
        {
            EnumReprs.Class(repr, type);
            return;
        }

        string kind = repr.IsPython2 && !type.IsHeapType ? "type" : "class";
        repr.Out.Write($"<{kind} '{FullName(repr.Objects, type)}'>");
    }

    /// <summary>With its module, but for <c>builtins</c>; unlike <see cref="PyObjects.TypeName"/> with <c>__main__</c>.</summary>
    public static string FullName(PyObjects objects, PyType type)
    {
        (string? module, string name) = objects.TypeModuleAndName(type);
        if (module is null or "builtins" or "__builtin__")
            return objects.Layout.Version.Major == 2 && module is null ? type.Name : name;
        return module + "." + name;
    }

    /// <summary>ga_repr, Objects/genericaliasobject.c.</summary>
    public static void GenericAlias(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Item(repr, objects.Word(instance, 0));
        repr.Out.Write('[');
        int count = 0;
        foreach (Address item in objects.Tuple(objects.Word(instance, 1), Limits.TypeDepth))
        {
            repr.Out.Write(count++ > 0 ? ", " : "");
            Item(repr, item);
        }

        repr.Out.Write(count == 0 ? "()]" : "]");
    }

    public static void Union(Repr repr, Address instance, PyType type)
    {
        int count = 0;
        foreach (Address item in repr.Objects.Tuple(repr.Objects.Word(instance, 0), Limits.TypeDepth))
        {
            repr.Out.Write(count++ > 0 ? " | " : "");
            Item(repr, item);
        }
    }

    private static void Item(Repr repr, Address item)
    {
        PyType type = repr.Objects.TypeOf(item);
        if (type.Has(TypeFlags.TypeSubclass))
            repr.Out.Write(repr.Objects.Type(item) is { Name: "NoneType" } ? "None" : FullName(repr.Objects, repr.Objects.Type(item)));
        else if (type.Name == "ellipsis")
            repr.Out.Write("...");
        else
            repr.Value(item);
    }
}
