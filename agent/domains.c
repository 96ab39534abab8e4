/* CPython's allocators (PEP 445): the functions that its tables point to while Kaa is here. A set for all allocations, and one for samples, where a call that is none costs as
 * little as it can. */
#include "recording.h"

typedef u64 (*malloc_function)(u64 context, u64 size);
typedef u64 (*calloc_function)(u64 context, u64 number, u64 size);
typedef u64 (*realloc_function)(u64 context, u64 old, u64 size);
typedef void (*free_function)(u64 context, u64 old);

enum { RAW_MALLOC = 16, BETWEEN_DOMAINS = 3 }; /* AllocatorKind of the recording */
enum { LARGE = 513 }; /* no block of pymalloc's pools (SMALL_REQUEST_THRESHOLD is 512 in all versions) */

#define HERE ((u64)__builtin_frame_address(0))
#define CALLER(here) (here) + 16, *(const u64 *)(here) /* of who called the function whose frame that is */
#define ORIGINAL(domain, function) ((function##_function)kaa_own.domains[domain].function)
#define ALWAYS static inline __attribute__((always_inline))

ALWAYS u64 call_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    return clears ? ORIGINAL(domain, calloc)(context, number, size) : ORIGINAL(domain, malloc)(context, size);
}

ALWAYS u64 exact_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    struct kaa_place *place = kaa_enter(HERE);
    u64 result = call_malloc(domain, context, number, size, clears);
    if (place == NULL)
        return result;
    if (LIKELY(result != 0))
        kaa_allocated(place, KAA_MADE(KAA_OP_ALLOCATED, RAW_MALLOC + BETWEEN_DOMAINS * domain + (u32)clears), result, number * size, CALLER(HERE));
    kaa_leave(place);
    return result;
}

/* Samples of such a domain are taken from PyMem_Raw, whose free then tells their end. */
ALWAYS int is_through_raw(u32 domain) { return domain != 0 && UNLIKELY(kaa_own.through_raw >> domain & 1); }

/* A call inside of another domain's. */
static __attribute__((noinline)) void note_raw(u64 result) {
    struct kaa_memory *memory = kaa_memory();
    struct kaa_place *place = memory != NULL ? kaa_place() : NULL;
    if (place != NULL)
        kaa_thread_at(memory, place)->raw = result;
}

/* Whether it came from there; what did not is not told, as its end would not be. */
static int is_raw(struct kaa_memory *memory, const struct kaa_place *place, u64 result) {
    if (kaa_thread_at(memory, place)->raw == result)
        return 1;
    count(&memory->lost);
    return 0;
}

static __attribute__((noinline)) u64 raw_realloc(u32 domain, u64 context, u64 old, u64 size, struct kaa_place *place, int *is_told) {
    struct kaa_memory *memory = kaa_memory();
    kaa_thread_at(memory, place)->raw = 0;
    u64 result = ORIGINAL(domain, realloc)(context, old, size < LARGE ? LARGE : size);
    *is_told = result != 0 && is_raw(memory, place, result);
    return result;
}

ALWAYS u64 exact_realloc(u32 domain, u64 context, u64 old, u64 size) {
    struct kaa_place *place = kaa_enter(HERE);
    struct kaa_memory *memory = kaa_memory();
    int moved = 0, is_told = 0;
    if (place != NULL) {
        is_told = memory->sample == 0 || kaa_draw(memory, place, size);
        moved = kaa_freed(place, KAA_OP_MOVED, old);
    }
    u64 result = is_told && is_through_raw(domain) ? raw_realloc(domain, context, old, size, place, &is_told) : ORIGINAL(domain, realloc)(context, old, size);
    if (place == NULL) {
        if (domain == 0)
            note_raw(result);
        return result;
    }
    if (result != 0 && is_told)
        kaa_allocated(place, KAA_MADE(KAA_OP_ALLOCATED, RAW_MALLOC + BETWEEN_DOMAINS * domain + 2), result, size, CALLER(HERE));
    else if (result == 0 && moved)
        kaa_stayed(place, old);
    kaa_leave(place);
    return result;
}

