/* Returns: the return address of the call is replaced by one of the image's places, each of which knows the one call that will come back to it. So stacks
 * may be switched, copied and put back (greenlets) meanwhile; a call that is left by longjmp or an exception keeps its place for good. */
#include "agent.h"

struct expected {
    u32 taken;
    u64 address; /* where the call goes back to */
    struct kaa_hook *hook;
    u64 number;
};

static struct expected expected[KAA_RETURNS];
static u32 next;

extern INTERNAL const u8 kaa_returns[];

#define PLACE 8 /* bytes of a place: entry.S */

int kaa_return_expect(struct kaa_hook *hook, const struct kaa_registers *registers, u64 number) {
    for (u32 tries = 0; tries < KAA_RETURNS; tries++) {
        u32 i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % KAA_RETURNS;
        u32 free = 0;
        if (!__atomic_compare_exchange_n(&expected[i].taken, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        u64 *place = (u64 *)registers->rsp;
        expected[i].address = *place;
        expected[i].hook = hook;
        expected[i].number = number;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        *place = (u64)kaa_returns + i * PLACE;
        return 1;
    }
    return 0;
}

static void record(struct kaa_header *shared, struct expected *call, const struct kaa_registers *registers) {
    struct kaa_hook *hook = call->hook;
    u64 position;
    count(&hook->returns);
    struct kaa_event *event = kaa_ring_take(shared, (u32)((sizeof(struct kaa_event) + KAA_UNIT - 1) / KAA_UNIT), &position);
    if (event == NULL) {
        count(&hook->lost);
        return;
    }
    event->kind = KAA_EVENT_RETURN;
    event->flags = 0;
    event->hook = kaa_hook_number(shared, hook);
    event->tid = kaa_thread_id(shared);
    event->time = kaa_time(shared);
    event->number = call->number;
    event->thread = event->stack = 0;
    event->caller = call->address;
    event->registers = *registers;
    event->text_size[0] = event->text_size[1] = 0;
    kaa_ring_give(shared, event, position);
}

/* Gives the address to go back to. A child of fork has a table of its own, as this memory is not shared. */
INTERNAL u64 kaa_returned(u64 index, struct kaa_registers *registers) {
    struct expected *call = &expected[index];
    u64 address = call->address;
    registers->rip = address;
    struct kaa_header *shared = kaa_shared;
    if (shared != NULL && kaa_state->enabled)
        record(shared, call, registers);
    __atomic_store_n(&call->taken, 0, __ATOMIC_RELEASE);
    return address;
}
