/* What Kaa and its agent share for `kaa mem`, behind the header's `memory`. Mirrors: src/Kaa.Control/Memory/MemoryStructures.cs. */
#ifndef KAA_MEMORY_H
#define KAA_MEMORY_H

#include "protocol.h"

#define KAA_SHADOW 4096       /* frames of a thread that are remembered from its last walk; deeper ones are cut there */
#define KAA_KNOWN 256         /* nodes that a thread remembers */
#define KAA_TOGETHER 8        /* places in which a sampled address may lie: a cache line */
#define KAA_DRAW_BITS 12
#define KAA_DRAWS (1 << KAA_DRAW_BITS) /* exponential numbers, drawn beforehand */
#define KAA_DOMAINS 3
#define KAA_PLACES 1024       /* threads */
#define KAA_NATIVE 1024       /* C frames of a thread that are remembered from its last walk; outer ones of a deeper stack are cut */
#define KAA_STEPS 1024        /* return addresses whose rules a thread remembers */
#define KAA_NATIVE_KNOWN 1024 /* as KAA_KNOWN, of C frames */
#define KAA_LIVES 4096
#define KAA_LIFE 0xffffUL     /* of a key: the bits that a code object's life is in */
#define KAA_FILTER 65536      /* bytes, each for the blocks that begin in one kibibyte of every 64 MiB */

/* What a function does with memory: kaa_hook.reserved[0] of a hook whose action is KAA_WRAP. The upper half has the allocator's number in the recording. What comes up to KAA_MMAP does
 * nothing that is of interest inside of another allocator's call. */
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
    KAA_CHUNK_GONE,       /* munmap, where only that is of interest */
    KAA_NEW,              /* (size): C++, throws where there is no memory. kaa_hook.reserved[1] has the function that gives NULL instead: (size, std::nothrow); [2] std::get_new_handler, or 0 */
    KAA_NEW_ALIGNED,      /* (size, alignment), and (size, alignment, std::nothrow) */
};

#define KAA_SAMPLED 0x100     /* besides: only samples are recorded */

enum kaa_memory_op {
    KAA_OP_ALLOCATED = 1, /* address, size, node */
    KAA_OP_FREED,         /* address */
    KAA_OP_MOVED,         /* address: freed by a realloc that is on its way; what the thread does next tells whether it was */
    KAA_OP_STAYED,        /* address: it was not */
    KAA_OP_MAPPED,        /* address, size, node */
    KAA_OP_UNMAPPED,      /* address, size */
    KAA_NEW_THREAD,       /* address: 8 tid; from now on the thread's place belongs to it */
    KAA_OP_REST,          /* the second half of the event in front */
};

/* A quarter of a cache line, of a ring. Its lap is how often the ring has been gone round, by KAA_LAP: with that it is whole. Where the size does not fit, or the
 * address is no multiple of 8, the next one is a part of it: KAA_OP_REST, the size and the lowest bits of the address. */
struct kaa_allocation {
    u64 what;             /* op 4, allocator 5, thread 11, address / 8: 44 bits; of the rest: op 4, size 60 */
    u64 more;             /* node 24 (0: no Python frame), size 24 (all ones: see the rest), lap 16; of the rest: address 3 … lap 16 */
};

#define KAA_WHAT(op, allocator, thread, address) ((u64)(op) | (u64)(allocator) << 4 | (u64)(thread) << 9 | (u64)(address) >> 3 << 20)
#define KAA_MORE(node, size, lap) ((u64)(node) | (u64)(size) << 24 | (u64)(lap) << 48)
#define KAA_LAP(laps) (((u64)(laps) & 0x7fff) | 0x8000) /* never 0, which memory has that was not written to */
#define KAA_LONG 0xffffffUL   /* the size that says so */
#define KAA_SLACK 4096        /* units of the ring that are left free: as many as all threads may take at once */

/* What a code object is told as: the first one that was met of those that are like it. */
struct kaa_code {
    u64 key;
    u64 code;
    u64 print;
};

/* A Python frame on top of another one; the stacks of all threads are one tree. Numbered from 1 on, in the order in which they are made. With C frames there are
 * two more kinds: a C frame on top of another one (code KAA_CODE_NATIVE, its pc, KAA_NATIVE_PRINT), and both stacks of one moment (code KAA_CODE_BOTH: parent is the
 * innermost C frame, instruction the node of the innermost Python frame). */
struct kaa_node {
    u32 parent;
    u32 ready;            /* 1 once it is whole */
    u64 code;
    u64 instruction;
    u64 print;
};

