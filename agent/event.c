/* What an event says. */
#include "agent.h"

void kaa_event_fill(struct kaa_header *shared, struct kaa_event *event, struct kaa_hook *hook, const struct kaa_registers *registers, const struct kaa_event *made) {
    event->kind = KAA_EVENT_CALL;
    event->flags = made->flags;
    event->hook = kaa_hook_number(shared, hook);
    event->tid = kaa_thread_id(shared);
    event->time = kaa_time(shared);
    event->number = made->number;
    event->thread = 0;
    event->stack = 0;
    event->caller = made->caller;
    event->registers = *registers;
    for (u32 i = 0; i < KAA_TEXTS; i++)
        event->text_size[i] = 0;
    if (hook->wants & KAA_WANT_STACK && (event->thread = kaa_thread_state(shared)) != 0) {
        event->stack = kaa_stack_of(shared, event->thread, hook->most_frames);
        if (event->stack == 1) {
            event->stack = 0;
            event->flags |= KAA_EVENT_STACK_LOST;
        }
    }
}

int kaa_wants_texts(const struct kaa_hook *hook) {
    for (u32 i = 0; i < KAA_TEXTS; i++) {
        if (hook->texts[i] < 18)
            return 1;
    }
    return 0;
}

void kaa_texts_read(struct kaa_header *shared, struct kaa_texts *texts, const struct kaa_hook *hook, const struct kaa_registers *registers) {
    texts->used = 0;
    for (u32 i = 0; i < KAA_TEXTS; i++) {
        texts->size[i] = 0;
        u32 number = hook->texts[i];
        if (number >= 18)
            continue;
        i64 got = kaa_read_text(shared, ((const u64 *)registers)[number], texts->bytes + texts->used, KAA_TEXT);
        texts->size[i] = got < 0 ? 0xffffffff : (u32)got;
        texts->used += got < 0 ? 0 : (u32)got;
    }
}

void kaa_event_texts(struct kaa_event *event, const struct kaa_texts *texts) {
    for (u32 i = 0; i < KAA_TEXTS; i++)
        event->text_size[i] = texts->size[i];
    for (u32 i = 0; i < texts->used; i++)
        event->texts[i] = texts->bytes[i];
}
