/* The stack of the thread that allocates, as the number of its innermost frame. What a thread has seen at its last walk is remembered, the outermost frame first; a
 * frame is known by its address, the frame below it and its instruction, so nothing is followed that is as it was. Frames that are objects (up to 3.10) are marked besides: what
 * bears a mark has not returned since it was seen, so nothing below it has changed. */
#include "recording.h"
#include "frames.h"

#define NEAR 8  /* frames that are sought where they most often are: near the top */
#define FRESH 8 /* frames that may be new on top before all are looked at */
#define RUNS 1
#define MARKED 2 /* as true as 1, for whoever asks */
#define CHUNK_DATA 24 /* struct _stack_chunk: previous, size, top, and then the frames */

struct chain {
    struct kaa_memory *memory;
    struct kaa_thread *thread;
    const struct kaa_python *python;
};

static inline u64 below(const struct kaa_python *python, u64 frame) { return kaa_word(frame, python->back); }

static inline int is_shim(const struct kaa_python *python, u64 frame) {
    return python->owner >= 0 && *(const u8 *)(frame + (u64)(i64)python->owner) >= python->shim;
}

/* Frames that are objects are used again for other code, at the same place of it perhaps. */
static inline int is_seen(const struct kaa_python *python, const struct kaa_seen *seen, u64 frame) {
    return kaa_instruction(python, frame) == seen->instruction && (python->form != KAA_FRAME_OBJECTS || seen->code == kaa_code(python, frame));
}

static inline int is_marked(const struct kaa_memory *memory, u64 frame) { return memory->mark != 0 && *(const u8 *)(frame + (u64)(i64)memory->mark) == MARKED; }

/* The thread's own frame: nobody else writes there but a debugger of the program's own, who writes 0 or 1, and then it is compared as if it had no mark. */
static inline void mark(const struct kaa_memory *memory, u64 frame) {
    u8 *byte = (u8 *)(frame + (u64)(i64)memory->mark);
    if (memory->mark != 0 && *byte == RUNS && (memory->generator == 0 || kaa_word(frame, memory->generator) == 0))
        *byte = MARKED;
}

static inline void see(const struct kaa_memory *memory, struct kaa_seen *seen, u64 frame) {
    const struct kaa_python *python = &kaa_shared->python;
    seen->frame = frame;
    seen->instruction = kaa_instruction(python, frame);
    seen->code = is_shim(python, frame) ? 0 : kaa_code(python, frame);
    mark(memory, frame);
}

/* Shims lie in the C frame that runs what is on top of them; in 3.11 a frame itself says that a C call of its own runs it. */
static inline void group(const struct kaa_memory *memory, struct kaa_seen *seen, u32 place) {
    int begins = memory->entry != 0 ? *(const u8 *)(seen->frame + (u64)(i64)memory->entry) != 0 : seen->code == 0;
    seen->depth = (u16)((place > 0 ? seen[-1].depth : 0) + (seen->code != 0));
    seen->group = (u16)(begins || place == 0 ? place : seen[-1].group);
}

/* Numbers the remembered frames from the first on that is new; gives the innermost one's. */
static u32 number_frames(const struct chain *chain, u32 first) {
    struct kaa_seen *stack = chain->thread->stack;
    u32 node = first > 0 ? stack[first - 1].node : 0;
    for (u32 i = first; i < chain->thread->seen; i++) {
        if (stack[i].code != 0)
            node = kaa_node_of(chain->memory, chain->thread, node, stack[i].code, stack[i].instruction);
        stack[i].node = node;
        if (chain->memory->unwind != 0)
            group(chain->memory, &stack[i], i);
    }
    chain->thread->same = first;
    return node;
}

/* Which frames can't have changed by themselves (3.11+). Frames lie in chunks of memory, and a thread's frames go in the order in which they came; so what lies below the
 * frame that begins a chunk stays until that chunk is given back, which is a call of munmap that comes by here (kaa_chunk_gone). */
static void find_firm(const struct chain *chain, u64 state) {
    struct kaa_memory *memory = chain->memory;
    struct kaa_thread *thread = chain->thread;
    thread->firm = 0;
    if (memory->chunk == 0)
        return;
    u64 newest = kaa_word(state, memory->chunk), chunk = newest;
    for (u32 i = 0; i < memory->chunks && chunk != 0; i++)
        chunk = kaa_word(chunk, 0);
    thread->chunk = newest;
    if (chunk == 0 || kaa_word(chunk, 0) == 0)
        return; /* the first one stays for good */
    u32 i = thread->seen;
    while (i > 0 && thread->stack[i - 1].frame != chunk + CHUNK_DATA)
        i--;
    thread->firm = i > 0 ? i - 1 : 0;
}

/* It may have been a chunk of this thread's, or a stack that it has left. */
void kaa_chunk_gone(u64 start, u64 length) {
    struct kaa_memory *memory = kaa_memory();
    struct kaa_place *place = kaa_records(memory) ? kaa_place() : NULL;
    if (place == NULL)
        return;
    kaa_thread_at(memory, place)->chunk = 0;
    if (memory->natives != 0)
        kaa_stack_gone(memory, place, start, length);
}

