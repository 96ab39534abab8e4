using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;
using Kaa.Results;

namespace Kaa.Python.Stack;

/// <summary>
/// Variables of a frame, as <c>f_locals</c> would give them, with cells and free variables by their content; unbound ones are left out.
/// Modules, class bodies and code that <c>exec</c> runs have their variables in a namespace: all of it is shown but for the names that
/// the interpreter itself puts there (<c>__name__</c>, <c>__builtins__</c> and the like). A function's globals are not its variables.
/// </summary>
public sealed class FrameLocals(ValueOptions options) : IFrameLocals
{
    private ValuePrinter? _printer;

    public IReadOnlyList<LocalVariable> Read(FrameAtLook frame)
    {
        if (_printer?.Objects != frame.Objects)
            _printer = new ValuePrinter(frame.Objects, options);
        List<LocalVariable> slots = [];
        AddSlots(slots, frame, _printer);
        if ((frame.Frame.Code.Flags & CodeFlags.Optimized) != 0)
            return slots;
        List<LocalVariable> variables = [];
        AddNamespace(variables, slots, frame, _printer);
        variables.AddRange(slots);
        return variables;
    }

    /// <summary>A function of 2.7 that has an exec statement may have both, and a copy of its slots in the namespace.</summary>
    private static void AddNamespace(List<LocalVariable> variables, List<LocalVariable> slots, FrameAtLook frame, ValuePrinter printer)
    {
        Address names = frame.Namespace;
        if (names.IsNull)
            return;
        foreach (DictEntry entry in frame.Objects.Dict(names))
        {
            if (variables.Count >= Limits.Locals)
                return;
            if (frame.Objects.TryReadString(entry.Key, Limits.CodeName) is { } name && !IsDunder(name)
                && !slots.Exists(slot => slot.Name == name))
                variables.Add(Variable(new CodeVariable(name, VariableScope.Local, Argument: false, Slot: -1), entry.Value, printer));
        }
    }

    private static void AddSlots(List<LocalVariable> variables, FrameAtLook frame, ValuePrinter printer)
    {
        bool optimized = (frame.Frame.Code.Flags & CodeFlags.Optimized) != 0;
        foreach (CodeVariable variable in frame.Variables)
        {
            // __class__ and __classdict__ of a class body belong to the machinery.
            if (!optimized && IsDunder(variable.Name))
                continue;
            if (Slot(frame, variable, printer) is { } shown)
                variables.Add(shown);
        }
    }

    private static LocalVariable? Slot(FrameAtLook frame, CodeVariable variable, ValuePrinter printer)
    {
        try
        {
            Address value = frame.Slot(variable.Slot);
            if (variable.Scope is VariableScope.Cell or VariableScope.Free)
                value = CellContent(frame.Objects, value);
            return value.IsNull ? null : Variable(variable, value, printer);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return Empty(variable) with { Unreadable = fault.Message };
        }
    }

    /// <summary>
    /// Where MAKE_CELL has not run yet (3.11+), the slot still holds the argument itself; a cell in it is taken for the variable's, as
    /// frame_get_var of Objects/frameobject.c does where it can't tell.
    /// </summary>
    internal static Address CellContent(PyObjects objects, Address value) =>
        !value.IsNull && objects.TypeOf(value) is { Name: "cell", IsHeapType: false } ? objects.Word(value, 0) : value;

    private static LocalVariable Variable(CodeVariable variable, Address value, ValuePrinter printer)
    {
        PrintedValue printed = printer.Print(value, variable.Name);
        return Empty(variable) with { Type = printed.Type, Value = printed.Text, Length = printed.Length, Unreadable = printed.Unreadable };
    }

    private static LocalVariable Empty(CodeVariable variable) =>
        new() { Name = variable.Name, Scope = variable.Scope, Argument = variable.Argument };

    private static bool IsDunder(string name) =>
        name.Length > 4 && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal);
}
