/* Both stacks of the thread that allocates: its C frames, and for each of them how many Python frames lie outside of it. That merges them: a Python frame is run by the C frame of the
 * eval function in which its shim lies (3.12 and later), or its _PyCFrame (3.11); up to 3.10 each call of that function runs one. */
#include "merge.h"

#define PAGE 4096UL
#define MOST_TRIES 4
#define GROWN (1UL << 20) /* bytes by which a stack may have become deeper between two walks */

struct walk {
    struct kaa_memory *memory;
    struct kaa_unwind *unwind;
    struct kaa_native *native;
    struct calls calls;
    u32 new;              /* frames in `fresh` */
    u32 below;            /* remembered frames that are still as they were, from the outermost one on */
    u32 tried;            /* calls.top when it was looked whether all of the rest is as it was; one more */
    u32 tries;
};

/* Frames that are as they were, but what is outside of them is not: they are new on top of that. */
static int keep_run(struct walk *walk, u32 *run, u32 end) {
    for (u32 i = *run; i > end; i--) {
        if (walk->new == KAA_NATIVE)
            return 0;
        walk->native->fresh[walk->new++] = walk->native->stack[i - 1];
    }
    *run = 0;
    return 1;
}

/* The remembered frame's caller, if that is the next remembered one still. */
static inline int leads_on(struct kaa_native *native, const struct kaa_native_frame *frame, const struct kaa_native_frame *caller, struct kaa_cursor *at) {
    if (caller->print & KAA_NATIVE_EXACT || frame->print & KAA_NATIVE_MEMORY || !kaa_can_read(native, caller->sp - 8) || *(const u64 *)(caller->sp - 8) != caller->pc)
        return 0;
    if (frame->bp_at != KAA_NOWHERE) {
        u64 saved = frame->sp + (u64)(i64)(i32)frame->bp_at;
        if (!kaa_can_read(native, saved) || *(const u64 *)saved != caller->bp)
            return 0;
    }
    at->pc = caller->pc;
    at->sp = caller->sp;
    at->bp = caller->bp;
    at->exact = 0;
    at->bp_at = frame->bp_at;
    return 1;
}

/* True where all frames outside of a remembered one are as they were, and so are the Python frames that they run: then nothing is left to be done. Nothing but what they have saved of
 * each other tells that. */
static inline int is_rest_same(struct walk *walk, u32 place) {
    const struct kaa_native_frame *stack = walk->native->stack;
    if (walk->calls.python->form != KAA_FRAME_OBJECTS && walk->calls.top > walk->calls.thread->same)
        return 0;
    if (walk->tried == walk->calls.top + 1 || walk->tries == MOST_TRIES)
        return 0;
    walk->tried = walk->calls.top + 1;
    walk->tries++;
    for (u32 i = place - 1; i > 0; i--) {
        const struct kaa_native_frame *frame = &stack[i], *caller = frame - 1;
        /* An exact one's stack was not read: it may be no memory. */
        if (UNLIKELY((caller->print & KAA_NATIVE_EXACT) | (frame->print & KAA_NATIVE_MEMORY)) || UNLIKELY(*(const u64 *)(caller->sp - 8) != caller->pc))
            return 0;
        if (frame->bp_at != KAA_NOWHERE && UNLIKELY(*(const u64 *)(frame->sp + (u64)(i64)(i32)frame->bp_at) != caller->bp))
            return 0;
    }
    return 1;
}

/* kaa_step_out, for the rule that most code has. */
static inline enum kaa_move step_out(struct kaa_native *native, const struct kaa_rule *rule, struct kaa_cursor *at) {
    u64 sp = at->sp, cfa = sp + (u64)(i64)rule->cfa, saved = cfa + (u64)(i64)rule->bp;
    if (UNLIKELY(rule->kind != KAA_RULE_SP || rule->bp_kind > KAA_BP_AT_CFA || cfa <= sp || !kaa_can_read(native, cfa - 8)))
        return kaa_step_out(native, rule, at);
    at->bp_at = KAA_NOWHERE;
    if (rule->bp_kind == KAA_BP_AT_CFA) {
        if (UNLIKELY(saved < sp || !kaa_can_read(native, saved)))
            return kaa_step_out(native, rule, at);
        at->bp = *(const u64 *)saved;
        at->bp_at = (u32)(saved - sp);
    }
    at->pc = *(const u64 *)(cfa - 8);
    at->sp = cfa;
    at->exact = 0;
    return at->pc != 0 ? KAA_MOVED : KAA_ENDED;
}

