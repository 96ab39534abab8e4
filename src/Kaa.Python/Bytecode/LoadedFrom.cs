using static Kaa.Python.Bytecode.Op;

namespace Kaa.Python.Bytecode;

internal enum LoadKind
{
    /// <summary>A global name, or in modules and class bodies any name.</summary>
    Name,

    /// <summary>A local variable, by its slot.</summary>
    Local,

    /// <summary>An attribute, by its name.</summary>
    Attribute,

    /// <summary><c>__build_class__</c>, whatever the names say.</summary>
    BuildClass,
}

/// <summary>The instruction that put a value on the stack, where it is a plain load.</summary>
/// <param name="Index">Into <c>co_names</c>, or of the frame's slot.</param>
/// <param name="Of">For an attribute: what it was taken from, where that is a plain load in front of it.</param>
internal sealed record LoadedFrom(LoadKind Kind, int Index, LoadedFrom? Of = null)
{
    /// <summary>Finds what filled a slot of the value stack last, in the order of the code; null where it is no plain load.</summary>
    /// <param name="end">Offset of the instruction that takes the value.</param>
    /// <param name="marks">What lies below it: only what was loaded above the same counts.</param>
    public static LoadedFrom? Find(OpcodeSet set, StackFlow flow, ReadOnlySpan<byte> code, int end, int slot, Mark? marks)
    {
        LoadedFrom? found = null;
        LoadedFrom? previous = null;
        int offset = 0;
        while (offset < end && set.TryRead(code, offset, out Instruction instruction))
        {
            if (flow.DepthAt(instruction.Start, marks) is { } before)
            {
                LoadedFrom? load = Load(instruction, slot - before, previous, set.Release);
                if (Fills(instruction, before, slot, set.Release))
                    found = load;
                previous = load;
            }

            offset = instruction.Next;
        }

        return found;
    }

    private static bool Fills(in Instruction instruction, int before, int slot, int release)
    {
        if (LeavesAlone(instruction.Op))
            return false;
        int after = before + (StackEffect.Of(instruction.Op, instruction.Argument, false, release) ?? 0);
        if (instruction.Op is LOAD_ATTR or LOAD_METHOD)
            before--;
        return (before <= slot && slot < after) || after - 1 == slot;
    }

    /// <summary>What only takes values, or goes elsewhere.</summary>
    private static bool LeavesAlone(Op op) => op is POP_TOP or NOP or CACHE or RESUME or NOT_TAKEN or KW_NAMES
        or STORE_FAST or STORE_NAME or STORE_GLOBAL or STORE_DEREF or STORE_ATTR or STORE_SUBSCR or DELETE_FAST or DELETE_NAME or DELETE_GLOBAL
        or LIST_APPEND or SET_ADD or MAP_ADD or LIST_EXTEND or SET_UPDATE or DICT_UPDATE or DICT_MERGE or STORE_MAP
        || Jumps.IsUnconditional(op)
        || op is POP_JUMP_IF_FALSE or POP_JUMP_IF_TRUE or POP_JUMP_IF_NONE or POP_JUMP_IF_NOT_NONE
            or POP_JUMP_FORWARD_IF_FALSE or POP_JUMP_FORWARD_IF_TRUE or POP_JUMP_FORWARD_IF_NONE or POP_JUMP_FORWARD_IF_NOT_NONE
            or POP_JUMP_BACKWARD_IF_FALSE or POP_JUMP_BACKWARD_IF_TRUE or POP_JUMP_BACKWARD_IF_NONE or POP_JUMP_BACKWARD_IF_NOT_NONE;

    /// <param name="above">Which of the values that the instruction pushes is wanted, from 0.</param>
    private static LoadedFrom? Load(in Instruction instruction, int above, LoadedFrom? previous, int release)
    {
        int argument = instruction.Argument;
        switch (instruction.Op)
        {
            case LOAD_NAME:
                return new LoadedFrom(LoadKind.Name, argument);
            case LOAD_GLOBAL:
                return new LoadedFrom(LoadKind.Name, release >= 311 ? argument >> 1 : argument);
            case LOAD_ATTR:
                return new LoadedFrom(LoadKind.Attribute, release >= 312 ? argument >> 1 : argument, previous);
            case LOAD_METHOD:
                return new LoadedFrom(LoadKind.Attribute, argument, previous);
            case LOAD_FAST or LOAD_FAST_BORROW or LOAD_FAST_CHECK:
                return new LoadedFrom(LoadKind.Local, argument);

            // Two indices in four bits each (3.13+).
            case LOAD_FAST_LOAD_FAST or LOAD_FAST_BORROW_LOAD_FAST_BORROW:
                return new LoadedFrom(LoadKind.Local, above == 0 ? argument >> 4 : argument & 15);
            case LOAD_BUILD_CLASS:
                return new LoadedFrom(LoadKind.BuildClass, 0);
            default:
                return null;
        }
    }
}
