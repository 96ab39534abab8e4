using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Evaluation;

/// <summary>
/// What <c>obj.name</c> would give, where that takes no code of the target to run (PyObject_GenericGetAttr, Objects/object.c); else an error that
/// says which code it would be.
/// </summary>
internal sealed class AttributeLookup(PyObjects objects)
{
    private const string ReadOnlyHint = "Kaa reads memory and runs nothing; ask for what it keeps: kaa bt --locals shows an object's attributes";

    /// <summary>Types of attributes that are the same when they are asked for through an instance, but for being bound to it.</summary>
    private static readonly string[] Functions =
        ["function", "builtin_function_or_method", "method_descriptor", "wrapper_descriptor", "classmethod_descriptor", "instancemethod", "method"];

    /// <exception cref="UserError">no-attribute, would-run-code.</exception>
    public Address Find(Address owner, string name)
    {
        PyType type = objects.TypeOf(owner);
        if (name == "__class__")
            return type.Address;
        if (objects.Layout.Version.Major == 2 && type.Name is "instance" or "classobj")
            return Require(Classic(owner, type, name), owner, name);
        return type.Has(TypeFlags.TypeSubclass) ? OfType(owner, type, name) : OfInstance(owner, type, name);
    }

    /// <summary>A method that a class of the target's own has; null where the built-in type's own is meant.</summary>
    public PyType? Overriding(PyType type, string method)
    {
        foreach (PyType one in objects.Mro(type))
        {
            if (!IsMadeInPython(one))
                return null;
            if (!InDict(one, method).IsNull)
                return one;
        }

        return null;
    }

    private Address OfType(Address owner, PyType metatype, string name)
    {
        foreach (PyType one in objects.Mro(objects.Type(owner)))
        {
            if (InDict(one, name) is { IsNull: false } found)
                return Unwrapped(found, owner, name, throughClass: true);
        }

        return OfInstance(owner, metatype, name);
    }

    private Address OfInstance(Address owner, PyType type, string name)
    {
        if (Overriding(type, "__getattribute__") is { } special)
            throw WouldRun(name, $"{objects.TypeName(special)}.__getattribute__");
        Address inType = Address.Null;
        foreach (PyType one in objects.Mro(type))
        {
            inType = InDict(one, name);
            if (!inType.IsNull)
                break;
        }

        string? kind = inType.IsNull ? null : objects.TypeOf(inType).Name;
        if (kind is "property" or "getset_descriptor")
            throw WouldRun(name, $"the {(kind == "property" ? "property" : "C function behind")} {objects.TypeName(type)}.{name}");
        Address own = objects.Attribute(owner, name);
        if (!own.IsNull)
            return own;
        if (kind == "member_descriptor")
            throw new UserError("no-attribute", $"the slot {objects.TypeName(type)}.{name} is not set, or holds no object");
        if (!inType.IsNull)
            return Unwrapped(inType, owner, name, throughClass: false);
        return Overriding(type, "__getattr__") is { } dynamic
            ? throw WouldRun(name, $"{objects.TypeName(dynamic)}.__getattr__")
            : Require(Address.Null, owner, name);
    }

    /// <summary>A function is itself, a static or class method the function in it; any other descriptor would be run.</summary>
    private Address Unwrapped(Address attribute, Address owner, string name, bool throughClass)
    {
        PyType type = objects.TypeOf(attribute);
        if (type.Name is "staticmethod" or "classmethod" && !IsMadeInPython(type))
            return objects.Word(attribute, 0);
        if (Array.IndexOf(Functions, type.Name) >= 0 || throughClass && type.Name is "property" or "member_descriptor" or "getset_descriptor")
            return attribute;
        return Overriding(type, "__get__") is { } descriptor
            ? throw WouldRun(name, $"{objects.TypeName(descriptor)}.__get__")
            : attribute;
    }

    /// <summary>2.7's old-style classes and instances (Objects/classobject.c): own dict, then the class's, then its bases'.</summary>
    private Address Classic(Address owner, PyType type, string name)
    {
        if (type.Name == "classobj")
            return InClassic(owner, name, 0);
        Address own = objects.Lookup(objects.Word(owner, 1), name);
        return own.IsNull ? InClassic(objects.Word(owner, 0), name, 0) : own;
    }

    private Address InClassic(Address owner, string name, int depth)
    {
        if (depth == Limits.TypeDepth)
            throw TargetFault.Nonsense(owner, "class with too many bases");
        Address found = objects.Lookup(objects.Word(owner, 1), name);
        if (!found.IsNull)
            return found;
        foreach (Address parent in objects.Tuple(objects.Word(owner, 0), Limits.TypeDepth))
        {
            found = objects.TypeOf(parent).Name == "classobj" ? InClassic(parent, name, depth + 1) : Address.Null;
            if (!found.IsNull)
                return found;
        }

        return Address.Null;
    }

    /// <summary>The dict of a static type of 3.12 and later is kept elsewhere: what such types have themselves is not looked up.</summary>
    private Address InDict(PyType type, string name) =>
        objects.Is(type.Dict, TypeFlags.DictSubclass) ? objects.Lookup(type.Dict, name) : Address.Null;

    /// <summary>By a class statement: such types can be derived from and changed.</summary>
    private static bool IsMadeInPython(PyType type) => type.IsHeapType && !type.Has(TypeFlags.ImmutableType);

    private Address Require(Address found, Address owner, string name) => found.IsNull
        ? throw new UserError("no-attribute", $"the {objects.TypeName(objects.TypeOf(owner))} at {owner} has no attribute '{name}'")
        : found;

    private static UserError WouldRun(string name, string code) =>
        new("would-run-code", $"'{name}' is computed: {code} would have to run", ReadOnlyHint);
}
