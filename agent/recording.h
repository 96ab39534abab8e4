/* The pieces of `kaa mem` inside of the agent: allocations.c (places, ring), nodes.c, walk.c, rules.c and native.c (C frames), samples.c, memory.c, domains.c (exact), sampled.c. */
#ifndef KAA_RECORDING_H
#define KAA_RECORDING_H

#include "agent.h"
#include "memory.h"
#include "sizes.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

extern INTERNAL struct kaa_own kaa_own;

static inline struct kaa_memory *kaa_memory(void) { return (struct kaa_memory *)kaa_own.memory; }

/* Stacks of threads lie some megabytes and a page from each other, so that they have places one behind the other. */
#define KAA_BY_THREAD(array, pointer) (&(array)[(pointer) >> KAA_PLACE_SHIFT & (KAA_PLACES - 1)])

static inline struct kaa_place *kaa_first_place(u64 pointer) { return KAA_BY_THREAD(kaa_own.places, pointer); }

/* allocations.c */
INTERNAL struct kaa_place *kaa_find_place(u64 pointer);
INTERNAL void kaa_begin_thread(struct kaa_place *place, u32 tid);
INTERNAL void kaa_tell(struct kaa_memory *memory, const struct kaa_place *place, u32 op, u32 allocator, u64 address, u64 size, u32 node);

static inline struct kaa_thread *kaa_thread_at(struct kaa_memory *memory, const struct kaa_place *place) {
    return (struct kaa_thread *)at(kaa_shared, memory->threads) + place->number;
}

/* The thread's own place; NULL where there are too many threads. */
static inline struct kaa_place *kaa_place(void) {
    u64 pointer = thread_pointer();
    struct kaa_place *place = kaa_first_place(pointer);
    return LIKELY(place->pointer == pointer) ? place : kaa_find_place(pointer);
}

/* A process of its own, and a Kaa that takes what is told. */
static inline int kaa_records(const struct kaa_memory *memory) { return LIKELY(kaa_state->enabled && memory != NULL && memory->recording); }

/* NULL where nothing is to be recorded: switched off, a child of fork, no place for the thread, inside of another call. Else the thread is in an allocator, until
 * `outer` is zero again. A handler may have left one by longjmp: then the stack is shorter than it was. */
static inline struct kaa_place *kaa_enter(u64 stack) {
    if (!kaa_records(kaa_memory()))
        return NULL;
    struct kaa_place *place = kaa_place();
    if (place == NULL || UNLIKELY(stack < place->outer))
        return NULL;
    u32 tid = kaa_thread_id(kaa_shared);
    if (UNLIKELY(place->tid != tid))
        kaa_begin_thread(place, tid);
    place->outer = stack;
    return place;
}

static inline void kaa_leave(struct kaa_place *place) { *(volatile u64 *)&place->outer = 0; }

/* codes.c */
static inline u16 *kaa_life(u64 code) { return &kaa_own.lives[(code >> 4) * 0x9e3779b97f4a7c15UL >> 52 & (KAA_LIVES - 1)]; }

/* What a code object is told as, by its address and print: it was copied before. */
INTERNAL struct kaa_code kaa_code_of(struct kaa_memory *memory, u64 code, u64 instruction);

/* nodes.c */
INTERNAL u32 kaa_node_of(struct kaa_memory *memory, struct kaa_thread *thread, u32 parent, u64 code, u64 instruction);
INTERNAL u32 kaa_node_known(struct kaa_memory *memory, struct kaa_known *known, u32 parent, u64 code, u64 instruction, u64 print);

/* walk.c */
INTERNAL u32 kaa_node_here(struct kaa_memory *memory, struct kaa_thread *thread, u64 state);
INTERNAL void kaa_begin_walks(struct kaa_memory *memory, struct kaa_thread *thread);
INTERNAL void kaa_chunk_gone(u64 start, u64 length);

/* native.c: `sp` and `bp` are the registers of who called the allocator, behind the call; the return address lies below `sp`. */
INTERNAL u32 kaa_stack_here(struct kaa_memory *memory, u64 unwind, const struct kaa_place *place, u64 sp, u64 bp);
INTERNAL void kaa_begin_native(struct kaa_memory *memory, u64 number);
INTERNAL void kaa_stack_gone(struct kaa_memory *memory, const struct kaa_place *place, u64 start, u64 length);

/* rules.c */
struct kaa_cursor {
    u64 pc, sp, bp;
    u32 exact;            /* 1: pc is the instruction itself */
    u32 bp_at;            /* of the last step: from the old sp to where rbp was found, or KAA_NOWHERE */
};

enum kaa_move { KAA_MOVED, KAA_ENDED, KAA_LOST };

INTERNAL void kaa_find_rule(const struct kaa_unwind *unwind, struct kaa_step *step, u64 pc, u32 version);
INTERNAL enum kaa_move kaa_step_out(struct kaa_native *native, const struct kaa_rule *rule, struct kaa_cursor *at);
INTERNAL int kaa_extend(struct kaa_native *native, u64 address);

/* Mostly one that the thread remembers. The pc is one inside of the instruction that is meant. */
static inline const struct kaa_step *kaa_rule_of(const struct kaa_unwind *unwind, struct kaa_native *native, u64 pc) {
    struct kaa_step *step = &native->steps[(pc ^ pc >> 10) & (KAA_STEPS - 1)];
    if (UNLIKELY(step->pc != pc || step->version != native->version))
        kaa_find_rule(unwind, step, pc, native->version);
    return step;
}

/* Of a whole word: what is known ends with a page. */
static inline int kaa_can_read(struct kaa_native *native, u64 address) {
    return LIKELY(address >= native->low && address < native->high && (address & 7) == 0) || kaa_extend(native, address);
}

/* samples.c: what is told of a sample's end depends on a table; everything else's end is told. */
INTERNAL int kaa_draw(struct kaa_memory *memory, const struct kaa_place *place, i64 *word, u64 size);
INTERNAL int kaa_sample_begins(struct kaa_memory *memory, u64 address);
INTERNAL int kaa_sample_ends(struct kaa_memory *memory, u64 address);

static inline u8 *kaa_filter(u64 address) { return &kaa_own.filter[address >> KAA_FILTER_SHIFT & (KAA_FILTER - 1)]; }

/* memory.c */
INTERNAL void kaa_allocated(struct kaa_place *place, u32 what, u64 address, u64 size, u64 sp, u64 bp);

/* What kaa_allocated is told: an operation of enum kaa_memory_op, by which allocator. */
#define KAA_MADE(op, allocator) ((u32)(op) | (u32)(allocator) << 8)
INTERNAL int kaa_freed(struct kaa_place *place, u32 op, u64 address);
INTERNAL void kaa_stayed(struct kaa_place *place, u64 address);

#endif
