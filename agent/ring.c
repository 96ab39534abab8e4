/* Events on their way to Kaa: many write, one reads. A reader that is slow or dead blocks nobody: what finds no room is counted. */
#include "agent.h"

struct kaa_event *kaa_ring_take(struct kaa_header *shared, u32 units, u64 *position) {
    u64 total = shared->ring_units, head = load(&shared->head);
    do {
        u64 room = total - (head & (total - 1)); /* an event does not go round the end */
        u64 needed = room < units ? units + room : units;
        if (head + needed - load(&shared->tail) > total) {
            count(&shared->lost);
            return NULL;
        }
        u64 first = room < units ? head + room : head;
        if (__atomic_compare_exchange_n(&shared->head, &head, first + units, 0, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
            if (first != head) {
                /* The units up to the end are an event without anything in it. */
                struct kaa_event *gap = (struct kaa_event *)at(shared, shared->ring + (head & (total - 1)) * KAA_UNIT);
                gap->units = (u32)room;
                gap->kind = 0;
                __atomic_store_n(&gap->mark, kaa_mark(head), __ATOMIC_RELEASE);
            }
            *position = first;
            struct kaa_event *event = (struct kaa_event *)at(shared, shared->ring + (first & (total - 1)) * KAA_UNIT);
            event->units = units;
            return event;
        }
    } while (1);
}

void kaa_call_reader(struct kaa_header *shared) {
    if (__atomic_load_n(&shared->waits, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&shared->waits, 0, __ATOMIC_SEQ_CST) && shared->calls & KAA_CALL_FUTEX)
        kaa_wake(&shared->waits);
}

void kaa_ring_give(struct kaa_header *shared, struct kaa_event *event, u64 position) {
    __atomic_store_n(&event->mark, kaa_mark(position), __ATOMIC_SEQ_CST);
    kaa_call_reader(shared);
}
