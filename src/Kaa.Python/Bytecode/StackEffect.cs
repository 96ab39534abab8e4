using System.Numerics;
using static Kaa.Python.Bytecode.Op;

namespace Kaa.Python.Bytecode;

/// <summary>
/// By how many slots an instruction makes the value stack higher: Python/compile.c (<c>stack_effect</c>), since 3.13
/// Include/internal/pycore_opcode_metadata.h. What an instruction does with blocks up to 3.10 is told by <see cref="BlockFlow"/>.
/// </summary>
internal static class StackEffect
{
    /// <param name="release">Major × 100 + minor.</param>
    /// <param name="jump">True for the way to the instruction's target.</param>
    /// <returns>Null for an instruction that is not known, or that hides another one.</returns>
    public static int? Of(Op op, int argument, bool jump, int release)
    {
        switch (op)
        {
            case NOP or CACHE or EXTENDED_ARG or RESUME or NOT_TAKEN or KW_NAMES or MAKE_CELL or COPY_FREE_VARS or SETUP_ANNOTATIONS
                or ROT_TWO or ROT_THREE or ROT_FOUR or ROT_N or SWAP
                or UNARY_POSITIVE or UNARY_NEGATIVE or UNARY_NOT or UNARY_CONVERT or UNARY_INVERT or TO_BOOL
                or DELETE_NAME or DELETE_GLOBAL or DELETE_FAST or DELETE_DEREF
                or GET_AITER or GET_YIELD_FROM_ITER or GET_AWAITABLE or YIELD_VALUE or ASYNC_GEN_WRAP
                or LIST_TO_TUPLE or COPY_DICT_WITHOUT_KEYS or CHECK_EG_MATCH or CHECK_EXC_MATCH
                or CONVERT_VALUE or FORMAT_SIMPLE or CALL_INTRINSIC_1 or LOAD_FROM_DICT_OR_DEREF or LOAD_FROM_DICT_OR_GLOBALS
                or PRINT_NEWLINE or SLICE_0 or RETURN_CONST or BREAK_LOOP or CONTINUE_LOOP or POP_BLOCK or SETUP_LOOP
                or JUMP_FORWARD or JUMP_ABSOLUTE or JUMP_BACKWARD or JUMP_BACKWARD_NO_INTERRUPT:
                return 0;
            case DUP_TOP or COPY or PUSH_NULL or PUSH_EXC_INFO or GET_ANEXT or GET_LEN or IMPORT_FROM or MATCH_MAPPING or MATCH_SEQUENCE
                or LOAD_CONST or LOAD_SMALL_INT or LOAD_COMMON_CONSTANT or LOAD_NAME or LOAD_LOCALS or LOAD_CLOSURE or LOAD_DEREF
                or LOAD_CLASSDEREF or LOAD_FAST or LOAD_FAST_BORROW or LOAD_FAST_CHECK or LOAD_FAST_AND_CLEAR or LOAD_BUILD_CLASS
                or LOAD_ASSERTION_ERROR or LOAD_METHOD or LOAD_SPECIAL or BEFORE_WITH or BEFORE_ASYNC_WITH or WITH_EXCEPT_START:
                return 1;
            case DUP_TOP_TWO or LOAD_FAST_LOAD_FAST or LOAD_FAST_BORROW_LOAD_FAST_BORROW:
                return 2;
            case POP_TOP or LIST_APPEND or SET_ADD or LIST_EXTEND or SET_UPDATE or DICT_UPDATE or DICT_MERGE
                or BINARY_POWER or BINARY_MULTIPLY or BINARY_MATRIX_MULTIPLY or BINARY_DIVIDE or BINARY_MODULO or BINARY_ADD or BINARY_SUBTRACT
                or BINARY_SUBSCR or BINARY_FLOOR_DIVIDE or BINARY_TRUE_DIVIDE or BINARY_LSHIFT or BINARY_RSHIFT or BINARY_AND or BINARY_XOR
                or BINARY_OR or BINARY_OP
                or INPLACE_POWER or INPLACE_MULTIPLY or INPLACE_MATRIX_MULTIPLY or INPLACE_DIVIDE or INPLACE_MODULO or INPLACE_ADD
                or INPLACE_SUBTRACT or INPLACE_FLOOR_DIVIDE or INPLACE_TRUE_DIVIDE or INPLACE_LSHIFT or INPLACE_RSHIFT or INPLACE_AND
                or INPLACE_XOR or INPLACE_OR
                or COMPARE_OP or CONTAINS_OP or IS_OP or IMPORT_NAME or IMPORT_STAR or FORMAT_WITH_SPEC or BUILD_TEMPLATE
                or STORE_NAME or STORE_GLOBAL or STORE_FAST or STORE_DEREF or STORE_ANNOTATION or DELETE_ATTR or SET_FUNCTION_ATTRIBUTE
                or PRINT_EXPR or PRINT_ITEM or PRINT_NEWLINE_TO or SLICE_1 or SLICE_2 or DELETE_SLICE_0 or YIELD_FROM or GEN_START
                or CALL_INTRINSIC_2 or CLEANUP_THROW or EXIT_INIT_CHECK or INTERPRETER_EXIT or PREP_RERAISE_STAR
                or POP_JUMP_IF_FALSE or POP_JUMP_IF_TRUE or POP_JUMP_IF_NONE or POP_JUMP_IF_NOT_NONE
                or POP_JUMP_FORWARD_IF_FALSE or POP_JUMP_FORWARD_IF_TRUE or POP_JUMP_FORWARD_IF_NONE or POP_JUMP_FORWARD_IF_NOT_NONE
                or POP_JUMP_BACKWARD_IF_FALSE or POP_JUMP_BACKWARD_IF_TRUE or POP_JUMP_BACKWARD_IF_NONE or POP_JUMP_BACKWARD_IF_NOT_NONE:
                return -1;
            case MAP_ADD or STORE_ATTR or DELETE_SUBSCR or STORE_MAP or PRINT_ITEM_TO or SLICE_3 or DELETE_SLICE_1 or DELETE_SLICE_2
                or STORE_SLICE_0 or BINARY_SLICE or STORE_FAST_STORE_FAST or JUMP_IF_NOT_EXC_MATCH or BUILD_CLASS:
                return -2;
            case STORE_SUBSCR or EXEC_STMT or DELETE_SLICE_3 or STORE_SLICE_1 or STORE_SLICE_2:
                return -3;
            case STORE_SLICE_3 or STORE_SLICE:
                return -4;
            case STORE_FAST_LOAD_FAST:
                return 0;
            case RETURN_VALUE:
                return release >= 314 ? 0 : -1;
            case JUMP_IF_FALSE_OR_POP or JUMP_IF_TRUE_OR_POP:
                return jump ? 0 : -1;
            default:
                return OfCall(op, argument, release) ?? OfCollection(op, argument, release) ?? ByVersion(op, argument, jump, release);
        }
    }

