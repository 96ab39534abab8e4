/* CPython's allocators (PEP 445): what its tables led to before, and how the functions that they lead to now call it. */
#ifndef KAA_DOMAINS_H
#define KAA_DOMAINS_H

#include "recording.h"

typedef u64 (*malloc_function)(u64 context, u64 size);
typedef u64 (*calloc_function)(u64 context, u64 number, u64 size);
typedef u64 (*realloc_function)(u64 context, u64 old, u64 size);
typedef void (*free_function)(u64 context, u64 old);

enum { RAW_MALLOC = 16, BETWEEN_DOMAINS = 3 }; /* AllocatorKind of the recording */

#define MADE_BY(domain, function) KAA_MADE(KAA_OP_ALLOCATED, RAW_MALLOC + BETWEEN_DOMAINS * (domain) + (function)) /* malloc, calloc, realloc */
#define HERE ((u64)__builtin_frame_address(0))
#define CALLER(here) (here) + 16, *(const u64 *)(here) /* of who called the function whose frame that is */
#define ORIGINAL(domain, function) ((function##_function)kaa_own.domains[domain].function)
#define ALWAYS static inline __attribute__((always_inline))

ALWAYS u64 call_malloc(u32 domain, u64 context, u64 number, u64 size, int clears) {
    return clears ? ORIGINAL(domain, calloc)(context, number, size) : ORIGINAL(domain, malloc)(context, size);
}

#endif
