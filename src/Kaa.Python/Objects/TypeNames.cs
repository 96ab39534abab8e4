using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>Names of types, as <c>type.__module__</c>, <c>__qualname__</c> and <c>__name__</c> give them (Objects/typeobject.c).</summary>
internal sealed class TypeNames(PyObjects objects)
{
    private readonly Dictionary<Address, (string? Module, string QualifiedName)> _names = [];

    public string FullName(PyType type)
    {
        (string? module, string name) = ModuleAndName(type);
        return module is null or "builtins" or "__builtin__" or "__main__" ? name : module + "." + name;
    }

    public (string? Module, string QualifiedName) ModuleAndName(PyType type)
    {
        if (_names.TryGetValue(type.Address, out (string?, string) known))
            return known;
        (string?, string) names = type.IsHeapType ? OfHeapType(type) : OfStaticType(type);
        _names.Add(type.Address, names);
        return names;
    }

    /// <summary>A static type's <c>tp_name</c> has its module in front of the last dot.</summary>
    private (string? Module, string Name) OfStaticType(PyType type)
    {
        int dot = type.Name.LastIndexOf('.');
        string builtins = objects.Layout.Version.Major == 2 ? "__builtin__" : "builtins";
        return dot < 0 ? (builtins, type.Name) : (type.Name[..dot], type.Name[(dot + 1)..]);
    }

    private (string? Module, string Name) OfHeapType(PyType type)
    {
        PyHeapTypeFields f = objects.Layout.PyHeapTypeObject;
        int field = f.ht_qualname == ObjectLayout.Absent ? f.ht_name : f.ht_qualname;
        string? name = objects.TryReadString(objects.PointerAt(type.Address, field), Limits.TypeName);
        return (Module(type), name ?? type.ShortName);
    }

    private string? Module(PyType type)
    {
        try
        {
            Address module = type.Dict.IsNull ? Address.Null : objects.Lookup(type.Dict, "__module__");
            return module.IsNull ? null : objects.TryReadString(module, Limits.TypeName);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }
}