    /// <summary>Calls, and what loads a callable for them.</summary>
    private static int? OfCall(Op op, int argument, int release) => op switch
    {
        CALL_FUNCTION when release == 207 => -Arguments27(argument),
        CALL_FUNCTION_VAR => -Arguments27(argument) - 1,
        CALL_FUNCTION_KW when release == 207 => -Arguments27(argument) - 1,
        CALL_FUNCTION_VAR_KW => -Arguments27(argument) - 2,
        CALL_FUNCTION => -argument,
        CALL_FUNCTION_KW or CALL_METHOD => -argument - 1,
        CALL_FUNCTION_EX => release switch { >= 314 => -3, >= 311 => -2 - (argument & 1), _ => -1 - (argument & 1) },

        // The compiler of 3.11 counts the arguments as gone at PRECALL; they are there until CALL has returned.
        PRECALL => 0,
        CALL => -1 - argument,
        CALL_KW => -2 - argument,
        LOAD_GLOBAL => release >= 311 ? 1 + (argument & 1) : 1,
        LOAD_ATTR => release >= 312 ? argument & 1 : 0,
        LOAD_SUPER_ATTR => -2 + (argument & 1),
        MAKE_CLOSURE => -argument - 1,
        MAKE_FUNCTION => release switch
        {
            207 => -argument,
            >= 313 => 0,
            >= 311 => -BitOperations.PopCount((uint)argument & 15),
            _ => -1 - BitOperations.PopCount((uint)argument & 15),
        },
        _ => null,
    };

    private static int? OfCollection(Op op, int argument, int release) => op switch
    {
        BUILD_MAP when release == 207 => 1,
        BUILD_MAP => 1 - (2 * argument),
        BUILD_TUPLE or BUILD_LIST or BUILD_SET or BUILD_STRING or BUILD_LIST_UNPACK or BUILD_TUPLE_UNPACK or BUILD_TUPLE_UNPACK_WITH_CALL
            or BUILD_SET_UNPACK or BUILD_MAP_UNPACK or BUILD_MAP_UNPACK_WITH_CALL => 1 - argument,
        BUILD_CONST_KEY_MAP => -argument,
        BUILD_SLICE => release >= 314 ? 1 - argument : argument == 3 ? -2 : -1,
        BUILD_INTERPOLATION => -1 - (argument & 1),
        UNPACK_SEQUENCE => argument - 1,
        UNPACK_EX => (argument & 0xff) + (argument >> 8),
        DUP_TOPX => argument,
        RAISE_VARARGS => -argument,

        // FVS_HAVE_SPEC, Include/ceval.h.
        FORMAT_VALUE => (argument & 4) != 0 ? -1 : 0,
        _ => null,
    };

    /// <summary>Instructions whose meaning changed.</summary>
    private static int? ByVersion(Op op, int argument, bool jump, int release) => op switch
    {
        // Since 3.12 the way out keeps the iterator for END_FOR or POP_ITER.
        FOR_ITER => release >= 312 || !jump ? 1 : -1,
        GET_ITER => release >= 315 ? 1 : 0,
        END_FOR => release >= 313 ? -1 : -2,
        POP_ITER => release >= 315 ? -2 : -1,
        SEND => jump && release == 311 ? -1 : 0,
        END_SEND => release >= 315 ? -2 : -1,
        RETURN_GENERATOR => release >= 313 ? 1 : 0,
        MATCH_CLASS => release == 310 ? -1 : -2,
        MATCH_KEYS => release == 310 ? 2 : 1,
        END_ASYNC_FOR => release >= 311 ? -2 : -7,
        POP_EXCEPT => release >= 311 ? -1 : -3,
        RERAISE => release >= 311 ? -1 : -3,
        _ => null,
    };

    /// <summary>2.7: positional ones in the low byte, pairs of name and value in the high one.</summary>
    private static int Arguments27(int argument) => (argument & 0xff) + (2 * ((argument >> 8) & 0xff));
}
