/* The pieces of `kaa mem` inside of the agent: allocations.c (places, ring), nodes.c, walk.c, samples.c, memory.c, domains.c. */
#ifndef KAA_RECORDING_H
#define KAA_RECORDING_H

#include "agent.h"
#include "memory.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

extern INTERNAL struct kaa_own kaa_own;

static inline struct kaa_memory *kaa_memory(void) { return (struct kaa_memory *)kaa_own.memory; }

/* Stacks of threads lie some megabytes and a page from each other, so that they have places one behind the other. */
static inline struct kaa_place *kaa_first_place(u64 pointer) { return &kaa_own.places[pointer >> 12 & (KAA_PLACES - 1)]; }

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
INTERNAL void kaa_keep_code(struct kaa_memory *memory, u64 code, u64 print);

/* nodes.c */
INTERNAL u32 kaa_node_of(struct kaa_memory *memory, struct kaa_thread *thread, u32 parent, u64 code, u64 instruction);

/* walk.c */
INTERNAL u32 kaa_node_here(struct kaa_memory *memory, struct kaa_thread *thread);
INTERNAL void kaa_begin_walks(struct kaa_memory *memory, struct kaa_thread *thread);
INTERNAL void kaa_chunk_gone(void);

/* samples.c: what is told of a sample's end depends on a table; everything else's end is told. */
INTERNAL int kaa_draw(struct kaa_memory *memory, struct kaa_place *place, u64 size);
INTERNAL int kaa_sample_begins(struct kaa_memory *memory, u64 address);
INTERNAL int kaa_sample_ends(struct kaa_memory *memory, u64 address);

static inline u8 *kaa_filter(u64 address) { return &kaa_own.filter[address >> 10 & (KAA_FILTER - 1)]; }

/* memory.c */
INTERNAL void kaa_allocated(struct kaa_place *place, u32 op, u32 allocator, u64 address, u64 size);
INTERNAL int kaa_freed(struct kaa_place *place, u32 op, u64 address);
INTERNAL void kaa_stayed(struct kaa_place *place, u64 address);

#endif
