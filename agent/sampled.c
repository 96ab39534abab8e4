/* The functions that CPython's tables point to where only samples are recorded. A call that is none costs as little as it can: what is seldom done lies in functions of its own, which are jumped
 * to, so that they see the stack as their caller left it. */
#include "domains.h"

enum { LEAST_ARENA = 256 << 10 }; /* ARENA_SIZE up to 3.9; 1 MiB since */
enum { LARGE = 513 }; /* no block of pymalloc's pools (SMALL_REQUEST_THRESHOLD is 512 in all versions) */

enum { ASKS = 1 }; /* in `outer` of a place: what PyMem_Raw gives inside of the call is noted */

#define APART static __attribute__((noinline))

static inline u64 stack_pointer(void) {
    u64 pointer;
    __asm__ volatile("mov %%rsp, %0" : "=r"(pointer));
    return pointer;
}

/* Samples of such a domain are taken from PyMem_Raw, whose free then tells their end. */
ALWAYS int is_through_raw(u32 domain) { return domain != 0 && kaa_own.small[domain - 1] != 0; }

/* A call inside of another domain's. */
static void note_raw(u64 result) {
    struct kaa_place *place = kaa_place();
    if (place != NULL)
        kaa_own.raw[place->number] = result;
}

static void ask_raw(struct kaa_place *place) {
    kaa_own.raw[place->number] = 0;
    *(volatile u64 *)&place->outer |= ASKS;
}

/* Whether it came from there; what did not is not told, as its end would not be. */
static int is_raw(const struct kaa_place *place, u64 result) {
    if (kaa_own.raw[place->number] == result)
        return 1;
    count(&kaa_memory()->lost);
    return 0;
}

static u64 raw_malloc(struct kaa_place *place, u32 domain, u64 context, u64 number, u64 size, int clears, int *is_told) {
    ask_raw(place);
    int is_small = number * size < LARGE && number < LARGE && size < LARGE;
    u64 result = is_small ? call_malloc(domain, context, 1, LARGE, clears) : call_malloc(domain, context, number, size, clears);
    *is_told = result != 0 && is_raw(place, result);
    return result;
}

static u64 raw_realloc(struct kaa_place *place, u32 domain, u64 context, u64 old, u64 size, int *is_told) {
    ask_raw(place);
    u64 result = ORIGINAL(domain, realloc)(context, old, size < LARGE ? LARGE : size);
    *is_told = result != 0 && is_raw(place, result);
    return result;
}

/* Where the next sample is near, the thread is inside of another call, or it has no place yet.
 * word: bytes until that sample; null for those of the thread's place. */
APART u64 sample_malloc(u32 domain, u64 context, u64 number, u64 size, int clears, i64 *word) {
    struct kaa_place *place = kaa_enter(HERE);
    int is_told = place != NULL && kaa_draw(kaa_memory(), place, word != NULL ? word : &place->left, number * size);
    u64 result = is_told && is_through_raw(domain) ? raw_malloc(place, domain, context, number, size, clears, &is_told) : call_malloc(domain, context, number, size, clears);
    if (place == NULL) {
        note_raw(result);
        return result;
    }
    if (result != 0 && is_told)
        kaa_allocated(place, MADE_BY(domain, (u32)clears), result, number * size, CALLER(HERE));
    kaa_leave(place);
    return result;
}

APART u64 sample_realloc(u32 domain, u64 context, u64 old, u64 size) {
    struct kaa_place *place = kaa_enter(HERE);
    int moved = 0, is_told = 0;
    if (place != NULL) {
        is_told = kaa_draw(kaa_memory(), place, &place->left, size);
        moved = kaa_freed(place, KAA_OP_MOVED, old);
    }
    u64 result = is_told && is_through_raw(domain) ? raw_realloc(place, domain, context, old, size, &is_told) : ORIGINAL(domain, realloc)(context, old, size);
    if (place == NULL) {
        note_raw(result);
        return result;
    }
    if (result != 0 && is_told)
        kaa_allocated(place, MADE_BY(domain, 2), result, size, CALLER(HERE));
    else if (result == 0 && moved)
        kaa_stayed(place, old);
    kaa_leave(place);
    return result;
}

APART void sample_free(u32 domain, u64 context, u64 old) {
    struct kaa_place *place = kaa_enter(HERE);
    if (place != NULL)
        kaa_freed(place, KAA_OP_FREED, old);
    ORIGINAL(domain, free)(context, old);
    if (place != NULL)
        kaa_leave(place);
}

