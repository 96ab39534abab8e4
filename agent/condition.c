/* Conditions, as Kaa.Control/Conditions/ConditionEvaluator.cs answers them: what can't be known makes the answer unknown, unless the rest decides. Whatever
 * the bytes are, it ends and touches nothing but its own stack: Kaa may be writing them at this moment. */
#include "agent.h"

struct stack {
    i64 values[KAA_DEPTH];
    u32 unknown; /* bit by bit */
    u32 depth;
};

static i64 cut(i64 value, u32 form) {
    switch (form) {
    case 1: return (u8)value;
    case 2: return (u16)value;
    case 4: return (u32)value;
    case 0x81: return (signed char)value;
    case 0x82: return (short)value;
    case 0x84: return (i32)value;
    default: return value;
    }
}

static int is_unknown(const struct stack *stack, u32 place) { return stack->unknown >> place & 1; }

static void set(struct stack *stack, u32 place, i64 value, int unknown) {
    stack->values[place] = value;
    stack->unknown = (stack->unknown & ~(1u << place)) | (u32)unknown << place;
}

static int push(struct stack *stack, i64 value, int unknown) {
    if (stack->depth == KAA_DEPTH)
        return 0;
    set(stack, stack->depth++, value, unknown);
    return 1;
}

/* Arithmetic wraps; a division by 0 is unknown. */
static i64 compute(u32 op, i64 a, i64 b, int *unknown) {
    switch (op) {
    case KAA_OP_EQUAL: return a == b;
    case KAA_OP_NOT_EQUAL: return a != b;
    case KAA_OP_LESS: return a < b;
    case KAA_OP_LESS_OR_EQUAL: return a <= b;
    case KAA_OP_GREATER: return a > b;
    case KAA_OP_GREATER_OR_EQUAL: return a >= b;
    case KAA_OP_ADD: return (i64)((u64)a + (u64)b);
    case KAA_OP_SUBTRACT: return (i64)((u64)a - (u64)b);
    case KAA_OP_MULTIPLY: return (i64)((u64)a * (u64)b);
    case KAA_OP_DIVIDE:
        if (b == 0) {
            *unknown = 1;
            return 0;
        }
        return b == -1 ? (i64)(0 - (u64)a) : a / b;
    case KAA_OP_REMAINDER:
        if (b == 0) {
            *unknown = 1;
            return 0;
        }
        return b == -1 ? 0 : a % b;
    case KAA_OP_BIT_AND: return a & b;
    case KAA_OP_BIT_OR: return a | b;
    case KAA_OP_BIT_XOR: return a ^ b;
    case KAA_OP_SHIFT_LEFT: return b >= 0 && b < 64 ? (i64)((u64)a << b) : 0;
    case KAA_OP_SHIFT_RIGHT: return b >= 0 && b < 64 ? a >> b : a < 0 ? -1 : 0;
    default: *unknown = 1; return 0;
    }
}

static void combine(struct stack *stack, u32 op) {
    u32 left = stack->depth - 2, right = stack->depth - 1;
    i64 a = stack->values[left], b = stack->values[right];
    int first = is_unknown(stack, left), second = is_unknown(stack, right);
    stack->depth--;
    if (op == KAA_OP_AND) {
        int no = (!first && a == 0) || (!second && b == 0);
        set(stack, left, !no, !no && (first || second));
    } else if (op == KAA_OP_OR) {
        int yes = (!first && a != 0) || (!second && b != 0);
        set(stack, left, yes, !yes && (first || second));
    } else {
        int unknown = first || second;
        i64 value = unknown ? 0 : compute(op, a, b, &unknown);
        set(stack, left, value, unknown);
    }
}

static void load_memory(struct kaa_header *shared, struct stack *stack, u32 form) {
    u32 top = stack->depth - 1;
    u64 size = form & 0x0f;
    i64 value = 0;
    int unknown = is_unknown(stack, top) || size > 8 || kaa_read(shared, (u64)stack->values[top], &value, size) != (i64)size;
    set(stack, top, unknown ? 0 : cut(value, form), unknown);
}

static i64 number_at(const u8 *bytes) {
    i64 value;
    __builtin_memcpy(&value, bytes, 8);
    return value;
}

static int step(struct kaa_header *shared, struct stack *stack, const u8 *operand, u32 op, const struct kaa_registers *registers) {
    switch (op) {
    case KAA_OP_NUMBER: return push(stack, number_at(operand), 0);
    case KAA_OP_REGISTER: return *operand < 18 && push(stack, ((const i64 *)registers)[*operand], 0);
    case KAA_OP_THREAD: return push(stack, kaa_thread_id(shared), 0);
    case KAA_OP_UNKNOWN: return push(stack, 0, 1);
    default: break;
    }
    if (stack->depth == 0)
        return 0;
    u32 top = stack->depth - 1;
    switch (op) {
    case KAA_OP_LOAD: load_memory(shared, stack, *operand); return 1;
    case KAA_OP_CUT: set(stack, top, cut(stack->values[top], *operand), is_unknown(stack, top)); return 1;
    case KAA_OP_NOT: set(stack, top, !stack->values[top], is_unknown(stack, top)); return 1;
    default: break;
    }
    if (stack->depth < 2)
        return 0;
    combine(stack, op);
    return 1;
}

static u32 operand_size(u32 op) {
    return op == KAA_OP_NUMBER ? 8 : op == KAA_OP_REGISTER || op == KAA_OP_LOAD || op == KAA_OP_CUT ? 1 : 0;
}

enum truth kaa_condition(struct kaa_header *shared, const u8 *program, u32 size, const struct kaa_registers *registers) {
    struct stack stack;
    stack.unknown = 0;
    stack.depth = 0;
    u32 at = 0;
    if (size > KAA_PROGRAM)
        return UNKNOWN;
    while (at < size && program[at] != KAA_OP_END) {
        u32 op = program[at++];
        u32 operands = operand_size(op);
        if (at + operands > size || !step(shared, &stack, program + at, op, registers))
            return UNKNOWN;
        at += operands;
    }
    if (stack.depth != 1 || is_unknown(&stack, 0))
        return UNKNOWN;
    return stack.values[0] != 0 ? YES : NO;
}
