using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Builtins;

/// <summary>Tells which C function a call of an object is in; serves one look.</summary>
internal sealed class CallableReader(PyObjects objects, CallableLayout layout)
{
    /// <summary>From <c>tp_repr</c> to <c>tp_call</c>: as_number, as_sequence, as_mapping and hash lie between (Include/cpython/object.h).</summary>
    private const int ReprToCall = 40;

    /// <summary>They lead to Python code, or to whatever they stand for; 2.7's old-style classes and their instances too.</summary>
    private static readonly HashSet<string> s_leadElsewhere =
        ["function", "method", "instancemethod", "classobj", "instance", "staticmethod", "classmethod", "weakcallableproxy", "weakproxy"];

    private readonly Dictionary<Address, Callable> _callables = [];
    private readonly Dictionary<Address, Callable> _instances = [];

    /// <exception cref="TargetFault">No object lies there.</exception>
    public Callable Read(Address instance)
    {
        if (!_callables.TryGetValue(instance, out Callable? callable))
        {
            callable = ReadNew(instance, isWrapped: false);
            _callables.Add(instance, callable);
        }

        return callable;
    }

    /// <summary>A method that the type of an object has under a name, where C code defines it; else null.</summary>
    public Callable? SpecialMethod(Address instance, string name)
    {
        foreach (PyType type in objects.Mro(objects.TypeOf(instance)))
        {
            Address method = type.Dict.IsNull ? Address.Null : objects.Lookup(type.Dict, name);
            if (!method.IsNull)
                return objects.TypeOf(method) is { Name: "method_descriptor", IsHeapType: false } ? Read(method) : null;
        }

        return null;
    }

    /// <summary>What the C function <c>__exit__</c> is bound to; null address for anything else.</summary>
    public Address BoundExit(Address instance) =>
        IsCFunction(objects.TypeOf(instance)) && CString(objects.PointerAt(instance, layout.m_ml)) == "__exit__"
            ? objects.PointerAt(instance, layout.m_self)
            : Address.Null;

    private Callable ReadNew(Address instance, bool isWrapped)
    {
        PyType type = objects.TypeOf(instance);
        if (type.Has(TypeFlags.TypeSubclass))
            return IsMadeInC(type) ? OfClass(objects.Type(instance)) : Callable.Other;
        if (!IsMadeInC(type))
            return OfInstance(type);
        if (type.ShortName == "cython_function_or_method")
            return new Callable(true, OfCFunction(instance), Address.Null);
        switch (type.Name)
        {
            case "builtin_function_or_method" or "builtin_method":
                return new Callable(true, OfCFunction(instance), Address.Null);
            case "method_descriptor" or "classmethod_descriptor":
                return OfDescriptor(instance, CString(objects.PointerAt(instance, layout.d_method)), bound: type.Name[0] == 'c');
            case "wrapper_descriptor":
                return OfDescriptor(instance, DescriptorName(instance), bound: false);
            case "method-wrapper":
                return OfDescriptor(objects.Word(instance, 0), DescriptorName(objects.Word(instance, 0)), bound: true);
            case "method" or "instancemethod":
                return isWrapped ? Callable.Other : ReadNew(objects.PointerAt(instance, layout.im_func), isWrapped: true);
            case PyType.Nameless:
                return Callable.Other;
            default:
                return OfInstance(type);
        }
    }

    /// <summary>Calling a class that C code made; one of Python's leads to its own <c>__init__</c> or may.</summary>
    private Callable OfClass(PyType type) => type.Name != PyType.Nameless && IsMadeInC(type) ? new Callable(true, OfType(type), Address.Null) : Callable.Other;

    private BuiltinFrame OfType(PyType type)
    {
        (string? module, string name) = objects.TypeModuleAndName(type);
        return new BuiltinFrame(type.ShortName, module) { QualifiedName = name };
    }

    private Callable OfInstance(PyType type)
    {
        if (_instances.TryGetValue(type.Address, out Callable? known))
            return known;
        Callable callable = ReadInstance(type);
        _instances.Add(type.Address, callable);
        return callable;
    }

    /// <summary>An instance is called by its type's <c>tp_call</c>; a class of Python's may have inherited that of a type made in C.</summary>
    private Callable ReadInstance(PyType type)
    {
        Address call = TpCall(type);
        if (call.IsNull)
            return Callable.No;
        foreach (PyType one in objects.Mro(type))
        {
            if (!IsMadeInC(one) || TpCall(one) is not { IsNull: false } inherited)
                continue;
            if (inherited != call || s_leadElsewhere.Contains(one.ShortName))
                return Callable.Other;
            return new Callable(true, one.ShortName == "partial" ? OfType(one) : Method(one, "__call__"), Address.Null);
        }

        return Callable.Other;
    }

    private Address TpCall(PyType type) => objects.PointerAt(type.Address, objects.Layout.PyTypeObject.tp_repr + ReprToCall);

    /// <summary>meth_get__qualname__, Objects/methodobject.c: a module's function has the module's name, a method is bound to an object or a class.</summary>
    private BuiltinFrame OfCFunction(Address function)
    {
        string name = CString(objects.PointerAt(function, layout.m_ml));
        if (objects.TryReadString(objects.PointerAt(function, layout.m_module), Limits.CodeName) is { } module)
            return new BuiltinFrame(name, module) { QualifiedName = name };
        Address self = objects.PointerAt(function, layout.m_self);
        if (self.IsNull)
            return new BuiltinFrame(name, null) { QualifiedName = name };
        PyType type = objects.TypeOf(self);
        return Method(type.Has(TypeFlags.TypeSubclass) ? objects.Type(self) : type, name);
    }

    /// <summary>Named by the class that C code made; classes of Python's that are derived from it only inherit the method.</summary>
    private BuiltinFrame Method(PyType type, string name)
    {
        foreach (PyType one in objects.Mro(type))
        {
            if (!IsMadeInC(one))
                continue;
            (string? module, string owner) = objects.TypeModuleAndName(one);
            return new BuiltinFrame(name, module) { QualifiedName = owner + "." + name };
        }

        return new BuiltinFrame(name, null) { QualifiedName = name };
    }

    private Callable OfDescriptor(Address descriptor, string name, bool bound)
    {
        Address owner = objects.PointerAt(descriptor, objects.Layout.PyDescrObject.d_type);
        return new Callable(true, Method(objects.Type(owner), name), bound ? Address.Null : owner);
    }

    private string DescriptorName(Address descriptor) =>
        objects.ReadString(objects.PointerAt(descriptor, objects.Layout.PyDescrObject.d_name), Limits.CodeName);

    /// <summary>The <c>ml_name</c> of a <c>PyMethodDef</c>, its first field.</summary>
    private string CString(Address definition) => objects.Memory.ReadCString(objects.Memory.ReadPointer(definition), Limits.TypeName);

    private static bool IsCFunction(PyType type) => !type.IsHeapType && type.Name is "builtin_function_or_method" or "builtin_method";

    /// <summary>
    /// A class statement always makes a heap type that can be derived from and changed (type_new, Objects/typeobject.c); types of C code that
    /// are both can't be told from it, and are left alone.
    /// </summary>
    private bool IsMadeInC(PyType type) => !type.IsHeapType || !type.Has(TypeFlags.BaseType)
        || (objects.Layout.Version.AtLeast(3, 10) && type.Has(TypeFlags.ImmutableType));
}
