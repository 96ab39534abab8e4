/* The thread's own Python frames. They are its own: nobody else takes one away while it is here, so they are read without asking the kernel. What
 * differs between versions of CPython are the numbers in struct kaa_python alone. */
#include "agent.h"
#include "frames.h"

#define MOST_STATES 100000
#define PROBES 64

/* Up to 2.7 no word behind fs tells; with musl one does only while the thread has the GIL. The list is not ours alone, so each read of it goes through the kernel; a node that bears this thread's id is this
 * thread's, and stays. */
static u64 search(struct kaa_header *shared, const struct kaa_python *python) {
    u64 own = thread_pointer(), state = 0, ident = 0;
    if (kaa_read(shared, python->list, &state, 8) != 8)
        return 0;
    for (u32 i = 0; state != 0 && i < MOST_STATES; i++) {
        if (kaa_read(shared, state + (u64)(i64)python->thread_id, &ident, 8) != 8)
            return 0;
        if (ident == own)
            return state;
        if (kaa_read(shared, state + (u64)(i64)python->next, &state, 8) != 8)
            return 0;
    }
    return 0;
}

u64 kaa_thread_state(struct kaa_header *shared) {
    const struct kaa_python *python = &shared->python;
    if (__atomic_load_n(&python->form, __ATOMIC_ACQUIRE) == KAA_NO_PYTHON) /* written last */
        return 0;
    u64 state = python->state != 0 ? from_thread_pointer(python->state) : 0;
    return state != 0 || !python->search ? state : search(shared, python);
}

static inline void look(const struct kaa_python *python, u64 frame, struct kaa_frame *found) {
    found->code = kaa_code(python, frame);
    found->instruction = kaa_instruction(python, frame);
    found->print = kaa_print_of(python, found->code);
}

/* Hash and depth of all frames, of which the first `most` count for the hash. */
static u64 survey(const struct kaa_python *python, u64 frame, u32 most, u32 *depth) {
    u64 hash = 1;
    u32 frames = 0;
    for (frame = kaa_real(python, frame); frame != 0; frame = kaa_real(python, kaa_word(frame, python->back))) {
        if (frames < most) {
            struct kaa_frame found;
            look(python, frame, &found);
            hash = kaa_mix(kaa_mix(kaa_mix(hash, found.code), found.instruction), found.print);
        }
        frames++;
    }
    *depth = frames;
    return kaa_mix(hash, frames) | 1;
}

static u64 keep(struct kaa_header *shared, const struct kaa_python *python, u64 frame, u64 hash, u32 depth, u32 most) {
    u32 frames = depth < most ? depth : most;
    u64 size = sizeof(struct kaa_stack) + frames * sizeof(struct kaa_frame);
    u64 used = load(&shared->arena_used);
    do {
        if (size > shared->arena_size || used > shared->arena_size - size)
            return 0;
    } while (!__atomic_compare_exchange_n(&shared->arena_used, &used, used + size, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));

    u64 offset = shared->arena + used;
    struct kaa_stack *stack = (struct kaa_stack *)at(shared, offset);
    struct kaa_frame *into = (struct kaa_frame *)(stack + 1);
    u32 i = 0;
    for (frame = kaa_real(python, frame); frame != 0 && i < frames; frame = kaa_real(python, kaa_word(frame, python->back)))
        look(python, frame, &into[i++]);
    stack->frames = i;
    stack->depth = depth;
    stack->hash = hash;
    return offset;
}

/* Offset of the stack that is kept for these frames, now or before; 0 where there are none, 1 where there was no room. */
u64 kaa_stack_of(struct kaa_header *shared, u64 thread, u32 most) {
    const struct kaa_python *python = &shared->python;
    u64 frame = kaa_innermost(python, thread);
    u32 depth;
    u64 hash = survey(python, frame, most, &depth);
    if (depth == 0)
        return 0;
    u64 *buckets = (u64 *)at(shared, shared->buckets);
    u64 mask = shared->bucket_count - 1;
    u64 kept = 0;
    for (u64 i = 0; i < PROBES; i++) {
        u64 *bucket = &buckets[(hash + i) & mask];
        u64 offset = load(bucket);
        if (offset == 0) {
            if (kept == 0 && (kept = keep(shared, python, frame, hash, depth, most)) == 0)
                break;
            if (__atomic_compare_exchange_n(bucket, &offset, kept, 0, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
                return kept;
        }
        if (((struct kaa_stack *)at(shared, offset))->hash == hash)
            return offset;
    }
    count(&shared->stacks_lost);
    return kept != 0 ? kept : 1;
}