/* All frames, when those that are remembered don't tell: turned round, so that the outermost comes first. */
static __attribute__((noinline)) u32 walk_all(const struct chain *chain, u64 state, u64 innermost) {
    const struct kaa_python *python = chain->python;
    struct kaa_thread *thread = chain->thread;
    u32 depth = 0;
    for (u64 frame = innermost; frame != 0; frame = below(python, frame))
        depth++;
    /* The outer ones of a stack that is too deep are left out. */
    u32 kept = depth < KAA_SHADOW ? depth : KAA_SHADOW;
    u32 place = kept, same = kept;
    for (u64 frame = innermost; place > 0; frame = below(python, frame)) {
        struct kaa_seen *seen = &thread->stack[--place];
        if (place >= thread->seen || seen->frame != frame || !is_seen(python, seen, frame)) {
            see(chain->memory, seen, frame);
            same = place;
        }
    }
    thread->seen = kept;
    if (kept == depth)
        find_firm(chain, state);
    return number_frames(chain, same);
}

static __attribute__((noinline)) void see_again(struct kaa_seen *seen) { see(kaa_memory(), seen, seen->frame); }

/* The same for frames that are no objects, where two words tell: nothing is read of `python` in the loop, for deep stacks go through it at each allocation. */
static inline i32 compare_words(const struct kaa_python *python, struct kaa_thread *thread, u32 top, u32 firm) {
    const u64 back = (u64)(i64)python->back, instruction = (u64)(i64)python->instruction;
    struct kaa_seen *stack = thread->stack, *seen = stack + top;
    u64 frame = top > firm ? seen[-1].frame : 0;
    u32 same = top;
    while (seen > stack + firm) {
        seen--;
        u64 below = seen > stack ? seen[-1].frame : 0;
        u64 other = *(const u64 *)(frame + back) ^ below, moved = *(const u64 *)(frame + instruction) ^ seen->instruction;
        if (UNLIKELY((other | moved) != 0)) {
            if (other != 0)
                return -1;
            see_again(seen);
            same = (u32)(seen - stack);
        }
        frame = below;
    }
    return (i32)same;
}

/* The first of the remembered frames below `top` that is not as it was; `top` where all are. −1 where they are other frames. What is firm is not looked at. */
static inline i32 compare(const struct kaa_memory *memory, struct kaa_thread *thread, u32 top, u32 firm) {
    const struct kaa_python *python = &kaa_shared->python;
    if (LIKELY(python->form != KAA_FRAME_OBJECTS))
        return compare_words(python, thread, top, firm);
    u32 same = top;
    for (u32 place = top; place > firm; place--) {
        struct kaa_seen *seen = &thread->stack[place - 1];
        u64 frame = seen->frame;
        if (UNLIKELY(below(python, frame) != (place > 1 ? seen[-1].frame : 0)))
            return -1;
        int is_same = is_marked(memory, frame);
        if (UNLIKELY(!is_seen(python, seen, frame))) {
            see(memory, seen, frame);
            same = place - 1;
        }
        if (is_same)
            break;
        mark(memory, frame);
    }
    return (i32)same;
}

/* How many remembered frames remain below those that are new, which are put into `fresh`, the innermost first; −1 where that is not told by the nearest ones. */
static inline i32 find_common(const struct kaa_python *python, const struct kaa_thread *thread, u64 frame, u64 *fresh, u32 *new) {
    u32 top = thread->seen, least = top > NEAR ? top - NEAR : 0;
    for (*new = 0; frame != 0; frame = below(python, frame)) {
        u32 match = top;
        while (match > least && thread->stack[match - 1].frame != frame)
            match--;
        if (match > least)
            return (i32)match;
        if (*new == FRESH)
            return -1;
        fresh[(*new)++] = frame;
    }
    return -1;
}

/* Nothing is remembered from an earlier recording, nor from another thread in this one's place. */
void kaa_begin_walks(struct kaa_memory *memory, struct kaa_thread *thread) {
    thread->session = memory->session;
    thread->seen = 0;
    thread->firm = 0;
    thread->chunk = 0;
    for (u32 i = 0; i < KAA_KNOWN; i++)
        thread->known[i].node = 0;
    if (memory->natives != 0)
        kaa_begin_native(memory, (u64)(thread - (struct kaa_thread *)at(kaa_shared, memory->threads)));
}

u32 kaa_node_here(struct kaa_memory *memory, struct kaa_thread *thread, u64 state) {
    struct chain chain = {memory, thread, &kaa_shared->python};
    const struct kaa_python *python = chain.python;
    u64 innermost = state != 0 ? kaa_innermost(python, state) : 0;
    if (innermost == 0)
        return 0;
    if (UNLIKELY(thread->session != memory->session))
        kaa_begin_walks(memory, thread);
    u64 gone = load(&kaa_own.codes_gone);
    if (UNLIKELY(thread->gone != gone)) {
        thread->gone = gone;
        thread->seen = 0;
        thread->firm = 0;
    }
    u64 fresh[FRESH];
    u32 new;
    i32 top = thread->seen == KAA_SHADOW ? -1 : find_common(python, thread, innermost, fresh, &new);
    if (top < 0 || (u32)top + new > KAA_SHADOW)
        return walk_all(&chain, state, innermost);
    int is_firm = thread->chunk != 0 && (u32)top > thread->firm && thread->chunk == kaa_word(state, memory->chunk);
    i32 same = compare(memory, thread, (u32)top, is_firm ? thread->firm : 0);
    if (same < 0)
        return walk_all(&chain, state, innermost);
    for (u32 i = 0; i < new; i++)
        see(memory, &thread->stack[(u32)top + i], fresh[new - 1 - i]);
    thread->seen = (u32)top + new;
    if (!is_firm)
        find_firm(&chain, state);
    return number_frames(&chain, (u32)same);
}