enum { KAA_CODE_NATIVE = 1, KAA_CODE_BOTH = 2, KAA_CODE_LEAST = 16 };

/* Of a C frame: the serial number of its module; how many of the thread's Python frames lie outside of it; what is else known of it. */
#define KAA_NATIVE_PRINT(serial, outside, flags) ((u64)(serial) << 32 | (u64)(outside) << 4 | (flags))
enum kaa_native_flag {
    KAA_NATIVE_EXACT = 1,     /* its pc is no return address: a signal interrupted it */
    KAA_NATIVE_RUNS = 2,      /* it runs Python frames: CPython's eval function */
    KAA_NATIVE_CUT = 4,       /* nothing is known of who called it */
    KAA_NATIVE_MEMORY = 8,    /* where its caller's frame lies depends on more than its registers */
};

/* A frame as it was at the last walk, those that run no code of the program's (shims) too. */
struct kaa_seen {
    u64 frame;
    u64 instruction;
    u64 code;             /* 0: a shim */
    u32 node;             /* of this frame, and all below it */
    u16 depth;            /* frames that are no shims, from the outermost one to this */
    u16 group;            /* place of the shim below it, or of the nearest frame that is run by a C call of its own; only where C frames are recorded */
};

struct kaa_known {
    u64 code;
    u64 instruction;
    u64 check;            /* of the code object's marks */
    u32 parent;
    u32 node;
};

/* What is known of a thread, by the number of its place. */
struct kaa_thread {
    u32 tid;
    u32 session;          /* that of struct kaa_memory by which the rest is known */
    u64 random;
    u32 seen;             /* frames in `stack`, the outermost first */
    u32 firm;             /* of these so many can't have changed while `chunk` is not given back */
    u64 chunk;            /* of the thread's Python stack; 0: nothing is firm */
    u64 same;             /* of these so many the last walk has found that they had not changed since the one before */
    u64 gone;             /* `codes_gone` of struct kaa_own at the last walk */
    u64 reserved[2];
    struct kaa_known known[KAA_KNOWN];
    struct kaa_seen stack[KAA_SHADOW];
};

/* How to go from a C frame to its caller, whose stack pointer is the canonical frame address (CFA); its return address lies right below that. Made by Kaa of the modules' unwind rules. */
struct kaa_rule {
    i32 cfa;              /* offset of the CFA to the register */
    i32 add;              /* KAA_RULE_SP_DEREF: what is added to the word found there; KAA_RULE_PLT: the first byte of a stub at which there is one word more */
    i32 bp;               /* offset of the saved rbp */
    u8 kind;              /* enum kaa_rule_kind */
    u8 bp_kind;           /* enum kaa_bp_kind */
    u8 evaluates;         /* 1: the function is one that runs a Python frame in each call (up to 3.10) */
    u8 reserved;
};

enum kaa_rule_kind {
    KAA_RULE_NONE,
    KAA_RULE_SP,          /* rsp + cfa */
    KAA_RULE_BP,          /* rbp + cfa */
    KAA_RULE_PLT,         /* rsp + cfa, or a word more */
    KAA_RULE_BP_DEREF,    /* the word at rbp + cfa */
    KAA_RULE_SP_DEREF,    /* the word at rsp + cfa */
    KAA_RULE_SIGNAL,      /* the kernel's frame for a signal handler: struct ucontext at rsp */
    KAA_RULE_END,         /* it has no caller */
};

enum kaa_bp_kind { KAA_BP_SAME, KAA_BP_AT_CFA, KAA_BP_AT_BP, KAA_BP_UNKNOWN };

/* From this offset to a module's start on, up to the next row. */
struct kaa_row {
    u32 start;
    u32 rule;             /* index of struct kaa_rule */
};

struct kaa_module {
    u64 start, end;
    u32 first;            /* row */
    u32 rows;
    u32 serial;           /* counted from 1: no other module has it, at whatever address */
    u32 reserved;
};

/* A rule that a thread has found for a pc. */
struct kaa_step {
    u64 pc;
    u32 version;          /* of struct kaa_unwind, as of which it is right */
    u32 serial;           /* 0: no module is known there */
    struct kaa_rule rule;
};

/* A C frame as it was at the last walk. */
struct kaa_native_frame {
    u64 pc, sp, bp;
    u32 node;             /* of this frame, and all outer ones */
    u32 bp_at;            /* from sp to where its caller's rbp was found; KAA_NOWHERE: it was not in memory */
    u64 print;
};

#define KAA_NOWHERE 0xffffffffU

