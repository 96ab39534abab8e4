/* Allocates known blocks at known depths; compiled as C++ by operator new too. */
#include <stdlib.h>

#ifdef __cplusplus
#define EXPORT extern "C" __attribute__((noinline, visibility("default")))
#else
#define EXPORT __attribute__((noinline, visibility("default")))
#endif

#define NOT_LAST(value) __asm__ volatile("" : : "r"(value) : "memory") /* no call may be the function's last act */

typedef void *(*maker)(size_t);

static inline __attribute__((always_inline)) void *leak_inlined(size_t size) {
    void *block = malloc(size);
    NOT_LAST(block);
    return block;
}

EXPORT void *leak_one(size_t size) {
    void *block = leak_inlined(size);
    NOT_LAST(block);
    return block;
}

/* With a frame that is found by rbp. */
EXPORT void *leak_aligned(size_t size) {
    volatile char buffer[1 + size % 7] __attribute__((aligned(64)));
    buffer[0] = 1;
    void *block = leak_one(size + buffer[0] - 1);
    NOT_LAST(block);
    return block;
}

EXPORT void *leak_deep(int depth, size_t size) {
    void *block = depth > 0 ? leak_deep(depth - 1, size) : leak_one(size);
    NOT_LAST(block);
    return block;
}

/* Whoever it calls may be Python code. */
EXPORT void *leak_call(maker function, size_t size) {
    void *block = function(size);
    NOT_LAST(block);
    return block;
}

#ifdef __cplusplus
struct Leaked {
    char bytes[700];
};

EXPORT void *leak_new(size_t count) {
    void *block = new Leaked[count];
    NOT_LAST(block);
    return block;
}
#endif
