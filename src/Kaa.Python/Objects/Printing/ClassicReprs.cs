using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>2.7's old-style classes and their instances (Objects/classobject.c).</summary>
internal static class ClassicReprs
{
    /// <summary>PyClassObject: cl_bases, cl_dict, cl_name.</summary>
    private const int ClassDict = 1;
    private const int ClassNameWord = 2;

    /// <summary>PyInstanceObject: in_class, in_dict.</summary>
    private const int InstanceClass = 0;
    private const int InstanceDict = 1;

    public static void Class(Repr repr, Address instance, PyType type) =>
        repr.Out.Write($"<class {FullName(repr.Objects, instance, "?.")} at {instance}>");

    public static void Instance(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        InstanceReprs.Write(
            repr, instance, ClassName(objects, instance),
            () => InstanceReprs.NamedEntries(repr, objects.Dict(objects.Word(instance, InstanceDict))), content: null);
    }

    /// <summary>The class of an instance, without <c>__main__</c>.</summary>
    public static string ClassName(PyObjects objects, Address instance)
    {
        string name = FullName(objects, objects.Word(instance, InstanceClass), "");
        return name.StartsWith("__main__.", StringComparison.Ordinal) ? name["__main__.".Length..] : name;
    }

    /// <summary><c>__name__</c> of a class of either kind.</summary>
    public static string BareName(PyObjects objects, Address owner) =>
        objects.TypeOf(owner).Has(TypeFlags.TypeSubclass)
            ? objects.Type(owner).ShortName
            : objects.ReadString(objects.Word(owner, ClassNameWord), Limits.TypeName);

    private static string FullName(PyObjects objects, Address owner, string otherwise)
    {
        Address module = objects.Lookup(objects.Word(owner, ClassDict), "__module__");
        string name = objects.ReadString(objects.Word(owner, ClassNameWord), Limits.TypeName);
        return (module.IsNull ? otherwise : objects.ReadString(module, Limits.TypeName) + ".") + name;
    }
}
