/* What threads have found out, on its way to Kaa: many write, one reads. */
#include "recording.h"

#define KAA_AHEAD 32 /* units of the ring */

struct kaa_own kaa_own __attribute__((aligned(4096)));

/* Kaa is told to hurry by being let catch up: for a moment, and only while it lives. False where an event is lost. */
static __attribute__((noinline)) int wait_for_room(struct kaa_memory *memory) {
    struct kaa_header *shared = kaa_shared;
    u64 beat = load(&shared->heartbeat);
    for (u32 waited = 0; load(&memory->head) - load(&memory->tail) + KAA_SLACK > memory->ring_units; waited++) {
        u32 room = __atomic_load_n(&memory->room, __ATOMIC_ACQUIRE);
        int may_wait = shared->calls & KAA_CALL_FUTEX && load(&memory->blocked) != load(&memory->tail) + 1 && waited < memory->patience;
        if (!may_wait || (waited >= 60 && load(&shared->heartbeat) == beat)) {
            __atomic_store_n(&memory->blocked, load(&memory->tail) + 1, __ATOMIC_RELAXED);
            count(&memory->lost);
            return 0;
        }
        kaa_wait(&memory->room, room, 1000000);
    }
    return 1;
}

static inline u64 lap_of(const struct kaa_memory *memory, u64 position) { return KAA_LAP(position >> memory->ring_shift); }

/* The memory that is next: Kaa's processor has had it since it read it there the last time, and a thread would wait for it at its next locked instruction. */
static inline void fetch(struct kaa_memory *memory, u64 position) {
    __asm__ volatile("prefetchw %0" : : "m"(*((struct kaa_allocation *)at(kaa_shared, memory->ring) + ((position + KAA_AHEAD) & (memory->ring_units - 1)))));
}

static inline void write_at(struct kaa_memory *memory, u64 position, u64 what, u64 more) {
    struct kaa_allocation *event = (struct kaa_allocation *)at(kaa_shared, memory->ring) + (position & (memory->ring_units - 1));
    event->what = what;
    __atomic_store_n(&event->more, more, __ATOMIC_RELEASE);
}

void kaa_tell(struct kaa_memory *memory, const struct kaa_place *place, u32 op, u32 allocator, u64 address, u64 size, u32 node) {
    if (UNLIKELY(__atomic_load_n(&memory->head, __ATOMIC_RELAXED) - load(&memory->tail) + KAA_SLACK > memory->ring_units) && !wait_for_room(memory))
        return;
    u64 what = KAA_WHAT(op, allocator, place->number, address);
    if (LIKELY(size < KAA_LONG && (address & 7) == 0)) {
        u64 position = __atomic_fetch_add(&memory->head, 1, __ATOMIC_RELAXED);
        fetch(memory, position);
        write_at(memory, position, what, KAA_MORE(node, size, lap_of(memory, position)));
        return;
    }
    u64 position = __atomic_fetch_add(&memory->head, 2, __ATOMIC_RELAXED);
    write_at(memory, position + 1, size << 4 | KAA_OP_REST, (address & 7) | lap_of(memory, position + 1) << 48);
    write_at(memory, position, what, KAA_MORE(node, KAA_LONG, lap_of(memory, position)));
}

/* Each bit of it depends on all of the number's: finalizer of splitmix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014). */
static u64 mixed(u64 number) {
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9UL;
    number = (number ^ number >> 27) * 0x94d049bb133111ebUL;
    return number ^ number >> 31;
}

/* Where the first is another thread's: stacks that lie a power of two from each other have the same one. The others are spread, whatever the distance. */
struct kaa_place *kaa_find_place(u64 pointer) {
    struct kaa_place *first = kaa_first_place(pointer);
    u64 other = mixed(pointer);
    for (u32 i = 0; i < 64; i++) {
        u64 number = i == 0 ? (u64)(first - kaa_own.places) : (other + i) & (KAA_PLACES - 1);
        struct kaa_place *place = &kaa_own.places[number];
        u64 owner = load(&place->pointer);
        if (owner == 0 && __atomic_compare_exchange_n(&place->pointer, &owner, pointer, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            owner = pointer;
        if (owner == pointer) {
            place->number = (u32)number;
            return place;
        }
    }
    if (kaa_records(kaa_memory()))
        count(&kaa_memory()->threads_lost);
    return NULL;
}

/* Another id: a new thread has the memory of one that ended, and counts down what that has left: a new distance would do as well, but for the one that is just met. */
void kaa_begin_thread(struct kaa_place *place, u32 tid) {
    struct kaa_memory *memory = kaa_memory();
    struct kaa_thread *thread = kaa_thread_at(memory, place);
    if (place->tid == 0)
        place->left = KAA_UNDRAWN;
    place->tid = tid;
    thread->tid = tid;
    thread->random = mixed(mixed(place->pointer + memory->session) + tid * 0x9e3779b97f4a7c15UL) | 1;
    thread->session = 0;
    kaa_tell(memory, place, KAA_NEW_THREAD, 0, (u64)tid << 3, 0, 0);
}
