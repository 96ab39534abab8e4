/* CPython's allocators (PEP 445): the functions that its tables point to while Kaa is here and records all of their calls. */
#include "domains.h"

ALWAYS u64 exact_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    struct kaa_place *place = kaa_enter(HERE);
    u64 result = call_malloc(domain, context, number, size, clears);
    if (place == NULL)
        return result;
    if (LIKELY(result != 0))
        kaa_allocated(place, MADE_BY(domain, (u32)clears), result, number * size, CALLER(HERE));
    kaa_leave(place);
    return result;
}

ALWAYS u64 exact_realloc(u32 domain, u64 context, u64 old, u64 size) {
    struct kaa_place *place = kaa_enter(HERE);
    int moved = place != NULL && kaa_freed(place, KAA_OP_MOVED, old);
    u64 result = ORIGINAL(domain, realloc)(context, old, size);
    if (place == NULL)
        return result;
    if (LIKELY(result != 0))
        kaa_allocated(place, MADE_BY(domain, 2), result, size, CALLER(HERE));
    else if (moved)
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

#define DOMAIN(number) \
    INTERNAL u64 kaa_malloc_##number(u64 context, u64 size) { return exact_malloc(number, context, 1, size, 0); } \
    INTERNAL u64 kaa_calloc_##number(u64 context, u64 n, u64 size) { return exact_malloc(number, context, n, size, 1); } \
    INTERNAL u64 kaa_realloc_##number(u64 context, u64 old, u64 size) { return exact_realloc(number, context, old, size); } \
    INTERNAL void kaa_free_##number(u64 context, u64 old) { exact_free(number, context, old); }
DOMAIN(0)
DOMAIN(1)
DOMAIN(2)
