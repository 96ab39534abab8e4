/* Python frames on top of each other, numbered. */
#include "recording.h"
#include "frames.h"

/* The number of a frame on top of another one, in the tree of all threads. */
static __attribute__((noinline)) u32 shared_node_of(struct kaa_memory *memory, u32 parent, u64 code, u64 instruction, u64 print) {
    u64 hash = kaa_mix(kaa_mix(kaa_mix(parent, code), instruction), print), mask = memory->node_index_size - 1;
    u32 *index = (u32 *)at(kaa_shared, memory->node_index);
    struct kaa_node *nodes = (struct kaa_node *)at(kaa_shared, memory->nodes);
    u32 made = 0;
    for (u64 i = 0; i < 64; i++) {
        u32 *place = &index[(hash + i) & mask];
        u32 known = __atomic_load_n(place, __ATOMIC_ACQUIRE);
        if (known == 0) {
            if (made == 0) {
                u64 number = count(&memory->node_count) + 1;
                if (number >= memory->node_capacity)
                    break;
                made = (u32)number;
                struct kaa_node *node = &nodes[made];
                node->parent = parent;
                node->code = code;
                node->instruction = instruction;
                node->print = print;
                __atomic_store_n(&node->ready, 1, __ATOMIC_RELEASE);
            }
            if (__atomic_compare_exchange_n(place, &known, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                return made;
        }
        const struct kaa_node *node = &nodes[known];
        if (node->parent == parent && node->code == code && node->instruction == instruction && node->print == print)
            return known;
    }
    if (made == 0)
        count(&memory->nodes_lost);
    return made != 0 ? made : parent;
}

/* Told at less cost than kaa_print_of, for what one thread remembers. */
static inline u64 check_of(const struct kaa_python *python, u64 code) {
    u64 check = *kaa_life(code);
    for (u32 i = 0; i < 3; i++) {
        if (python->marks[i] >= 0)
            check = check * 5 + kaa_word(code, python->marks[i]);
    }
    return check;
}

static u32 remember(struct kaa_known *known, u32 parent, u64 code, u64 instruction, u64 check, u32 node) {
    known->node = 0;
    known->instruction = instruction;
    known->parent = parent;
    known->code = code;
    known->check = check;
    known->node = node;
    return node;
}

/* A loop makes the same few again and again. */
u32 kaa_node_of(struct kaa_memory *memory, struct kaa_thread *thread, u32 parent, u64 code, u64 instruction) {
    struct kaa_known *known = &thread->known[(instruction >> 1 ^ code >> 4 ^ (u64)parent * 7) & (KAA_KNOWN - 1)];
    u64 check = check_of(&kaa_shared->python, code);
    if (LIKELY(known->instruction == instruction && known->parent == parent && known->code == code && known->check == check && known->node != 0))
        return known->node;
    struct kaa_code told = kaa_code_of(memory, code, instruction);
    u64 place = kaa_shared->python.instruction_size == 4 ? instruction : instruction - code + told.code;
    return remember(known, parent, code, instruction, check, shared_node_of(memory, parent, told.code, place, told.print));
}

/* The same for what is no code object. */
u32 kaa_node_known(struct kaa_memory *memory, struct kaa_known *table, u32 parent, u64 code, u64 instruction, u64 print) {
    struct kaa_known *known = &table[(instruction ^ instruction >> 9 ^ (u64)parent * 7 ^ print >> 4) & (KAA_NATIVE_KNOWN - 1)];
    if (LIKELY(known->instruction == instruction && known->parent == parent && known->code == code && known->check == print && known->node != 0))
        return known->node;
    return remember(known, parent, code, instruction, print, shared_node_of(memory, parent, code, instruction, print));
}
