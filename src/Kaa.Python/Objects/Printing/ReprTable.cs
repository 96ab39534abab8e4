using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>Prints one kind of object.</summary>
internal delegate void ReprFunction(Repr repr, Address instance, PyType type);

/// <param name="Exact">The type itself is the one that the function is for, not a subclass of it.</param>
internal readonly record struct TypeRepr(ReprFunction Function, bool Exact);

/// <summary>Which function prints which type, found by the names of C types and by what classes made in Python say of themselves.</summary>
internal sealed class ReprTable(PyObjects objects)
{
    private readonly Dictionary<string, ReprFunction> _builtins = BuiltinReprs.All(objects.Layout);
    private readonly Dictionary<string, ReprFunction> _classes = LibraryReprs.All();
    private readonly Dictionary<Address, TypeRepr> _known = [];

    /// <summary>The type's name, as <see cref="PrintedValue.Type"/> gives it; of an instance of an old-style class the class's.</summary>
    public string TypeName(Address value)
    {
        PyType type = objects.TypeOf(value);
        return type is { Name: "instance", IsHeapType: false } ? ClassicReprs.ClassName(objects, value) : objects.TypeName(type);
    }

    public void Write(Repr repr, Address value)
    {
        PyType type = objects.TypeOf(value);
        TypeRepr found = Find(type);
        if (found.Exact)
            found.Function(repr, value, type);
        else
            InstanceReprs.Subclass(repr, value, type, found.Function);
    }

    private TypeRepr Find(PyType type)
    {
        if (!_known.TryGetValue(type.Address, out TypeRepr found))
        {
            found = Search(type);
            _known.Add(type.Address, found);
        }

        return found;
    }

    private TypeRepr Search(PyType type)
    {
        if (OfClass(type) is { } special)
            return new TypeRepr(special, Exact: true);
        PyType? at = type;
        for (int i = 0; at is not null && i < Limits.TypeDepth; i++)
        {
            if (IsMadeInC(at) && _builtins.TryGetValue(at.Name, out ReprFunction? function))
                return new TypeRepr(function, at.Address == type.Address || InheritsRepr(at));
            at = at.Base.IsNull ? null : objects.Type(at.Base);
        }

        return new TypeRepr(IsMadeInC(type) ? InstanceReprs.OfCType : InstanceReprs.Plain, Exact: true);
    }

    /// <summary>A class made in Python has a bare name; one made in C from a spec has its module's in front.</summary>
    private static bool IsMadeInC(PyType type) => !type.IsHeapType || type.Name.Contains('.', StringComparison.Ordinal);

    /// <summary>Exceptions and types print as such, whatever class they are of.</summary>
    private static bool InheritsRepr(PyType owner) => owner.Name is "BaseException" or "exceptions.BaseException" or "type" or "module";

    private ReprFunction? OfClass(PyType type)
    {
        if (NamedTupleReprs.IsStructSequence(objects, type))
            return NamedTupleReprs.StructSequence;
        if (IsMadeInC(type))
            return null;
        if (EnumReprs.IsEnum(objects, type))
            return EnumReprs.Member;
        if (NamedTupleReprs.IsNamedTuple(objects, type))
            return NamedTupleReprs.NamedTuple;
        (string? module, string name) = objects.TypeModuleAndName(type);
        return module is not null && _classes.TryGetValue(module + "." + name, out ReprFunction? function) ? function : null;
    }
}