/* Goes outwards to the end. What is remembered is only compared where both the frame and what it has saved of its caller's are the same. */
static void go(struct walk *walk, struct kaa_cursor at) {
    struct kaa_native *native = walk->native;
    u32 place = native->count, run = 0;
    while (walk->new < KAA_NATIVE) {
        while (place > 0 && native->stack[place - 1].sp < at.sp)
            place--;
        struct kaa_native_frame *seen = place > 0 ? &native->stack[place - 1] : NULL;
        struct kaa_cursor from = at;
        int is_same = seen != NULL && seen->pc == at.pc && seen->sp == at.sp && seen->bp == at.bp && (seen->print & KAA_NATIVE_EXACT) == at.exact;
        const struct kaa_step *step = kaa_rule_of(walk->unwind, native, at.pc - !at.exact);
        enum kaa_move move;
        if (is_same && place > 1 && leads_on(native, seen, seen - 1, &at)) {
            move = KAA_MOVED;
        } else {
            move = step_out(native, &step->rule, &at);
            is_same &= move != KAA_MOVED && place == 1;
        }
        u64 end = move == KAA_MOVED && at.sp > from.sp ? at.sp : from.sp + 1;
        u64 flags = (step->rule.kind > KAA_RULE_BP ? KAA_NATIVE_MEMORY : 0) | from.exact | place_frame(&walk->calls, from.sp, end, step->rule.evaluates) | (move == KAA_LOST ? KAA_NATIVE_CUT : 0);
        u64 print = KAA_NATIVE_PRINT(step->serial, walk->calls.outside, flags);
        if (is_same && seen->print == print) {
            run = run != 0 ? run : place;
            place--;
            if (move != KAA_MOVED || (place > 0 && is_rest_same(walk, place))) {
                walk->below = run;
                return;
            }
            continue;
        }
        if (run != 0 && !keep_run(walk, &run, place))
            return;
        if (walk->new == KAA_NATIVE)
            return;
        struct kaa_native_frame *frame = &native->fresh[walk->new++];
        frame->pc = from.pc;
        frame->sp = from.sp;
        frame->bp = from.bp;
        frame->bp_at = move == KAA_MOVED ? at.bp_at : KAA_NOWHERE;
        frame->print = print;
        if (move != KAA_MOVED)
            return;
    }
}

/* Puts what is new on top of what is as it was; gives the innermost frame's number. */
static u32 number_frames(struct walk *walk) {
    struct kaa_native *native = walk->native;
    u32 count = walk->below, node = count > 0 ? native->stack[count - 1].node : 0;
    /* Where there is no room for all, the outermost are no more remembered; what they are is in the others' nodes. */
    u32 over = count + walk->new > KAA_NATIVE ? count + walk->new - KAA_NATIVE : 0;
    for (u32 i = over; i < count && over > 0; i++)
        native->stack[i - over] = native->stack[i];
    count -= over;
    for (u32 i = walk->new; i > 0; i--, count++) {
        struct kaa_native_frame *frame = &native->stack[count];
        *frame = native->fresh[i - 1];
        node = kaa_node_known(walk->memory, native->known, node, KAA_CODE_NATIVE, frame->pc, frame->print);
        frame->node = node;
    }
    native->count = count;
    return node;
}

static struct kaa_native *native_at(struct kaa_memory *memory, u64 number) { return (struct kaa_native *)at(kaa_shared, memory->natives) + number; }

/* No stack is remembered from an earlier recording, nor of another thread. Steps bear their version, which no other recording has, and what a node stands for never changes. */
void kaa_begin_native(struct kaa_memory *memory, u64 number) {
    struct kaa_native *native = native_at(memory, number);
    native->low = native->high = 0;
    native->count = 0;
    native->version = 0;
}

static void begin_stack(struct kaa_native *native, u64 sp) {
    native->low = sp & ~(PAGE - 1);
    native->high = native->low + PAGE;
    native->count = 0;
}

void kaa_stack_gone(struct kaa_memory *memory, const struct kaa_place *place, u64 start, u64 length) {
    struct kaa_native *native = native_at(memory, place->number);
    if (start < native->high && start + length > native->low)
        begin_stack(native, 0);
}

/* A thread may be on another stack than at its last walk (a coroutine's, a signal handler's). Between two stacks there are pages that can't be read, as a rule. */
static void find_stack(struct kaa_native *native, u64 sp) {
    if (LIKELY(sp >= native->low && sp < native->high))
        return;
    u64 page = sp & ~(PAGE - 1), word;
    if (sp < native->low && native->low - sp < GROWN) {
        while (page < native->low && kaa_read(kaa_shared, page, &word, 8) == 8)
            page += PAGE;
        if (page == native->low) {
            native->low = sp & ~(PAGE - 1);
            return;
        }
    }
    begin_stack(native, sp);
}

/* `unwind` is the offset of struct kaa_unwind, as it was when it was asked whether C frames are recorded. */
u32 kaa_stack_here(struct kaa_memory *memory, u64 unwind, const struct kaa_place *place, u64 sp, u64 bp) {
    struct kaa_thread *thread = kaa_thread_at(memory, place);
    struct kaa_native *native = native_at(memory, place->number);
    if (UNLIKELY(thread->session != memory->session))
        kaa_begin_walks(memory, thread);
    u64 state = kaa_thread_state(kaa_shared);
    u32 python = kaa_node_here(memory, thread, state);
    struct walk walk = {memory, (struct kaa_unwind *)at(kaa_shared, unwind), native, {0}, 0, 0, 0, 0};
    u32 version = __atomic_load_n(&walk.unwind->version, __ATOMIC_ACQUIRE);
    find_stack(native, sp);
    if (native->version != version)
        native->count = 0;
    native->version = version;
    begin_calls(&walk.calls, memory, native, thread, state, python != 0);
    struct kaa_cursor at = {*(const u64 *)(sp - 8), sp, bp, 0, KAA_NOWHERE};
    go(&walk, at);
    u32 node = number_frames(&walk);
    return python == 0 || node == 0 ? node | python : kaa_node_known(memory, native->known, node, KAA_CODE_BOTH, python, 0);
}
