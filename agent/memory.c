/* Allocations: what `kaa mem` hooks. A function of the C library is wrapped (entry.S: kaa_wrap calls kaa_before and kaa_after around it); CPython's allocators are
 * reached through the pointers in their tables, which lead to the functions at the end here. */
#include "memory.h"
#include "agent.h"
#include "frames.h"

#define FUNCTION(hook) ((u32)(hook)->reserved[0])
#define ALLOCATOR(hook) ((u8)((hook)->reserved[0] >> 32))

#define FAILED(result) ((u64)(result) >= (u64)-4095)

INTERNAL struct kaa_memory *kaa_memory_of(struct kaa_header *shared) { return (struct kaa_memory *)at(shared, shared->memory); }

static inline u16 number_of(struct kaa_header *shared, struct kaa_memory *memory, const struct kaa_thread *thread) {
    return (u16)(((u64)thread - (u64)at(shared, memory->threads)) / sizeof(struct kaa_thread));
}

/* Rings */

static struct kaa_allocation *take(struct kaa_header *shared, struct kaa_memory *memory, u64 *position) {
    u64 head = load(&memory->head);
    u32 waited = 0;
    u64 beat = load(&shared->heartbeat);
    for (;;) {
        if (head - load(&memory->tail) < memory->ring_units) {
            if (__atomic_compare_exchange_n(&memory->head, &head, head + 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
                *position = head;
                return (struct kaa_allocation *)at(shared, memory->ring) + (head & (memory->ring_units - 1));
            }
            continue;
        }
        /* Kaa is told to hurry by being let catch up: for a moment, and only while it lives. */
        u32 room = __atomic_load_n(&memory->room, __ATOMIC_ACQUIRE);
        int may_wait = shared->calls & KAA_CALL_FUTEX && load(&memory->blocked) != load(&memory->tail) + 1 && waited < memory->patience;
        if (!may_wait || (waited >= 60 && load(&shared->heartbeat) == beat)) {
            __atomic_store_n(&memory->blocked, load(&memory->tail) + 1, __ATOMIC_RELAXED);
            count(&memory->lost);
            return NULL;
        }
        waited++;
        kaa_wait(&memory->room, room, 1000000);
        head = load(&memory->head);
    }
}

static void tell(struct kaa_header *shared, struct kaa_memory *memory, const struct kaa_thread *thread, u8 op, u8 allocator, u64 address, u64 size, u32 node) {
    u64 position;
    struct kaa_allocation *event = take(shared, memory, &position);
    if (event == NULL)
        return;
    event->address = address;
    event->size = size;
    event->node = node;
    event->thread = number_of(shared, memory, thread);
    event->op = op;
    event->allocator = allocator;
    __atomic_store_n(&event->mark, kaa_mark(position), __ATOMIC_RELEASE);
}

/* The thread's own place; NULL where there are too many threads. One whose id has changed belongs to a new thread in the place of one that ended. */
static struct kaa_thread *thread_of(struct kaa_header *shared, struct kaa_memory *memory) {
    u64 pointer = thread_pointer();
    u64 mask = memory->thread_capacity - 1;
    u64 place = (pointer >> 6) * 0x9e3779b97f4a7c15UL >> 40;
    struct kaa_thread *threads = (struct kaa_thread *)at(shared, memory->threads);
    for (u32 i = 0; i < 32; i++) {
        struct kaa_thread *thread = &threads[(place + i) & mask];
        u64 owner = load(&thread->pointer);
        if (owner == 0 && __atomic_compare_exchange_n(&thread->pointer, &owner, pointer, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            owner = pointer;
        if (owner != pointer)
            continue;
        u32 tid = kaa_thread_id(shared);
        if (thread->tid != tid) {
            thread->tid = tid;
            thread->depth = 0;
            thread->seen = 0;
            thread->state = 0;
            thread->countdown = 0;
            thread->random = pointer ^ (u64)tid << 32 ^ 0x2545f4914f6cdd1dUL;
            tell(shared, memory, thread, KAA_NEW_THREAD, 0, tid, 0, 0);
        }
        return thread;
    }
    count(&memory->threads_lost);
    return NULL;
}

/* Stacks */

/* Copies a piece of the program's memory behind those that were copied before; false where there is no room. Too long a piece is cut where it can't be read. */
static int keep_piece(struct kaa_header *shared, struct kaa_memory *memory, u64 *used, u64 end, u64 address, u64 size) {
    u64 room = (size + 7) & ~7UL;
    if (end - *used < room + 2 * sizeof(struct kaa_piece_of_memory))
        return 0;
    struct kaa_piece_of_memory *piece = (struct kaa_piece_of_memory *)at(shared, memory->snapshots + *used);
    i64 got = kaa_read(shared, address, piece + 1, size);
    piece->address = address;
    piece->size = got > 0 ? (u64)got : 0;
    if (got <= 0)
        return 1;
    *used += sizeof(struct kaa_piece_of_memory) + ((piece->size + 7) & ~7UL);
    return 1;
}

/* Of a string, whose items are as wide as they can be, or (the first one) of bytes. Its length is believed up to a limit. */
static u64 size_of_text(const struct kaa_memory *memory, u32 text, u64 object) {
    u64 most = 1UL << 20, length = object != 0 ? kaa_word(object, memory->length) : 0;
    return memory->extra + (length < most ? length : most) * (text == 0 ? 1 : memory->unit);
}

static void keep_code(struct kaa_header *shared, struct kaa_memory *memory, u64 code, u64 print) {
    u64 *codes = (u64 *)at(shared, memory->codes);
    u64 key = kaa_mix(code, print) | 1, mask = memory->codes_size - 1;
    u64 i;
    for (i = 0; i < 16; i++) {
        u64 known = load(&codes[(key + i) & mask]);
        if (known == key)
            return;
        if (known == 0 && __atomic_compare_exchange_n(&codes[(key + i) & mask], &known, key, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            break;
    }
    /* Room for all of it is taken at once: several threads may be here. */
    u64 size = sizeof(struct kaa_snapshot) + 2 * sizeof(struct kaa_piece_of_memory) + memory->code_size + 8;
    for (u32 text = 0; text < 5 && memory->code_texts[text] != 0; text++)
        size += sizeof(struct kaa_piece_of_memory) + 8 + size_of_text(memory, text, kaa_word(code, memory->code_texts[text]));
    size = (size + 7) & ~7UL;
    u64 begin = __atomic_fetch_add(&memory->snapshots_used, size, __ATOMIC_RELAXED);
    if (begin + size > memory->snapshots_size)
        return;
    u64 end = begin + size, used = begin + sizeof(struct kaa_snapshot);
    struct kaa_snapshot *snapshot = (struct kaa_snapshot *)at(shared, memory->snapshots + begin);
    __atomic_store_n(&snapshot->size, size, __ATOMIC_RELEASE);
    snapshot->code = code;
    snapshot->print = print;
    int fits = keep_piece(shared, memory, &used, end, code, memory->code_size);
    for (u32 text = 0; fits && text < 5 && memory->code_texts[text] != 0; text++) {
        u64 object = kaa_word(code, memory->code_texts[text]);
        if (object != 0)
            fits = keep_piece(shared, memory, &used, end, object, size_of_text(memory, text, object));
    }
    struct kaa_piece_of_memory *last = (struct kaa_piece_of_memory *)at(shared, memory->snapshots + used);
    last->size = 0;
    last->address = 0;
    __atomic_store_n(&snapshot->ready, 1, __ATOMIC_RELEASE);
}

/* The number of a frame on top of another one. */
static u32 node_of(struct kaa_header *shared, struct kaa_memory *memory, u32 parent, u64 code, u64 instruction) {
    u64 print = kaa_print_of(&shared->python, code);
    u64 hash = kaa_mix(kaa_mix(kaa_mix(parent, code), instruction), print), mask = memory->node_index_size - 1;
    u32 *index = (u32 *)at(shared, memory->node_index);
    struct kaa_node *nodes = (struct kaa_node *)at(shared, memory->nodes);
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
                if (code != 0)
                    keep_code(shared, memory, code, print);
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

/* Frames that are objects are used again for other code, at the same place of it perhaps. */
static int is_seen(const struct kaa_python *python, const struct kaa_seen *seen, u64 frame, u64 instruction) {
    return seen->frame == frame && seen->instruction == instruction && (python->form != KAA_FRAME_OBJECTS || seen->code == kaa_code(python, frame));
}

static void see(const struct kaa_python *python, struct kaa_seen *seen, u64 frame, u64 instruction) {
    seen->frame = frame;
    seen->instruction = instruction;
    seen->code = kaa_code(python, frame);
}

/* Numbers the remembered frames from the first on that is new; gives the innermost one's. */
static u32 number_frames(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, u32 first) {
    u32 node = first > 0 ? thread->stack[first - 1].node : 0;
    for (u32 i = first; i < thread->seen; i++) {
        struct kaa_seen *seen = &thread->stack[i];
        node = node_of(shared, memory, node, seen->code, seen->instruction);
        seen->node = node;
    }
    return node;
}

/* All frames, when those that are remembered don't tell: turned round, so that the outermost comes first. */
static u32 walk_all(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, u64 innermost) {
    const struct kaa_python *python = &shared->python;
    u32 depth = 0;
    for (u64 frame = innermost; frame != 0; frame = kaa_real(python, kaa_word(frame, python->back)))
        depth++;
    /* The outer ones of a stack that is too deep are left out. */
    u32 kept = depth < KAA_SHADOW ? depth : KAA_SHADOW;
    u32 place = kept, same = kept;
    for (u64 frame = innermost; place > 0; frame = kaa_real(python, kaa_word(frame, python->back))) {
        struct kaa_seen *seen = &thread->stack[--place];
        u64 instruction = kaa_instruction(python, frame);
        if (place >= thread->seen || !is_seen(python, seen, frame, instruction)) {
            see(python, seen, frame, instruction);
            same = place;
        }
    }
    thread->seen = kept;
    return number_frames(shared, memory, thread, same);
}

/* How many remembered frames remain below those that are new, which are put into `fresh`, the innermost first; −1 where that can't be told. */
static i32 find_common(const struct kaa_python *python, const struct kaa_thread *thread, u64 frame, u64 *fresh, u32 *new) {
    u32 top = thread->seen;
    for (*new = 0; frame != 0; frame = kaa_real(python, kaa_word(frame, python->back))) {
        u32 least = top > KAA_FRESH ? top - KAA_FRESH : 0, match = top;
        while (match > least && thread->stack[match - 1].frame != frame)
            match--;
        if (match > least)
            return (i32)match;
        if (*new == KAA_FRESH)
            return -1;
        fresh[(*new)++] = frame;
    }
    return 0;
}

/* The first of the remembered frames below `top` that is not as it was, the outermost being 0; `top` where all are. −1 where they are other frames. */
static i32 compare(const struct kaa_python *python, struct kaa_thread *thread, u32 top) {
    u32 same = top;
    u64 frame = top > 0 ? thread->stack[top - 1].frame : 0;
    for (u32 place = top; place > 0; place--) {
        struct kaa_seen *seen = &thread->stack[place - 1];
        if (seen->frame != frame)
            return -1;
        u64 instruction = kaa_instruction(python, frame);
        if (!is_seen(python, seen, frame, instruction)) {
            see(python, seen, frame, instruction);
            same = place - 1;
        }
        frame = kaa_real(python, kaa_word(frame, python->back));
    }
    return frame == 0 ? (i32)same : -1;
}

/* The number of the thread's stack. What lies below its newest frames is mostly as it was: then only that is looked at, frame by frame, and nothing is stored. */
static u32 stack_of(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread) {
    const struct kaa_python *python = &shared->python;
    u64 state = kaa_thread_state(shared);
    u64 innermost = state != 0 ? kaa_real(python, kaa_innermost(python, state)) : 0;
    if (innermost == 0)
        return 0;
    u64 fresh[KAA_FRESH];
    u32 new;
    i32 top = thread->seen == KAA_SHADOW ? -1 : find_common(python, thread, innermost, fresh, &new);
    i32 same = top < 0 || (u32)top + new > KAA_SHADOW ? -1 : compare(python, thread, (u32)top);
    if (same < 0) {
        thread->seen = 0;
        return walk_all(shared, memory, thread, innermost);
    }
    for (u32 i = 0; i < new; i++)
        see(python, &thread->stack[(u32)top + i], fresh[new - 1 - i], kaa_instruction(python, fresh[new - 1 - i]));
    thread->seen = (u32)top + new;
    return number_frames(shared, memory, thread, (u32)same);
}

/* Samples */

static int is_sampled(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, u64 size) {
    if (memory->sample == 0)
        return 1;
    thread->countdown -= (i64)size;
    if (thread->countdown > 0)
        return 0;
    const u64 *draws = (const u64 *)at(shared, memory->draws);
    do {
        thread->random ^= thread->random << 13;
        thread->random ^= thread->random >> 7;
        thread->random ^= thread->random << 17;
        thread->countdown += (i64)(draws[thread->random % KAA_DRAWS] | 1);
    } while (thread->countdown <= 0);
    return 1;
}

static u64 *places_of(struct kaa_header *shared, struct kaa_memory *memory, u64 address) {
    u64 hash = (address >> 4) * 0x9e3779b97f4a7c15UL;
    return (u64 *)at(shared, memory->sampled) + ((hash >> 20) & (memory->sampled_size - 1) & ~(u64)(KAA_SAMPLED - 1));
}

static int change_place(u64 *places, u64 from, u64 to) {
    for (u32 i = 0; i < KAA_SAMPLED; i++) {
        u64 expected = from;
        if (load(&places[i]) == from && __atomic_compare_exchange_n(&places[i], &expected, to, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return 1;
    }
    return 0;
}

/* What happened */

static void allocated(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, u8 op, u8 allocator, u64 address, u64 size) {
    if (!is_sampled(shared, memory, thread, size))
        return;
    if (memory->sample != 0 && op == KAA_OP_ALLOCATED && !change_place(places_of(shared, memory, address), 0, address)) {
        count(&memory->lost);
        return;
    }
    tell(shared, memory, thread, op, allocator, address, size, stack_of(shared, memory, thread));
}

/* Gives whether its end was told. */
static int freed(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, u8 op, u64 address) {
    if (address == 0 || (memory->sample != 0 && !change_place(places_of(shared, memory, address), address, 0)))
        return 0;
    tell(shared, memory, thread, op, 0, address, 0, 0);
    return 1;
}

static void stayed(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, u64 address) {
    if (memory->sample != 0)
        change_place(places_of(shared, memory, address), 0, address);
    tell(shared, memory, thread, KAA_OP_STAYED, 0, address, 0, 0);
}

/* NULL where nothing is to be recorded: switched off, a child of fork, no place for the thread. Else it is in an allocator now; `outer` says whether this call is
 * the outermost one. A handler may have left one by longjmp: then the stack is shorter than it was. */
static struct kaa_thread *enter(struct kaa_header *shared, u64 stack, int *outer) {
    if (shared == NULL || !kaa_state->enabled || shared->memory == 0)
        return NULL;
    struct kaa_memory *memory = kaa_memory_of(shared);
    if (!memory->recording)
        return NULL;
    struct kaa_thread *thread = thread_of(shared, memory);
    if (thread == NULL)
        return NULL;
    if (thread->depth > 0 && stack > thread->outer)
        thread->depth = 0;
    *outer = thread->depth == 0;
    if (*outer)
        thread->outer = stack;
    thread->depth++;
    return thread;
}

static inline void leave(struct kaa_thread *thread) {
    if (thread->depth > 0)
        thread->depth--;
}

/* Gives 0 where nothing is left to be done after the call: the thread goes on in the function as if it had not been hooked. */
INTERNAL u64 kaa_before(struct kaa_hook *hook, struct kaa_registers *registers) {
    struct kaa_header *shared = kaa_shared;
    int outer;
    if (__atomic_load_n(&hook->state, __ATOMIC_ACQUIRE) != KAA_ARMED)
        return 0;
    struct kaa_thread *thread = enter(shared, registers->rsp, &outer);
    if (thread == NULL)
        return 0;
    struct kaa_memory *memory = kaa_memory_of(shared);
    u64 kind = 2;
    if (outer) {
        switch (FUNCTION(hook)) {
        case KAA_FREE_BLOCK:
            /* Before the memory is anybody else's. Nothing that it calls in turn is of interest but its own depth. */
            freed(shared, memory, thread, KAA_OP_FREED, registers->rdi);
            break;
        case KAA_REALLOC:
            kind = registers->rdi != 0 && freed(shared, memory, thread, KAA_OP_MOVED, registers->rdi) ? 4 : 3;
            break;
        case KAA_MUNMAP:
            tell(shared, memory, thread, KAA_OP_UNMAPPED, 0, registers->rdi, registers->rsi, 0);
            break;
        default:
            kind = 3;
            break;
        }
    }
    return kind; /* 2: only the depth; 3: a result; 4: one of what may have moved */
}

static void made(struct kaa_header *shared, struct kaa_memory *memory, struct kaa_thread *thread, const struct kaa_hook *hook, const struct kaa_registers *registers, u64 result) {
    u8 allocator = ALLOCATOR(hook);
    switch (FUNCTION(hook)) {
    case KAA_MALLOC:
        if (result != 0)
            allocated(shared, memory, thread, KAA_OP_ALLOCATED, allocator, result, registers->rdi);
        break;
    case KAA_CALLOC:
        if (result != 0)
            allocated(shared, memory, thread, KAA_OP_ALLOCATED, allocator, result, registers->rdi * registers->rsi);
        break;
    case KAA_REALLOC:
    case KAA_ALIGNED:
        if (result != 0)
            allocated(shared, memory, thread, KAA_OP_ALLOCATED, allocator, result, registers->rsi);
        break;
    case KAA_POSIX_MEMALIGN:
        /* It has just written there itself. */
        if ((u32)result == 0)
            allocated(shared, memory, thread, KAA_OP_ALLOCATED, allocator, *(const u64 *)registers->rdi, registers->rdx);
        break;
    case KAA_MMAP:
        if (!FAILED(result))
            allocated(shared, memory, thread, KAA_OP_MAPPED, allocator, result, registers->rsi);
        break;
    case KAA_MREMAP:
        if (!FAILED(result)) {
            tell(shared, memory, thread, KAA_OP_UNMAPPED, 0, registers->rdi, registers->rsi, 0);
            allocated(shared, memory, thread, KAA_OP_MAPPED, allocator, result, registers->rdx);
        }
        break;
    default:
        break;
    }
}

INTERNAL void kaa_after(struct kaa_hook *hook, const struct kaa_registers *registers, u64 result, u64 kind) {
    struct kaa_header *shared = kaa_shared;
    struct kaa_memory *memory = kaa_memory_of(shared);
    struct kaa_thread *thread = thread_of(shared, memory);
    if (thread == NULL)
        return;
    if (kind >= 3)
        made(shared, memory, thread, hook, registers, result);
    /* realloc(old, 0) gives NULL and has freed it. */
    if (kind == 4 && result == 0 && registers->rsi != 0)
        stayed(shared, memory, thread, registers->rdi);
    leave(thread);
}

/* CPython's allocators (PEP 445): the functions that its tables point to while Kaa is here. */

typedef u64 (*malloc_function)(u64 context, u64 size);
typedef u64 (*calloc_function)(u64 context, u64 number, u64 size);
typedef u64 (*realloc_function)(u64 context, u64 old, u64 size);
typedef void (*free_function)(u64 context, u64 old);

enum { RAW_MALLOC = 16, BETWEEN_DOMAINS = 3 }; /* AllocatorKind of the recording */

static u64 domain_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    struct kaa_header *shared = kaa_shared;
    struct kaa_memory *memory = kaa_memory_of(shared);
    int outer;
    struct kaa_thread *thread = enter(shared, (u64)__builtin_frame_address(0), &outer);
    u64 result = clears ? ((calloc_function)memory->domains[domain].calloc)(context, number, size) : ((malloc_function)memory->domains[domain].malloc)(context, size);
    if (thread == NULL)
        return result;
    if (outer && result != 0)
        allocated(shared, memory, thread, KAA_OP_ALLOCATED, (u8)(RAW_MALLOC + BETWEEN_DOMAINS * domain + (u32)clears), result, number * size);
    leave(thread);
    return result;
}

static u64 domain_realloc(u32 domain, u64 context, u64 old, u64 size) {
    struct kaa_header *shared = kaa_shared;
    struct kaa_memory *memory = kaa_memory_of(shared);
    int outer;
    struct kaa_thread *thread = enter(shared, (u64)__builtin_frame_address(0), &outer);
    int moved = thread != NULL && outer && freed(shared, memory, thread, KAA_OP_MOVED, old);
    u64 result = ((realloc_function)memory->domains[domain].realloc)(context, old, size);
    if (thread == NULL)
        return result;
    if (outer && result != 0)
        allocated(shared, memory, thread, KAA_OP_ALLOCATED, (u8)(RAW_MALLOC + BETWEEN_DOMAINS * domain + 2), result, size);
    else if (moved)
        stayed(shared, memory, thread, old);
    leave(thread);
    return result;
}

static void domain_free(u32 domain, u64 context, u64 old) {
    struct kaa_header *shared = kaa_shared;
    struct kaa_memory *memory = kaa_memory_of(shared);
    int outer;
    struct kaa_thread *thread = enter(shared, (u64)__builtin_frame_address(0), &outer);
    if (thread != NULL && outer)
        freed(shared, memory, thread, KAA_OP_FREED, old);
    ((free_function)memory->domains[domain].free)(context, old);
    if (thread != NULL)
        leave(thread);
}

#define DOMAIN(number) \
    INTERNAL u64 kaa_malloc_##number(u64 context, u64 size) { return domain_malloc(number, context, 1, size, 0); } \
    INTERNAL u64 kaa_calloc_##number(u64 context, u64 n, u64 size) { return domain_malloc(number, context, n, size, 1); } \
    INTERNAL u64 kaa_realloc_##number(u64 context, u64 old, u64 size) { return domain_realloc(number, context, old, size); } \
    INTERNAL void kaa_free_##number(u64 context, u64 old) { domain_free(number, context, old); }
DOMAIN(0)
DOMAIN(1)
DOMAIN(2)
