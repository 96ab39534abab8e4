using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Stack;

/// <summary>A name of a code object and the slot of its frames that belongs to it.</summary>
public readonly record struct CodeVariable(string Name, VariableScope Scope, bool Argument, int Slot);

/// <summary>Reads which slot of a frame holds which variable.</summary>
internal static class CodeVariables
{
    // co_localspluskinds, Include/internal/pycore_code.h.
    private const byte Cell = 0x40;
    private const byte Free = 0x80;

    private const int MaxExtent = 1024;

    /// <exception cref="TargetFault">Unreadable, or nonsense.</exception>
    public static IReadOnlyList<CodeVariable> Read(PyCode code, CodeLayout layout, PyObjects objects)
    {
        Span<byte> buffer = stackalloc byte[MaxExtent];
        buffer = buffer[..Math.Min(layout.Extent, MaxExtent)];
        objects.Memory.ReadExactly(code.Address, buffer);
        ReadOnlySpan<byte> bytes = buffer;
        int arguments = Arguments(bytes, layout, code.Flags);
        return layout.co_localsplusnames != Offset.Absent
            ? ByKinds(bytes, layout, objects, arguments)
            : ByTuples(bytes, layout, objects, arguments);
    }

    private static int Arguments(ReadOnlySpan<byte> bytes, CodeLayout layout, CodeFlags flags)
    {
        long count = bytes.Int32At(layout.co_argcount);
        if (layout.co_kwonlyargcount != Offset.Absent)
            count += bytes.Int32At(layout.co_kwonlyargcount);
        count += (flags & CodeFlags.VarArgs) != 0 ? 1 : 0;
        count += (flags & CodeFlags.VarKeywords) != 0 ? 1 : 0;
        return (int)Math.Clamp(count, 0, Limits.Locals);
    }

    /// <summary>Since 3.11: one tuple of names and a byte for each. A cell that is an argument too has one slot.</summary>
    private static List<CodeVariable> ByKinds(ReadOnlySpan<byte> bytes, CodeLayout layout, PyObjects objects, int arguments)
    {
        List<string> names = Names(objects, bytes.AddressAt(layout.co_localsplusnames));
        byte[] kinds = objects.ReadBytes(bytes.AddressAt(layout.co_localspluskinds), Limits.Locals);
        var variables = new List<CodeVariable>(names.Count);
        for (int i = 0; i < names.Count && i < kinds.Length; i++)
        {
            // Hidden ones (0x10, 3.12+, PEP 709: variables of a comprehension that was inlined into a module or class) are bound only
            // while the comprehension runs, and f_locals shows them then.
            VariableScope scope = (kinds[i] & Free) != 0 ? VariableScope.Free
                : (kinds[i] & Cell) != 0 ? VariableScope.Cell
                : i < arguments ? VariableScope.Argument : VariableScope.Local;
            variables.Add(new CodeVariable(names[i], scope, i < arguments, i));
        }

        return variables;
    }

    /// <summary>
    /// Up to 3.10: locals, then cells, then free variables. An argument that is a cell too is moved into its cell when the frame
    /// begins, so that its first slot is dead.
    /// </summary>
    private static List<CodeVariable> ByTuples(ReadOnlySpan<byte> bytes, CodeLayout layout, PyObjects objects, int arguments)
    {
        List<string> locals = Names(objects, bytes.AddressAt(layout.co_varnames));
        List<string> cells = Names(objects, bytes.AddressAt(layout.co_cellvars));
        List<string> free = Names(objects, bytes.AddressAt(layout.co_freevars));
        var variables = new List<CodeVariable>(locals.Count + cells.Count + free.Count);
        for (int i = 0; i < locals.Count; i++)
        {
            if (i >= arguments)
                variables.Add(new CodeVariable(locals[i], VariableScope.Local, false, i));
            else if (cells.IndexOf(locals[i]) is var cell and >= 0)
                variables.Add(new CodeVariable(locals[i], VariableScope.Cell, true, locals.Count + cell));
            else
                variables.Add(new CodeVariable(locals[i], VariableScope.Argument, true, i));
        }

        for (int i = 0; i < cells.Count; i++)
        {
            int argument = locals.IndexOf(cells[i]);
            if (argument < 0 || argument >= arguments)
                variables.Add(new CodeVariable(cells[i], VariableScope.Cell, false, locals.Count + i));
        }

        for (int i = 0; i < free.Count; i++)
            variables.Add(new CodeVariable(free[i], VariableScope.Free, false, locals.Count + cells.Count + i));
        return variables;
    }

    private static List<string> Names(PyObjects objects, Address tuple)
    {
        var names = new List<string>();
        foreach (Address name in objects.Tuple(tuple, Limits.Locals))
            names.Add(objects.ReadString(name, Limits.CodeName));
        return names;
    }
}
