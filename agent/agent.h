/* Inside of the agent. RULES.md says what code here may do. */
#ifndef KAA_AGENT_H
#define KAA_AGENT_H

#include "protocol.h"

#define NULL ((void *)0)
#define INTERNAL __attribute__((visibility("hidden")))

/* Filled in by Kaa before the first hook is armed: see struct kaa_image. */
extern INTERNAL struct kaa_header *volatile kaa_shared;
extern INTERNAL struct kaa_state *volatile kaa_state;

static inline u8 *at(struct kaa_header *shared, u64 offset) { return (u8 *)shared + offset; }

static inline u64 load(const u64 *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static inline u64 count(u64 *word) { return __atomic_fetch_add(word, 1, __ATOMIC_RELAXED); }

/* The start of the thread's control block is its own address (ELF handling for thread-local storage, 3.4.6). */
static inline u64 thread_pointer(void) {
    u64 pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

static inline u64 from_thread_pointer(i64 offset) {
    u64 word;
    __asm__ volatile("mov %%fs:(%1), %0" : "=r"(word) : "r"(offset));
    return word;
}

/* calls.c: nothing but system calls, and only those that `calls` of the header allows. */
INTERNAL u64 kaa_time(struct kaa_header *shared);
INTERNAL u32 kaa_thread_id(struct kaa_header *shared);
INTERNAL int kaa_is_own_process(struct kaa_header *shared);
INTERNAL i64 kaa_read(struct kaa_header *shared, u64 address, void *buffer, u64 size);
INTERNAL i64 kaa_read_text(struct kaa_header *shared, u64 address, u8 *buffer, u64 size);
INTERNAL void kaa_wait(u32 *word, u32 value, u64 nanoseconds);
INTERNAL void kaa_wake(u32 *word);
INTERNAL void kaa_default_trap(void);

/* condition.c */
enum truth { NO, YES, UNKNOWN };
INTERNAL enum truth kaa_condition(struct kaa_header *shared, const u8 *program, u32 size, const struct kaa_registers *registers);

/* stack.c */
INTERNAL u64 kaa_thread_state(struct kaa_header *shared);
INTERNAL u64 kaa_stack_of(struct kaa_header *shared, u64 thread, u32 most);

/* event.c */
struct kaa_texts {
    u32 size[KAA_TEXTS]; /* as struct kaa_event has it */
    u32 used;
    u8 bytes[KAA_TEXTS * KAA_TEXT];
};

static inline u32 kaa_hook_number(struct kaa_header *shared, const struct kaa_hook *hook) {
    return (u32)(((u64)hook - (u64)at(shared, shared->hooks)) / sizeof(struct kaa_hook));
}

/* `made` has what is known of the call already: flags, number, caller. */
INTERNAL void kaa_event_fill(struct kaa_header *shared, struct kaa_event *event, struct kaa_hook *hook, const struct kaa_registers *registers,
                             const struct kaa_event *made);
INTERNAL int kaa_wants_texts(const struct kaa_hook *hook);
INTERNAL void kaa_texts_read(struct kaa_header *shared, struct kaa_texts *texts, const struct kaa_hook *hook, const struct kaa_registers *registers);
INTERNAL void kaa_event_texts(struct kaa_event *event, const struct kaa_texts *texts);

/* ring.c */
INTERNAL struct kaa_event *kaa_ring_take(struct kaa_header *shared, u32 units, u64 *position);
INTERNAL void kaa_ring_give(struct kaa_header *shared, struct kaa_event *event, u64 position);
INTERNAL void kaa_call_reader(struct kaa_header *shared);

/* park.c */
INTERNAL void kaa_park(struct kaa_header *shared, struct kaa_hook *hook, const struct kaa_registers *registers, const struct kaa_event *made);

/* returns.c */
INTERNAL int kaa_return_expect(struct kaa_hook *hook, const struct kaa_registers *registers, u64 number);

#endif
