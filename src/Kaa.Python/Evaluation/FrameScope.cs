using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Evaluation;

/// <summary>The names that code in a frame sees: its variables, the module's, the builtins.</summary>
/// <param name="registers">By name; what the frame's registers are.</param>
public sealed class FrameScope(FrameAtLook frame, Func<string, ulong?> registers) : IPyScope
{
    public (Address Object, NameOrigin Origin)? Find(string name)
    {
        if (Variable(name) is { IsNull: false } local)
            return (local, NameOrigin.Local);
        if (InNamespace(frame.Namespace, name) is { IsNull: false } own)
            return (own, frame.Namespace == frame.Globals ? NameOrigin.Global : NameOrigin.Local);
        if (InNamespace(frame.Globals, name) is { IsNull: false } global)
            return (global, NameOrigin.Global);
        return Builtin(name) is { IsNull: false } builtin ? (builtin, NameOrigin.Builtin) : null;
    }

    public ulong? Register(string name) => registers(name);

    private Address Variable(string name)
    {
        foreach (CodeVariable variable in frame.Variables)
        {
            if (variable.Name != name)
                continue;
            Address value = frame.Slot(variable.Slot);
            bool isCell = variable.Scope is VariableScope.Cell or VariableScope.Free;
            return isCell ? FrameLocals.CellContent(frame.Objects, value) : value;
        }

        return Address.Null;
    }

    /// <summary>A namespace need not be a dict (the second argument of exec); then nothing is found in it.</summary>
    private Address InNamespace(Address names, string name) =>
        frame.Objects.Is(names, TypeFlags.DictSubclass) ? frame.Objects.Lookup(names, name) : Address.Null;

    /// <summary><c>__builtins__</c> of the globals is the module in <c>__main__</c>, elsewhere its dict.</summary>
    private Address Builtin(string name)
    {
        Address builtins = InNamespace(frame.Globals, "__builtins__");
        if (builtins.IsNull)
            return builtins;
        return frame.Objects.Is(builtins, TypeFlags.DictSubclass) ? frame.Objects.Lookup(builtins, name) : frame.Objects.Attribute(builtins, name);
    }
}
