/* Poisson samples by bytes: each thread counts down to the next one. */
#include "recording.h"

static u64 next(struct kaa_memory *memory, struct kaa_thread *thread) {
    thread->random ^= thread->random << 13;
    thread->random ^= thread->random >> 7;
    thread->random ^= thread->random << 17;
    return ((const u64 *)at(kaa_shared, memory->draws))[thread->random * 0x2545f4914f6cdd1dUL >> (64 - KAA_DRAW_BITS)] | 1; /* the high bits: Vigna, An experimental exploration of Marsaglia's xorshift generators, scrambled, 2016 */
}

/* Counts down; true where a sample lies in this allocation. What is left to the next one behind its end is drawn anew, however long it was: an exponential number has no memory. A thread's first distance is drawn like all others.
 * So much as is no positive number nobody can have. */
int kaa_draw(struct kaa_memory *memory, const struct kaa_place *place, i64 *word, u64 size) {
    struct kaa_thread *thread = kaa_thread_at(memory, place);
    if (UNLIKELY(thread->session != memory->session))
        kaa_begin_walks(memory, thread);
    if (UNLIKELY((i64)size < 0))
        return 0;
    i64 left = (*word > KAA_UNDRAWN ? *word : (i64)next(memory, thread)) - (i64)size;
    int is_met = left < 0;
    *word = is_met ? (i64)next(memory, thread) : left;
    return is_met;
}

static u64 *places_of(struct kaa_memory *memory, u64 address) {
    u64 hash = (address >> 4) * 0x9e3779b97f4a7c15UL;
    return (u64 *)at(kaa_shared, memory->sampled) + ((hash >> 20) & (memory->sampled_size - 1) & ~(u64)(KAA_TOGETHER - 1));
}

static int change_place(u64 *places, u64 from, u64 to) {
    for (u32 i = 0; i < KAA_TOGETHER; i++) {
        u64 expected = from;
        if (load(&places[i]) == from && __atomic_compare_exchange_n(&places[i], &expected, to, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return 1;
    }
    return 0;
}

/* A byte that has come to its end stays there. */
static void change_filter(u64 address, i32 by) {
    u8 *byte = kaa_filter(address), old = *byte;
    while (old != 255 && !__atomic_compare_exchange_n(byte, &old, (u8)(old + by), 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* False where there is no room to remember it: then it is not told either. */
int kaa_sample_begins(struct kaa_memory *memory, u64 address) {
    change_filter(address, 1);
    if (change_place(places_of(memory, address), 0, address))
        return 1;
    change_filter(address, -1);
    count(&memory->lost);
    return 0;
}

int kaa_sample_ends(struct kaa_memory *memory, u64 address) {
    if (*kaa_filter(address) == 0 || !change_place(places_of(memory, address), address, 0))
        return 0;
    change_filter(address, -1);
    return 1;
}
