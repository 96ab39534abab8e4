using Kaa.Formats;
using Kaa.Python.Bytecode;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Builtins;

/// <summary>
/// A call's result takes the callable's place on the stack, and a thread can stand behind a call that has returned: where it waits for the
/// GIL, handles a signal or collects garbage between two instructions. So where nothing else tells, what lies there is taken for the
/// callable only if it is what the code has loaded for the call.
/// </summary>
internal sealed class CallProof(PyObjects objects, PyLayout layout)
{
    /// <summary>True where the object goes by the name under which it was loaded, or still is what that name stands for.</summary>
    public bool IsWhatWasLoaded(FrameAtLook frame, LoadedFrom loaded, Address callable, BuiltinFrame named)
    {
        if (loaded.Kind == LoadKind.BuildClass)
            return named.Function == "__build_class__";
        if (loaded.Kind != LoadKind.Local && named.QualifiedName?.EndsWith(".__call__", StringComparison.Ordinal) != true
            && Name(frame, loaded.Index) is { } name && name == named.Function)
        {
            return true;
        }

        return Value(frame, loaded) == callable;
    }

    private string? Name(FrameAtLook frame, int index)
    {
        Address names = objects.PointerAt(frame.Frame.Code.Address, layout.Code.co_names);
        return index >= 0 && index < objects.Size(names)
            ? objects.TryReadString(objects.PointerAt(names, objects.Layout.tuple_ob_item + (index * 8)), Limits.CodeName)
            : null;
    }

    /// <summary>What a load would give now; null address where that can't be told.</summary>
    private Address Value(FrameAtLook frame, LoadedFrom loaded)
    {
        switch (loaded.Kind)
        {
            case LoadKind.Local:
                return frame.Slot(loaded.Index);
            case LoadKind.Name when Name(frame, loaded.Index) is { } name:
                Address local = (frame.Frame.Code.Flags & CodeFlags.Optimized) == 0 ? Lookup(frame.Namespace, name) : Address.Null;
                return local.IsNull ? Lookup(frame.Globals, name) : local;
            case LoadKind.Attribute when loaded.Of is { } of && Name(frame, loaded.Index) is { } attribute:
                Address owner = Value(frame, of);
                return owner.IsNull ? Address.Null : Attribute(owner, attribute);
            default:
                return Address.Null;
        }
    }

    private Address Attribute(Address owner, string name) =>
        objects.TypeOf(owner).Name == "module" ? Lookup(objects.Word(owner, 0), name) : objects.Attribute(owner, name);

    private Address Lookup(Address dict, string name) =>
        objects.Is(dict, TypeFlags.DictSubclass) ? objects.Lookup(dict, name) : Address.Null;
}
