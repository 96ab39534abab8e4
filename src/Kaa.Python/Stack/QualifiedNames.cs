using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Stack;

/// <summary>
/// Qualified names for 2.7 and 3.6–3.10, whose code objects have none. They belong to the function, so a function is searched whose code
/// is the very one that runs: by its name in the frame's globals, and in the classes of its first argument. Where none is found, as
/// for functions inside functions, the name stays unknown.
/// </summary>
internal sealed class QualifiedNames(PyObjects objects, PyLayout layout)
{
    /// <summary>Entries of a class's dict whose values are looked at for a name that the compiler mangled.</summary>
    private const int MaxMangled = 2_000;

    private readonly Dictionary<PyCode, string?> _names = [];
    private readonly int _head = layout.HeadSize;

    /// <summary>Null where it can't be known.</summary>
    public string? Find(RawFrame frame)
    {
        if (!_names.TryGetValue(frame.Code, out string? name))
        {
            name = Search(frame);
            _names.Add(frame.Code, name);
        }

        return name;
    }

    private string? Search(RawFrame frame)
    {
        if (frame.Code.Name is not { } name || name.StartsWith('<'))
            return frame.Code.Name == "<module>" ? "<module>" : null;
        try
        {
            Address globals = objects.PointerAt(frame.Address, layout.FrameGlobals);
            Address value = ByIdentity(globals, frame.Code.NameObject);
            return InValue(value, frame.Code, owner: null) ?? InClasses(frame);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private string? InClasses(RawFrame frame)
    {
        Address self = FirstArgument(frame);
        if (self.IsNull)
            return null;
        PyType type = objects.TypeOf(self);
        if (type is { Name: "instance", IsHeapType: false })
            return InOldClass(objects.PointerAt(self, _head), frame.Code, depth: 0);
        if (type is { Name: "classobj", IsHeapType: false })
            return InOldClass(self, frame.Code, depth: 0);
        string? name = type.Has(TypeFlags.TypeSubclass) ? InMro(objects.Type(self), frame.Code) : null;
        return name ?? InMro(type, frame.Code);
    }

    /// <summary>Where it is a cell too, the argument was moved into that.</summary>
    private Address FirstArgument(RawFrame frame)
    {
        var look = new FrameAtLook(frame, layout, objects, 0);
        foreach (CodeVariable variable in look.Variables)
        {
            if (!variable.Argument)
                break;
            Address slot = look.Slot(variable.Slot);
            return variable.Scope == Kaa.Results.VariableScope.Cell && !slot.IsNull ? objects.PointerAt(slot, _head) : slot;
        }

        return Address.Null;
    }

    private string? InMro(PyType type, PyCode code)
    {
        foreach (PyType one in objects.Mro(type))
        {
            if (!one.Dict.IsNull && InDict(one.Dict, code, one) is { } name)
                return name;
        }

        return null;
    }

    private string? InDict(Address dict, PyCode code, PyType owner)
    {
        if (InValue(ByIdentity(dict, code.NameObject), code, owner) is { } name)
            return name;
        bool isMangled = code.Name!.StartsWith("__", StringComparison.Ordinal) && !code.Name.EndsWith("__", StringComparison.Ordinal);
        if (!isMangled)
            return null;
        int looked = 0;
        foreach (DictEntry entry in objects.Dict(dict))
        {
            if (InValue(entry.Value, code, owner) is { } found)
                return found;
            if (++looked == MaxMangled)
                return null;
        }

        return null;
    }

    /// <summary>2.7's classes without a common base: bases, dict, name.</summary>
    private string? InOldClass(Address type, PyCode code, int depth)
    {
        if (depth > Limits.TypeDepth)
            return null;
        Address value = ByIdentity(objects.PointerAt(type, _head + 8), code.NameObject);
        if (IsFunctionOf(value, code))
            return objects.TryReadString(objects.PointerAt(type, _head + 16), Limits.TypeName) + "." + code.Name;
        foreach (Address parent in objects.Tuple(objects.PointerAt(type, _head), Limits.TypeDepth))
        {
            if (objects.TypeOf(parent).Name == "classobj" && InOldClass(parent, code, depth + 1) is { } name)
                return name;
        }

        return null;
    }

    /// <summary>The name by a function that runs this code, or by what wraps it: a class or static method, a property.</summary>
    private string? InValue(Address value, PyCode code, PyType? owner)
    {
        if (value.IsNull)
            return null;
        PyType type = objects.TypeOf(value);
        if (type.IsHeapType)
            return null;
        int wrapped = type.Name switch { "function" => 0, "classmethod" or "staticmethod" => 1, "property" => 3, _ => -1 };
        if (wrapped == 0)
            return IsFunctionOf(value, code) ? NameOf(value, code, owner) : null;
        for (int i = 0; i < wrapped; i++)
        {
            Address function = objects.PointerAt(value, _head + (i * 8));
            if (IsFunctionOf(function, code))
                return NameOf(function, code, owner);
        }

        return null;
    }

    private bool IsFunctionOf(Address value, PyCode code) =>
        !value.IsNull && objects.TypeOf(value) is { Name: "function", IsHeapType: false }
        && objects.PointerAt(value, layout.Callable.func_code) == code.Address;

    private string? NameOf(Address function, PyCode code, PyType? owner)
    {
        string? name = layout.Callable.func_qualname == Offset.Absent
            ? null
            : objects.TryReadString(objects.PointerAt(function, layout.Callable.func_qualname), Limits.CodeName);
        // functools.wraps gives a function the name of another one; the code keeps its own.
        if (name is not null && (name == code.Name || name.EndsWith("." + code.Name, StringComparison.Ordinal)))
            return name;
        if (owner is not null)
            return objects.TypeModuleAndName(owner).QualifiedName + "." + code.Name;
        return name is null ? code.Name : null;
    }

    /// <summary>Names are interned: a name that a dict has as a key is the same object as the one that the code has.</summary>
    private Address ByIdentity(Address dict, Address key)
    {
        if (key.IsNull || !objects.Is(dict, TypeFlags.DictSubclass))
            return Address.Null;
        foreach (DictEntry entry in objects.Dict(dict))
        {
            if (entry.Key == key)
                return entry.Value;
        }

        return Address.Null;
    }
}
