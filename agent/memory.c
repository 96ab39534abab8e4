/* Allocations: what `kaa mem` hooks. A function of the C library is wrapped (entry.S: kaa_wrap calls kaa_before and, where there is more to do, kaa_after around
 * it). CPython's allocators are reached through the pointers in their tables: domains.c. */
#include "recording.h"

#define FUNCTION(hook) ((u8)(hook)->reserved[0])
#define ALLOCATOR(hook) ((u8)((hook)->reserved[0] >> 32))

#define MAP_STACK 0x20000 /* arch/x86 has it as include/uapi/asm-generic/mman.h: glibc says so of its threads' stacks (nptl/allocatestack.c) */
#define THREAD_STACK 11   /* AllocatorKind of the recording */

#define PROT_NONE 0
#define NEAR (4UL << 20) /* more than the code of a C library, 1.5 MiB of glibc's */

#define PAGE 4096UL
#define PAGES(length) (((u64)(length) + PAGE - 1) & ~(PAGE - 1)) /* what the kernel takes for it; 0 where it refuses */

#define MAY_MOVE(call) ((call)->rcx & 1) /* MREMAP_MAYMOVE */
#define IS_NO_RANGE(call) ((call)->rdi % PAGE != 0 || PAGES((call)->rsi) == 0)

#define FAILED(result) ((u64)(result) >= (u64)-4095)

/* What a function was called with, and what others may have in registers at that time; as entry.S puts it. */
struct arguments {
    u64 r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
};

/* Behind them lie the address in the island's piece, and where the function was called from. */
#define CALLER_STACK(call) ((u64)((call) + 1) + 8 + 8)
#define CALLED_FROM(call) (((const u64 *)((call) + 1))[1])
#define CALLER_BASE (*(const u64 *)__builtin_frame_address(0)) /* entry.S leaves rbp alone */

enum { TELLS_RESULT = 1, MAY_STAY = 2 }; /* in the lowest bits of the address of a place */

void kaa_allocated(struct kaa_place *place, u32 what, u64 address, u64 size, u64 sp, u64 bp) {
    struct kaa_memory *memory = kaa_memory();
    u32 op = what & 0xff;
    if (memory->sample != 0 && op == KAA_OP_ALLOCATED && !kaa_sample_begins(memory, address))
        return;
    u64 unwind = load(&memory->unwind); /* another recording may begin at any moment */
    u32 node = unwind == 0 ? kaa_node_here(memory, kaa_thread_at(memory, place), kaa_thread_state(kaa_shared)) : kaa_stack_here(memory, unwind, place, sp, bp);
    kaa_tell(memory, place, op, what >> 8, address, size, node);
}

/* Gives whether its end was told. */
int kaa_freed(struct kaa_place *place, u32 op, u64 address) {
    struct kaa_memory *memory = kaa_memory();
    if (address == 0 || (memory->sample != 0 && !kaa_sample_ends(memory, address)))
        return 0;
    kaa_tell(memory, place, op, 0, address, 0, 0);
    return 1;
}

void kaa_stayed(struct kaa_place *place, u64 address) {
    struct kaa_memory *memory = kaa_memory();
    if (memory->sample != 0)
        kaa_sample_begins(memory, address);
    kaa_tell(memory, place, KAA_OP_STAYED, 0, address, 0, 0);
}

static u64 size_of(u32 function, const struct arguments *call) {
    switch (function) {
    case KAA_MALLOC:
        return call->rdi;
    case KAA_CALLOC:
        return call->rdi * call->rsi;
    case KAA_POSIX_MEMALIGN:
    case KAA_MREMAP:
        return call->rdx;
    default:
        return call->rsi;
    }
}

/* Addresses that glibc's malloc takes for another arena (new_heap, malloc/arena.c), as it may within a thread's first free: of that it is not known that the thread is in it, where only samples are told. */
static int is_for_arena(const struct kaa_hook *hook, const struct arguments *call) {
    return call->rdx == PROT_NONE && !(call->rcx & MAP_STACK) && CALLED_FROM(call) - hook->address + NEAR < 2 * NEAR;
}

/* What an mremap gives away may be another thread's before it has come back: so it is told first, and taken back where it fails. What can't move gives away its end. */
static void tell_given(struct kaa_place *place, const struct arguments *call) {
    u64 old = PAGES(call->rsi), new = PAGES(call->rdx);
    if (IS_NO_RANGE(call))
        return;
    if (MAY_MOVE(call))
        kaa_tell(kaa_memory(), place, KAA_OP_UNMAPPED, 0, call->rdi, old, 0);
    else if (new != 0 && new < old)
        kaa_tell(kaa_memory(), place, KAA_OP_UNMAPPED, 0, call->rdi + new, old - new, 0);
}

/* Gives 0 where nothing is left to be done after the call: the thread goes on in the function as if it had not been hooked. KAA_IS_NEW: that kaa_new is to be called. Else the thread's place, whose `outer` is to be
 * zero afterwards, with what else is to be done in its lowest bits. */
