/* What Kaa and its agent share for `kaa mem`, behind the header's `memory`. Mirrors: src/Kaa.Control/Memory/MemoryStructures.cs. */
#ifndef KAA_MEMORY_H
#define KAA_MEMORY_H

#include "protocol.h"

#define KAA_SHADOW 4096       /* frames of a thread that are remembered from its last walk; deeper ones are cut there */
#define KAA_FRESH 64          /* frames that may be new on top of those that are remembered, before all are walked anew */
#define KAA_SAMPLED 8         /* places in which a sampled address may lie: a cache line */
#define KAA_DRAWS 4096        /* exponential numbers, drawn beforehand */
#define KAA_DOMAINS 3

/* What a function does with memory: kaa_hook.reserved[0] of a hook whose action is KAA_WRAP. The upper half has the allocator's number in the recording. */
enum kaa_function {
    KAA_MALLOC = 1,       /* (size) */
    KAA_CALLOC,           /* (count, size) */
    KAA_REALLOC,          /* (old, size) */
    KAA_FREE_BLOCK,       /* (old) */
    KAA_POSIX_MEMALIGN,   /* (where, alignment, size) */
    KAA_ALIGNED,          /* (alignment, size) */
    KAA_MMAP,             /* (where, length, …) */
    KAA_MUNMAP,           /* (start, length) */
    KAA_MREMAP,           /* (old, old length, length, …) */
};

enum kaa_memory_op {
    KAA_OP_ALLOCATED = 1, /* address, size, node */
    KAA_OP_FREED,         /* address */
    KAA_OP_MOVED,         /* address: freed by a realloc that is on its way; what the thread does next tells whether it was */
    KAA_OP_STAYED,        /* address: it was not */
    KAA_OP_MAPPED,        /* address, size, node */
    KAA_OP_UNMAPPED,      /* address, size */
    KAA_NEW_THREAD,        /* address: tid; from now on the thread's place belongs to it */
};

/* Half a cache line. */
struct kaa_allocation {
    u64 mark;             /* kaa_mark(position) once it is whole */
    u64 address;
    u64 size;
    u32 node;             /* 0: no Python frame */
    u16 thread;
    u8 op;                /* enum kaa_memory_op */
    u8 allocator;
};

/* A Python frame on top of another one; the stacks of all threads are one tree. Numbered from 1 on, in the order in which they are made. */
struct kaa_node {
    u32 parent;
    u32 ready;            /* 1 once it is whole */
    u64 code;
    u64 instruction;
    u64 print;
};

struct kaa_seen {
    u64 frame;
    u64 instruction;
    u64 code;
    u32 node;             /* of this frame, and all below it */
    u32 reserved;
};

/* A thread, by its thread pointer. */
struct kaa_thread {
    u64 pointer;          /* 0: free */
    u32 tid;
    u32 depth;            /* allocator calls that it is in */
    u64 outer;            /* stack pointer of the outermost of them */
    u64 state;            /* 2.7: its PyThreadState, as it was found */
    i64 countdown;        /* bytes until the next sample */
    u64 random;
    u32 seen;             /* frames in `stack`, the outermost first */
    u32 reserved[3];
    struct kaa_seen stack[KAA_SHADOW];
};

/* A code object as it was when it was first met, for it may be gone when Kaa looks for it: pieces of memory, each {address, size, bytes rounded up to 8}, ended by
 * one of size 0. The snapshots lie one behind the other. */
struct kaa_snapshot {
    u64 size;             /* of all of it; written first */
    u64 code;
    u64 print;
    u64 ready;            /* 1 once it is whole */
};

struct kaa_piece_of_memory {
    u64 address;
    u64 size;
};

/* One of CPython's allocator domains: what was in its table before. */
struct kaa_domain {
    u64 malloc, calloc, realloc, free;
};

struct kaa_memory {
    u64 size;             /* of all that follows here */
    u32 recording;        /* 1: events are made */
    u32 thread_capacity;  /* a power of two */
    u64 threads;          /* offsets, from the header on */
    u64 nodes;
    u64 node_capacity;
    u64 node_index;       /* numbers of nodes by hash */
    u64 node_index_size;  /* a power of two */
    u64 codes;            /* prints of code objects that have been met, by hash */
    u64 codes_size;       /* a power of two */
    u64 snapshots;
    u64 snapshots_size;
    u64 ring;
    u64 ring_units;       /* a power of two, of struct kaa_allocation */
    u64 sample;           /* bytes between samples on average; 0: everything is recorded */
    u64 sampled;          /* offset: addresses that were sampled */
    u64 sampled_size;     /* a power of two */
    u64 draws;            /* offset: KAA_DRAWS exponential numbers of that mean */
    u32 patience;         /* slices of a millisecond for which a thread waits for room while Kaa lives */
    u32 code_size;        /* bytes of a PyCodeObject */
    i32 code_texts[5];    /* from a code object to its references: line table (bytes), then strings; 0 ends them */
    i32 length;           /* from such an object to its length */
    u32 unit;             /* most bytes of one of its items, and */
    u32 extra;            /* bytes in front of them */
    struct kaa_domain domains[KAA_DOMAINS];

    u64 tail __attribute__((aligned(64))); /* how far Kaa has read */
    u32 room;             /* counts up when Kaa has read: what threads that wait for room sleep on */
    u32 reserved;

    u64 head __attribute__((aligned(64))); /* how far the ring is taken */
    u64 lost;
    u64 node_count;
    u64 nodes_lost;
    u64 threads_lost;
    u64 snapshots_used;
    u64 blocked;          /* head at which a thread waited in vain: nobody waits again before Kaa has read */
};

#endif
