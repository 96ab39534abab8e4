/* What a hook does when a thread comes by. A signal's handler may come by while the thread is in here already: nothing here minds. */
#include "agent.h"

struct kaa_header *volatile kaa_shared;
struct kaa_state *volatile kaa_state;

static int is_met(struct kaa_header *shared, struct kaa_hook *hook, const struct kaa_registers *registers, u16 *flags) {
    u32 size = hook->program_size;
    if (size == 0)
        return 1;
    enum truth truth = kaa_condition(shared, hook->program, size, registers);
    if (truth == NO || (truth == UNKNOWN && hook->wants & KAA_UNKNOWN_IS_NO))
        return 0;
    if (truth == UNKNOWN) {
        *flags |= KAA_EVENT_UNKNOWN;
        count(&hook->unknown);
    }
    return 1;
}

static void publish(struct kaa_header *shared, struct kaa_hook *hook, const struct kaa_registers *registers, const struct kaa_event *made,
                    const struct kaa_texts *texts) {
    u64 position;
    u32 bytes = (u32)sizeof(struct kaa_event) + (texts != NULL ? texts->used : 0);
    struct kaa_event *event = kaa_ring_take(shared, (bytes + KAA_UNIT - 1) / KAA_UNIT, &position);
    if (event == NULL) {
        count(&hook->lost);
        return;
    }
    kaa_event_fill(shared, event, hook, registers, made);
    if (texts != NULL)
        kaa_event_texts(event, texts);
    kaa_ring_give(shared, event, position);
}

/* Apart, as only this needs so much of the stack. */
static __attribute__((noinline)) void record_with_texts(struct kaa_header *shared, struct kaa_hook *hook, const struct kaa_registers *registers,
                                                        const struct kaa_event *made) {
    struct kaa_texts texts;
    kaa_texts_read(shared, &texts, hook, registers);
    publish(shared, hook, registers, made, &texts);
}

/* Called by the probe; the registers are the program's, at the hook. */
INTERNAL void kaa_hit(struct kaa_hook *hook, struct kaa_registers *registers) {
    struct kaa_header *shared = kaa_shared;
    if (shared == NULL || !kaa_state->enabled || __atomic_load_n(&hook->state, __ATOMIC_ACQUIRE) != KAA_ARMED)
        return;
    count(&hook->hits);
    struct kaa_event made;
    made.flags = 0;
    if (!is_met(shared, hook, registers, &made.flags))
        return;
    count(&hook->matches);
    u32 action = hook->action;
    if (action == KAA_COUNT)
        return;
    made.number = count(&shared->number);
    made.caller = *(const u64 *)registers->rsp; /* its own stack: a function was just called */
    if (hook->wants & KAA_WANT_RETURN && !kaa_return_expect(hook, registers, made.number))
        made.flags |= KAA_EVENT_NO_RETURN;
    if (action == KAA_PARK && shared->calls & KAA_CALL_FUTEX)
        kaa_park(shared, hook, registers, &made);
    else if (kaa_wants_texts(hook))
        record_with_texts(shared, hook, registers, &made);
    else
        publish(shared, hook, registers, &made, NULL);
}
