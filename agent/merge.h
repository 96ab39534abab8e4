/* Which C frame runs which Python frames: from the innermost on, as a walk of the C stack goes outwards. */
#ifndef KAA_MERGE_H
#define KAA_MERGE_H

#include "recording.h"
#include "frames.h"

/* The Python frames, from the innermost one on, by the calls that run them. */
struct calls {
    const struct kaa_python *python;
    struct kaa_thread *thread;
    struct kaa_native *native;
    u32 top;              /* places of remembered frames that were not come by yet, */
    u32 left;             /* and without those of the call that comes next */
    u32 outside;          /* Python frames among them */
    u32 next;             /* the same behind the call that comes next */
    u64 mark;             /* an address in that call's C frame; 0 where there is none */
    u64 cframe;
    i32 entry;            /* offsets, as of struct kaa_memory */
    i32 cframe_back;
};

static void next_by_shim(struct calls *calls) {
    const struct kaa_seen *stack = calls->thread->stack;
    u32 place = stack[calls->left - 1].group;
    calls->mark = stack[place].code == 0 ? stack[place].frame : 0;
    calls->next = stack[place].depth - (stack[place].code != 0);
    calls->left = place;
}

/* A frame may be there again just as it was, but run by another call. */
static __attribute__((noinline)) u32 find_entry(struct calls *calls) {
    struct kaa_seen *stack = calls->thread->stack;
    u32 place = calls->left - 1;
    while (place > 0 && *(const u8 *)(stack[place].frame + (u64)(i64)calls->entry) == 0)
        place--;
    for (u32 i = place; i < calls->left; i++)
        stack[i].group = (u16)place;
    calls->native->calls[place] = calls->cframe;
    return place;
}

static void next_by_cframe(struct calls *calls) {
    u32 place = calls->thread->stack[calls->left - 1].group;
    if (UNLIKELY(calls->native->calls[place] != calls->cframe))
        place = find_entry(calls);
    calls->mark = calls->cframe;
    calls->next = calls->thread->stack[place].depth - 1U;
    calls->left = place;
    calls->cframe = calls->cframe != 0 ? kaa_word(calls->cframe, calls->cframe_back) : 0;
}

/* Each call's frames lie on those of the calls around it. */
static void next_call(struct calls *calls) {
    calls->mark = 0;
    calls->top = calls->left;
    if (calls->left == 0 || calls->python->form == KAA_FRAME_OBJECTS)
        return;
    if (calls->entry != 0)
        next_by_cframe(calls);
    else
        next_by_shim(calls);
}

static void begin_calls(struct calls *calls, struct kaa_memory *memory, struct kaa_native *native, struct kaa_thread *thread, u64 state, int has_python) {
    const struct kaa_python *python = &kaa_shared->python;
    calls->python = python;
    calls->thread = thread;
    calls->native = native;
    calls->left = has_python ? thread->seen : 0;
    calls->outside = calls->left > 0 ? thread->stack[calls->left - 1].depth : 0;
    calls->entry = memory->entry;
    calls->cframe_back = memory->cframe_back;
    calls->cframe = has_python && python->form == KAA_CFRAMES ? kaa_word(state, python->frame) : 0;
    next_call(calls);
}

/* How many Python frames lie outside of the C frame from sp up to cfa; flags where it runs some itself. */
static inline u64 place_frame(struct calls *calls, u64 sp, u64 cfa, int evaluates) {
    u64 flags = 0;
    while (UNLIKELY(calls->mark != 0 && calls->mark < cfa)) {
        if (calls->mark >= sp)
            flags = KAA_NATIVE_RUNS;
        calls->outside = calls->next;
        next_call(calls);
    }
    if (evaluates && calls->python->form == KAA_FRAME_OBJECTS && calls->outside > 0) {
        calls->outside--;
        flags = KAA_NATIVE_RUNS;
    }
    return flags;
}

#endif