INTERNAL u64 kaa_before(struct kaa_hook *hook, const struct arguments *call) {
    struct kaa_memory *memory = kaa_memory();
    u32 function = FUNCTION(hook);
    if (UNLIKELY(__atomic_load_n(&hook->state, __ATOMIC_ACQUIRE) != KAA_ARMED))
        return 0;
    if (function == KAA_MUNMAP || function == KAA_CHUNK_GONE)
        kaa_chunk_gone(call->rdi, call->rsi);
    if (function == KAA_CHUNK_GONE)
        return 0;
    if (function >= KAA_NEW)
        return KAA_IS_NEW;
    /* Only a sample's end is told: of most blocks that is known at once not to be one. Inside of free there may be a munmap, of what nobody was told of. */
    if (function == KAA_FREE_BLOCK && memory != NULL && memory->sample != 0 && LIKELY(*kaa_filter(call->rdi) == 0))
        return 0;
    if (function == KAA_MMAP && memory != NULL && memory->sample != 0 && is_for_arena(hook, call))
        return 0;
    struct kaa_place *place = kaa_enter((u64)call);
    if (place == NULL)
        return 0;
    switch (function) {
    case KAA_FREE_BLOCK:
        /* Before the memory is anybody else's. Nothing that it calls in turn is of interest. */
        kaa_freed(place, KAA_OP_FREED, call->rdi);
        return (u64)place;
    case KAA_MUNMAP:
        if (call->rdi % PAGE == 0 && PAGES(call->rsi) != 0)
            kaa_tell(memory, place, KAA_OP_UNMAPPED, 0, call->rdi, PAGES(call->rsi), 0);
        return (u64)place;
    case KAA_MREMAP:
        tell_given(place, call);
        break;
    default:
        break;
    }
    u64 todo = memory->sample == 0 || kaa_draw(memory, place, &place->left, size_of(function, call)) ? TELLS_RESULT : 0;
    if (function == KAA_MREMAP)
        todo = TELLS_RESULT; /* its old memory's end is told in any case, or taken back */
    if (function == KAA_REALLOC && call->rdi != 0 && kaa_freed(place, KAA_OP_MOVED, call->rdi))
        todo |= MAY_STAY;
    return (u64)place | todo;
}

/* What is now at its place, or still where it was. */
static void remapped(struct kaa_place *place, const struct arguments *call, u64 result, u8 allocator, u64 bp) {
    struct kaa_memory *memory = kaa_memory();
    int has_moved = !FAILED(result);
    u64 address = has_moved ? result : call->rdi, size = has_moved ? call->rdx : call->rsi;
    if (!has_moved && (!MAY_MOVE(call) || IS_NO_RANGE(call)))
        return;
    if (!MAY_MOVE(call))
        kaa_tell(memory, place, KAA_OP_UNMAPPED, 0, call->rdi, PAGES(call->rsi) < PAGES(size) ? PAGES(call->rsi) : PAGES(size), 0);
    if (memory->sample == 0 || kaa_draw(memory, place, &place->left, size))
        kaa_allocated(place, KAA_MADE(KAA_OP_MAPPED, allocator), address, size, CALLER_STACK(call), bp);
}

static void made(struct kaa_place *place, const struct kaa_hook *hook, const struct arguments *call, u64 result, u64 bp) {
    u32 function = FUNCTION(hook), block = KAA_MADE(KAA_OP_ALLOCATED, ALLOCATOR(hook));
    u64 sp = CALLER_STACK(call);
    switch (function) {
    case KAA_MALLOC:
    case KAA_CALLOC:
    case KAA_REALLOC:
    case KAA_ALIGNED:
        if (result != 0)
            kaa_allocated(place, block, result, size_of(function, call), sp, bp);
        break;
    case KAA_POSIX_MEMALIGN:
        /* It has just written there itself. */
        if ((u32)result == 0)
            kaa_allocated(place, block, *(const u64 *)call->rdi, call->rdx, sp, bp);
        break;
    case KAA_MMAP:
        if (!FAILED(result))
            kaa_allocated(place, KAA_MADE(KAA_OP_MAPPED, call->rcx & MAP_STACK ? THREAD_STACK : ALLOCATOR(hook)), result, call->rsi, sp, bp);
        break;
    case KAA_MREMAP:
        remapped(place, call, result, ALLOCATOR(hook), bp);
        break;
    default:
        break;
    }
}

typedef u64 (*new_function)(u64 size, u64 alignment, u64 nothrow);

/* An exception would not find its way through the agent, so no function that throws is called from here: its sister without is, and where that has nothing either the function is entered as if it had not been hooked. Gives that, else leaves what it was given in the place of rax. */
INTERNAL u64 kaa_new(const struct kaa_hook *hook, struct arguments *call) {
    struct kaa_memory *memory = kaa_memory();
    struct kaa_place *place = kaa_enter((u64)call);
    if (place == NULL)
        return 0;
    u64 (*handler)(void) = (u64 (*)(void))hook->reserved[2];
    if (UNLIKELY(handler != NULL && handler() != 0)) {
        /* It may throw what must not leave the other one. */
        kaa_leave(place);
        count(&memory->lost);
        return 0;
    }
    int tells = memory->sample == 0 || kaa_draw(memory, place, &place->left, call->rdi);
    u64 nothrow = (u64)&kaa_own; /* of no interest but that it is there */
    u64 result = ((new_function)hook->reserved[1])(call->rdi, FUNCTION(hook) == KAA_NEW ? nothrow : call->rsi, nothrow);
    if (result != 0 && tells)
        kaa_allocated(place, KAA_MADE(KAA_OP_ALLOCATED, ALLOCATOR(hook)), result, call->rdi, CALLER_STACK(call), CALLER_BASE);
    kaa_leave(place);
    call->rax = result;
    return result;
}

INTERNAL void kaa_after(const struct kaa_hook *hook, const struct arguments *call, u64 result, u64 handle) {
    struct kaa_place *place = (struct kaa_place *)(handle & ~7UL);
    if (handle & TELLS_RESULT)
        made(place, hook, call, result, CALLER_BASE);
    /* realloc(old, 0) gives NULL and has freed it. */
    if (handle & MAY_STAY && result == 0 && call->rsi != 0)
        kaa_stayed(place, call->rdi);
    kaa_leave(place);
}