ALWAYS void exact_free(u32 domain, u64 context, u64 old) {
    struct kaa_place *place = old != 0 ? kaa_enter(HERE) : NULL;
    if (place != NULL)
        kaa_freed(place, KAA_OP_FREED, old);
    ORIGINAL(domain, free)(context, old);
    if (place != NULL)
        kaa_leave(place);
}

/* Samples */

static __attribute__((noinline)) u64 raw_malloc(u32 domain, u64 context, u64 number, u64 size, int clears, struct kaa_place *place, int *is_told) {
    struct kaa_memory *memory = kaa_memory();
    kaa_thread_at(memory, place)->raw = 0;
    int is_small = number * size < LARGE && number < LARGE && size < LARGE;
    u64 result = is_small ? call_malloc(domain, context, 1, LARGE, clears) : call_malloc(domain, context, number, size, clears);
    *is_told = result != 0 && is_raw(memory, place, result);
    return result;
}

/* Where the next sample is near, the thread is inside of another call, or it has no place yet. */
static __attribute__((noinline)) u64 sample_malloc(u32 domain, u64 context, u64 number, u64 size, int clears, u64 here) {
    struct kaa_place *place = kaa_enter(here);
    int is_told = place != NULL && kaa_draw(kaa_memory(), place, number * size);
    u64 result = is_told && is_through_raw(domain) ? raw_malloc(domain, context, number, size, clears, place, &is_told) : call_malloc(domain, context, number, size, clears);
    if (place == NULL) {
        if (domain == 0)
            note_raw(result);
        return result;
    }
    if (result != 0 && is_told)
        kaa_allocated(place, KAA_MADE(KAA_OP_ALLOCATED, RAW_MALLOC + BETWEEN_DOMAINS * domain + (u32)clears), result, number * size, CALLER(here));
    kaa_leave(place);
    return result;
}

static __attribute__((noinline)) void sample_free(u32 domain, u64 context, u64 old) { exact_free(domain, context, old); }

/* Switched off, or in a child of fork, threads go on counting: that harms nobody. */
ALWAYS u64 quick_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    u64 pointer = thread_pointer();
    struct kaa_place *place = kaa_first_place(pointer);
    i64 left = place->left - (i64)(number * size);
    if (UNLIKELY(left < 0 || place->outer != 0 || place->pointer != pointer))
        return sample_malloc(domain, context, number, size, clears, HERE);
    place->left = left;
    *(volatile u64 *)&place->outer = HERE;
    u64 result = call_malloc(domain, context, number, size, clears);
    kaa_leave(place);
    return result;
}

ALWAYS void quick_free(u32 domain, u64 context, u64 old) {
    if (UNLIKELY(*kaa_filter(old) != 0))
        sample_free(domain, context, old);
    else
        ORIGINAL(domain, free)(context, old);
}

#define DOMAIN(number) \
    INTERNAL u64 kaa_malloc_##number(u64 context, u64 size) { return exact_malloc(number, context, 1, size, 0); } \
    INTERNAL u64 kaa_calloc_##number(u64 context, u64 n, u64 size) { return exact_malloc(number, context, n, size, 1); } \
    INTERNAL u64 kaa_realloc_##number(u64 context, u64 old, u64 size) { return exact_realloc(number, context, old, size); } \
    INTERNAL void kaa_free_##number(u64 context, u64 old) { exact_free(number, context, old); } \
    INTERNAL u64 kaa_sample_malloc_##number(u64 context, u64 size) { return quick_malloc(number, context, 1, size, 0); } \
    INTERNAL u64 kaa_sample_calloc_##number(u64 context, u64 n, u64 size) { return quick_malloc(number, context, n, size, 1); } \
    INTERNAL u64 kaa_sample_realloc_##number(u64 context, u64 old, u64 size) { return exact_realloc(number, context, old, size); } \
    INTERNAL void kaa_sample_free_##number(u64 context, u64 old) { quick_free(number, context, old); }
DOMAIN(0)
DOMAIN(1)
DOMAIN(2)
