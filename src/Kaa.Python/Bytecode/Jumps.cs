using static Kaa.Python.Bytecode.Op;

namespace Kaa.Python.Bytecode;

internal enum JumpKind
{
    None,
    Forward,
    Backward,
    Absolute,
}

/// <summary>Which instructions jump, and from where the argument counts: <c>opcode.hasjrel</c> and <c>hasjabs</c>, Lib/opcode.py.</summary>
internal static class Jumps
{
    /// <param name="release">Major × 100 + minor.</param>
    public static JumpKind Of(Op op, int release)
    {
        switch (op)
        {
            case JUMP_ABSOLUTE or CONTINUE_LOOP or JUMP_IF_NOT_EXC_MATCH:
                return JumpKind.Absolute;

            // Absolute up to 3.10; none of the first three is in 3.11.
            case POP_JUMP_IF_FALSE or POP_JUMP_IF_TRUE or JUMP_IF_FALSE_OR_POP or JUMP_IF_TRUE_OR_POP:
                return release < 311 ? JumpKind.Absolute : JumpKind.Forward;
            case JUMP_FORWARD or FOR_ITER or SEND or CALL_FINALLY or POP_JUMP_IF_NONE or POP_JUMP_IF_NOT_NONE
                or SETUP_LOOP or SETUP_EXCEPT or SETUP_FINALLY or SETUP_WITH or SETUP_ASYNC_WITH
                or POP_JUMP_FORWARD_IF_FALSE or POP_JUMP_FORWARD_IF_TRUE or POP_JUMP_FORWARD_IF_NONE or POP_JUMP_FORWARD_IF_NOT_NONE:
                return JumpKind.Forward;
            case JUMP_BACKWARD or JUMP_BACKWARD_NO_INTERRUPT
                or POP_JUMP_BACKWARD_IF_FALSE or POP_JUMP_BACKWARD_IF_TRUE or POP_JUMP_BACKWARD_IF_NONE or POP_JUMP_BACKWARD_IF_NOT_NONE:
                return JumpKind.Backward;
            default:
                return JumpKind.None;
        }
    }

    /// <summary>True where the instruction behind it is not reached from it.</summary>
    public static bool IsUnconditional(Op op) => op is JUMP_FORWARD or JUMP_ABSOLUTE or JUMP_BACKWARD or JUMP_BACKWARD_NO_INTERRUPT;

    /// <summary>True where no instruction follows; blocks around it are another matter.</summary>
    public static bool Ends(Op op) => op is RETURN_VALUE or RETURN_CONST or RAISE_VARARGS or RERAISE or INTERPRETER_EXIT or STOP_CODE;
}