/* The thread is in another allocator's call, which does not ask for what this one gives. */
ALWAYS int is_inner(u64 outer) { return (outer & ASKS) == 0 && stack_pointer() < outer; }

/* Switched off, or in a child of fork, threads go on counting: that harms nobody. */
ALWAYS u64 quick_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    u64 pointer = thread_pointer();
    struct kaa_place *place = kaa_first_place(pointer);
    i64 left = place->left - (i64)(number * size);
    if (LIKELY(place->pointer == pointer)) {
        if (is_inner(place->outer))
            return call_malloc(domain, context, number, size, clears);
        if (LIKELY(left >= 0 && place->outer == 0)) {
            place->left = left;
            *(volatile u64 *)&place->outer = stack_pointer();
            u64 result = call_malloc(domain, context, number, size, clears);
            kaa_leave(place);
            return result;
        }
    }
    return sample_malloc(domain, context, number, size, clears, NULL);
}

ALWAYS u64 quick_realloc(u32 domain, u64 context, u64 old, u64 size) {
    u64 pointer = thread_pointer();
    struct kaa_place *place = kaa_first_place(pointer);
    i64 left = place->left - (i64)size;
    if (LIKELY(place->pointer == pointer)) {
        if (is_inner(place->outer))
            return ORIGINAL(domain, realloc)(context, old, size);
        if (LIKELY(left >= 0 && place->outer == 0 && *kaa_filter(old) == 0)) {
            place->left = left;
            *(volatile u64 *)&place->outer = stack_pointer();
            u64 result = ORIGINAL(domain, realloc)(context, old, size);
            kaa_leave(place);
            return result;
        }
    }
    return sample_realloc(domain, context, old, size);
}

ALWAYS void quick_free(u32 domain, u64 context, u64 old) {
    if (UNLIKELY(*kaa_filter(old) != 0))
        sample_free(domain, context, old);
    else
        ORIGINAL(domain, free)(context, old);
}

/* Inside of pymalloc's function for small blocks nothing is of interest but that it may take an arena, which kaa_arena sees: so the thread need not be found in an allocator. */
ALWAYS u64 small_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    i64 *words = kaa_own.left;
    __asm__("" : "+r"(words)); /* an address that costs no addition */
    i64 *word = KAA_BY_THREAD(words, thread_pointer());
    i64 left = *word - (i64)(number * size);
    if (UNLIKELY(left < 0))
        return sample_malloc(domain, context, number, size, clears, word);
    *word = left;
    return call_malloc(domain, context, number, size, clears);
}

/* What pymalloc takes from the kernel is not told: the blocks in it are. The chunks of Python's stacks come by here too, since 3.11. */
INTERNAL u64 kaa_arena(u64 context, u64 size) {
    struct kaa_place *place = size >= LEAST_ARENA ? kaa_enter(HERE) : NULL;
    u64 result = ((malloc_function)kaa_own.arena)(context, size);
    if (place != NULL)
        kaa_leave(place);
    return result;
}

#define DOMAIN(number) \
    INTERNAL u64 kaa_sample_realloc_##number(u64 context, u64 old, u64 size) { return quick_realloc(number, context, old, size); } \
    INTERNAL void kaa_sample_free_##number(u64 context, u64 old) { quick_free(number, context, old); }
DOMAIN(0)
DOMAIN(1)
DOMAIN(2)

INTERNAL u64 kaa_sample_malloc_0(u64 context, u64 size) { return quick_malloc(0, context, 1, size, 0); }
INTERNAL u64 kaa_sample_calloc_0(u64 context, u64 n, u64 size) { return quick_malloc(0, context, n, size, 1); }

#define SMALL_DOMAIN(number) \
    APART u64 large_malloc_##number(u64 context, u64 size) { return quick_malloc(number, context, 1, size, 0); } \
    APART u64 large_calloc_##number(u64 context, u64 n, u64 size) { return quick_malloc(number, context, n, size, 1); } \
    INTERNAL u64 kaa_sample_malloc_##number(u64 context, u64 size) { \
        return LIKELY(size < kaa_own.small[number - 1]) ? small_malloc(number, context, 1, size, 0) : large_malloc_##number(context, size); \
    } \
    INTERNAL u64 kaa_sample_calloc_##number(u64 context, u64 n, u64 size) { \
        return LIKELY(n * size < kaa_own.small[number - 1]) ? small_malloc(number, context, n, size, 1) : large_calloc_##number(context, n, size); \
    }
SMALL_DOMAIN(1)
SMALL_DOMAIN(2)
