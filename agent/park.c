/* A thread that waits for Kaa. It goes on when Kaa says so, when the agent is switched off, and when Kaa is gone: its heartbeat stands still. */
#include "agent.h"

#define SLICE 20000000UL /* ns */
#define PATIENCE 60      /* slices without a heartbeat */
#define SPINS 2000       /* pauses: 20 to 140 us */

struct patience {
    u64 beat;
    u32 still; /* slices for which it has been so */
};

static struct kaa_park *take(struct kaa_header *shared) {
    struct kaa_park *parks = (struct kaa_park *)at(shared, shared->parks);
    for (u32 i = 0; i < shared->park_count; i++) {
        u32 free = KAA_PARK_FREE;
        if (__atomic_compare_exchange_n(&parks[i].state, &free, KAA_PARK_FILLING, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return &parks[i];
    }
    return NULL;
}

/* Whoever has waited in vain says so for all: else each call at each hook would wait as long again. A heart that beats on is another number. */
static int is_gone(struct kaa_header *shared) {
    u32 gone = __atomic_load_n(&shared->gone, __ATOMIC_ACQUIRE);
    return gone != 0 && gone == (u32)load(&shared->heartbeat);
}

static int is_over(struct kaa_header *shared, struct kaa_hook *hook, struct patience *patience) {
    if (!kaa_state->enabled || __atomic_load_n(&hook->state, __ATOMIC_ACQUIRE) != KAA_ARMED || is_gone(shared))
        return 1;
    u64 now = load(&shared->heartbeat);
    patience->still = now == patience->beat ? patience->still + 1 : 0;
    patience->beat = now;
    if (patience->still < PATIENCE)
        return 0;
    __atomic_store_n(&shared->gone, (u32)now, __ATOMIC_RELEASE);
    return 1;
}

static void wait(struct kaa_header *shared, struct kaa_hook *hook, struct kaa_park *park) {
    struct patience patience = {load(&shared->heartbeat), 0};

    /* Kaa mostly answers sooner than a sleeper would be awake again. */
    for (u32 i = 0; i < SPINS && __atomic_load_n(&park->state, __ATOMIC_ACQUIRE) == KAA_PARK_WAITING; i++)
        __asm__ volatile("pause");
    while (__atomic_load_n(&park->state, __ATOMIC_ACQUIRE) == KAA_PARK_WAITING) {
        kaa_wait(&park->state, KAA_PARK_WAITING, SLICE);
        if (is_over(shared, hook, &patience))
            break;
    }
}

/* A breakpoint that is passed because many others wait already would be a lie: whoever comes later waits for a place. Nobody wakes it: it looks by itself. */
static struct kaa_park *await_place(struct kaa_header *shared, struct kaa_hook *hook) {
    struct patience patience = {load(&shared->heartbeat), 0};
    struct kaa_park *park;
    u32 never = 0;
    while ((park = take(shared)) == NULL && !is_over(shared, hook, &patience))
        kaa_wait(&never, 0, SLICE);
    return park;
}

/* Apart, as only this needs so much of the stack, and that not while it waits. */
static __attribute__((noinline)) void fill(struct kaa_header *shared, struct kaa_event *event, struct kaa_hook *hook, const struct kaa_registers *registers,
                                           const struct kaa_event *made) {
    kaa_event_fill(shared, event, hook, registers, made);
    event->flags |= KAA_EVENT_PARKED;
    if (kaa_wants_texts(hook)) {
        struct kaa_texts texts;
        kaa_texts_read(shared, &texts, hook, registers);
        kaa_event_texts(event, &texts);
    }
}

void kaa_park(struct kaa_header *shared, struct kaa_hook *hook, const struct kaa_registers *registers, const struct kaa_event *made) {
    /* A parent of vfork can't be stopped before its child is through: if that waited for Kaa, Kaa would wait for it. */
    if (is_gone(shared) || !kaa_is_own_process(shared))
        return;
    struct kaa_park *park = await_place(shared, hook);
    if (park == NULL) {
        count(&hook->lost);
        return;
    }
    fill(shared, &park->event, hook, registers, made);
    park->order = count(&shared->order);
    __atomic_store_n(&park->state, KAA_PARK_WAITING, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&shared->parks_waiting, 1, __ATOMIC_SEQ_CST);
    kaa_call_reader(shared);
    wait(shared, hook, park);
    __atomic_fetch_sub(&shared->parks_waiting, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&park->state, KAA_PARK_FREE, __ATOMIC_RELEASE);
}