/* The C side of a thread, by the number of its place. */
struct kaa_native {
    u64 low, high;        /* a part of its stack that can be read */
    u32 version;          /* of struct kaa_unwind, as of which the frames are right */
    u32 count;            /* frames in `stack`, the outermost first */
    u64 reserved;
    u64 calls[KAA_SHADOW]; /* 3.11: of each Python frame that is run by a C call of its own, that call's _PyCFrame */
    struct kaa_step steps[KAA_STEPS];
    struct kaa_known known[KAA_NATIVE_KNOWN];
    struct kaa_native_frame stack[KAA_NATIVE];
    struct kaa_native_frame fresh[KAA_NATIVE]; /* the innermost first */
};

/* What is known of modules. Kaa writes a new list of them elsewhere, then `modules`, then `version`. */
struct kaa_unwind {
    u64 modules;          /* offset of struct kaa_module << 16 | how many, in order of address */
    u32 version;          /* counts up; 0: nothing is known */
    u32 reserved;
    u64 rows;             /* offset of struct kaa_row */
    u64 row_capacity;
    u64 rules;            /* offset of struct kaa_rule */
    u64 rule_capacity;
};

/* Where a thread finds itself, in memory that is the process's own: what is tested at each call. */
struct kaa_place {
    u64 pointer;          /* the thread's; 0: free */
    i64 left;             /* bytes until the next sample; KAA_UNDRAWN */
    u64 outer;            /* stack pointer of the allocator's call that it is in; 0 for none */
    u32 tid;
    u32 number;
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

/* Behind the image, where nobody but the process writes once the hooks are there; all zeros at first. Threads of an earlier recording may be inside yet when another one begins: so a
 * function stays what it was until it is replaced by another one, and a place belongs to its thread as long as that lives. */
struct kaa_own {
    u64 memory;           /* address of struct kaa_memory */
    struct kaa_domain domains[KAA_DOMAINS];
    u64 small[KAA_DOMAINS - 1]; /* samples, PyMem and PyObject: what is smaller comes from pymalloc's pools. Its free hands on to PyMem_RawFree what does not, and is not hooked. 0: it is not pymalloc */
    u64 arena;            /* where pymalloc took its arenas before */
    struct kaa_place places[KAA_PLACES];
    u8 filter[KAA_FILTER]; /* sampled blocks, by address; 255: too many to count */
    i64 left[KAA_PLACES]; /* samples: as `left` of a place, of small blocks. By the same hash, but for whoever comes there: threads that share one take turns, by CPython's lock */
    u64 raw[KAA_PLACES];  /* samples: what the newest call of PyMem_Raw inside of another allocator's call gave the thread that has the place of this number */
    u64 code_end;         /* what freed code objects before */
    u64 codes_gone;       /* counts up with each code object that was told of and is freed */
    u64 codes_told;       /* with each whose content is not known */
    u16 lives[KAA_LIVES]; /* the same by address: it tells what is made there next from what was there before */
};

#define KAA_UNDRAWN (-(1L << 62)) /* no distance was drawn yet */

struct kaa_memory {
    u64 size;             /* of all that follows here */
    u32 recording;        /* 1: events are made */
    u32 session;          /* counts up with each that begins */
    u64 threads;          /* offsets, from the header on */
    u64 nodes;
    u64 node_capacity;
    u64 node_index;       /* numbers of nodes by hash */
    u64 node_index_size;  /* a power of two */
    u64 codes;            /* struct kaa_code by address: code objects that have been met in this recording */
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
    i32 chunk;            /* from a PyThreadState to the newest chunk of its stack; 0: nothing is to be concluded from that */
    u32 chunks;           /* so many may be taken away without a call of munmap, and one more */
    u64 ring_shift;       /* the ring's size is 1 << that */
    u64 unwind;           /* offset of struct kaa_unwind; 0: C frames are not recorded */
    u64 natives;          /* offset of struct kaa_native */
    i32 entry;            /* from a frame to the byte that says that a C call of its own runs it (3.11); 0: shims do */
    i32 cframe_back;      /* from a _PyCFrame to the next outer one */
    i32 mark;             /* up to 3.10: from a frame to a byte that is 1 as long as it runs, and is written anew each time it begins; the agent makes it 2. 0: there is none */
    i32 generator;        /* from a frame to a reference that says that it may leave the stack and come back without that; 0: none does */
    u64 contents;         /* struct kaa_code by content: as many places as `codes` has */
    i32 bytes_data;       /* from a bytes object to its bytes */
    i32 text_data;        /* from a string to its characters, where all are ASCII */
    i32 text_state;       /* from it to a word, in which */
    u32 text_ascii;       /* these bits say so; 0: all strings are of bytes */
    u64 unused[3];

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
