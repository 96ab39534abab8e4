/* What Kaa and its agent share: the structures that lie in the target's memory, and what their numbers mean. Every structure here has a mirror in
 * src/Kaa.Control/Agent/AgentStructures.cs; layout.c prints both sizes and offsets, and a unit test compares them. Little-endian, x86-64, no padding
 * that is not written out. Change anything, and KAA_PROTOCOL counts up. docs/agent.md tells the whole. */
#ifndef KAA_PROTOCOL_H
#define KAA_PROTOCOL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;
typedef long i64;

#define KAA_MAGIC 0x31746e656761614bUL /* "Kaagent1" */
#define KAA_PROTOCOL 5

#define KAA_RETURNS 1024 /* calls that may be on their way to a return event at a time */
#define KAA_PROGRAM 368  /* bytes of a condition */
#define KAA_TEXTS 2      /* texts behind arguments that one event may carry */
#define KAA_TEXT 256     /* bytes of one */
#define KAA_UNIT 64      /* bytes of the ring's unit; an event takes some units */

/* In the order of DWARF's numbers (System V ABI for AMD64, figure 3.36), then the flags. */
struct kaa_registers {
    u64 rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip, flags;
};

/* How this version of CPython links its frames. All offsets in bytes, -1 where there is none. */
struct kaa_python {
    u32 form;           /* enum kaa_form */
    u32 search;         /* 1: where there is no word behind fs, or it is null, the thread's state is sought in the list */
    i32 state;          /* from fs to the word that points to the thread's PyThreadState */
    i32 frame;          /* PyThreadState: frame, cframe or current_frame */
    i32 cframe_frame;   /* _PyCFrame.current_frame */
    i32 code;           /* frame: f_code, f_executable */
    i32 back;           /* frame: f_back, previous */
    i32 instruction;    /* frame: f_lasti (4 bytes), prev_instr, instr_ptr (8 bytes) */
    i32 instruction_size;
    i32 owner;          /* frame: a byte; frames whose owner is shim or more run no code of the program's */
    i32 shim;
    i32 thread_id;      /* PyThreadState: pthread_t; for the search */
    i32 next;           /* PyThreadState: the next one of the list; for the search */
    i32 marks[3];       /* PyCodeObject: three words by which another object at the same address is told */
    u64 code_mask;      /* what remains of a reference to a code object without its tags */
    u64 list;           /* address of the word that points to the first PyThreadState; for the search */
};

enum kaa_form { KAA_NO_PYTHON, KAA_FRAME_OBJECTS, KAA_CFRAMES, KAA_CURRENT_FRAME };

enum kaa_hook_state { KAA_FREE, KAA_PREPARED, KAA_ARMED, KAA_REMOVED };

/* A hook that wraps its function is told of by memory.h. */
enum kaa_action { KAA_COUNT, KAA_RECORD, KAA_PARK, KAA_WRAP };

enum kaa_want {
    KAA_WANT_STACK = 1,
    KAA_WANT_RETURN = 2,
    KAA_UNKNOWN_IS_NO = 4, /* a condition that can't be told is not met; else the event says so */
};

/* A place in the program's code. Its number is bound to its address for as long as the process runs this image: a thread may be in the island's
 * code at any time. */
struct kaa_hook {
    u64 address;       /* 0: never used */
    u64 island;        /* its piece of an island */
    u64 word;          /* where the patch is written: address, or the aligned word that holds all of it */
    u8 original[8];    /* what was there */
    u8 patched[8];     /* what Kaa writes there */
    u32 patch_size;    /* 8 where the word is aligned, else 5 */
    u32 displaced;     /* bytes of the function that were taken over */
    u32 state;         /* enum kaa_hook_state */
    u32 action;        /* enum kaa_action */
    u32 wants;         /* enum kaa_want */
    u32 program_size;  /* 0: no condition */
    u8 texts[4];       /* registers, by number, that point to texts to be taken along; 0xff for none */
    u32 most_frames;
    u64 hits;
    u64 matches;
    u64 unknown;       /* of those that matched */
    u64 lost;
    u64 returns;
    u64 reserved[4];
    u8 program[KAA_PROGRAM];
};

enum kaa_event_kind { KAA_EVENT_CALL = 1, KAA_EVENT_RETURN };

enum kaa_event_flag {
    KAA_EVENT_UNKNOWN = 1,    /* the condition could not be told */
    KAA_EVENT_PARKED = 2,     /* the thread waits until it is released */
    KAA_EVENT_STACK_LOST = 4, /* there was no room for a stack that had not been seen before */
    KAA_EVENT_NO_RETURN = 8,  /* a return was wanted, and there will be none */
};

struct kaa_event {
    u64 mark;          /* kaa_mark(position) once it is whole */
    u32 units;
    u16 kind;          /* enum kaa_event_kind */
    u16 flags;         /* enum kaa_event_flag */
    u32 hook;
    u32 tid;           /* in the process's own pid namespace */
    u64 time;          /* CLOCK_MONOTONIC, nanoseconds; 0 where a filter forbids to ask */
    u64 number;        /* of the call: its return has the same */
    u64 thread;        /* PyThreadState; 0 for none */
    u64 stack;         /* offset of its struct kaa_stack; 0 for none */
    u64 caller;        /* the return address, at the entry of a function */
    struct kaa_registers registers;
    u32 text_size[KAA_TEXTS]; /* bytes; 0xffffffff: it could not be read */
    u8 texts[];        /* one behind the other */
};

/* A stack of Python frames that has been seen, kept once. */
struct kaa_stack {
    u64 hash;
    u32 frames;        /* that follow */
    u32 depth;         /* that there were */
};

struct kaa_frame {
    u64 code;
    u64 instruction;   /* f_lasti, sign-extended, or an address */
    u64 print;         /* fingerprint of the code object's marks */
};

enum kaa_park_state { KAA_PARK_FREE, KAA_PARK_FILLING, KAA_PARK_WAITING, KAA_PARK_RELEASED };

/* A thread that waits, with its event. */
struct kaa_park {
    u32 state;         /* enum kaa_park_state; the word that the thread sleeps on */
    u32 reserved;
    u64 order;         /* parks are numbered as they begin */
    union {
        struct kaa_event event;
        u8 bytes[1008];
    };
};

/* An int3 that Kaa has put somewhere, and where a thread goes on that meets it when no tracer is there. */
struct kaa_trap {
    u64 address;       /* 0: none */
    u64 resume;
};

enum kaa_call { KAA_CALL_CLOCK = 1, KAA_CALL_FUTEX = 2, KAA_CALL_READ = 4, KAA_CALL_TID = 8 /* getpid too */ };

/* The first page of what is shared. The part up to `hooks` never changes its form: any Kaa can take back what another one left. */
struct kaa_header {
    u64 magic;         /* written last of all */
    u32 protocol;
    u32 header_size;
    u64 size;          /* of all that is shared */
    u64 shared;        /* its address in the process */
    u64 image;         /* of the agent's code */
    u64 image_size;
    u64 state;         /* of struct kaa_state */
    u64 build;         /* of the image: a hash */
    u64 hooks;         /* offset of the first hook */
    u32 hook_size;
    u32 hook_count;    /* in use, from the first */
    u64 traps;         /* offset */
    u32 trap_size;
    u32 trap_count;    /* in use, from the first */
    u64 parks;         /* offset */
    u32 park_size;
    u32 park_count;
    u64 buckets;       /* offset: offsets of stacks by hash */
    u64 bucket_count;  /* a power of two */
    u64 arena;         /* offset */
    u64 arena_size;
    u64 ring;          /* offset */
    u64 ring_units;    /* a power of two */
    u32 pid;           /* in the process's own pid namespace */
    u32 calls;         /* enum kaa_call: what the process may do */
    i32 tid;           /* from fs to libc's own copy of the thread's id; 0 where not known */
    u32 hook_capacity;
    u32 trap_capacity;
    u32 owner;         /* pid of the Kaa, as that sees itself; 0 for none */
    u32 trap_handler;  /* 1: the handler of SIGTRAP is the agent's */
    u32 gone;          /* low half of the heartbeat that was found to stand still: as long as it is this, nobody waits; 0 for none */
    u64 islands[64];   /* address | kibibytes: areas for pieces of code; 0 for none */
    struct kaa_python python;

    u64 heartbeat __attribute__((aligned(64))); /* counts up while Kaa lives */
    u64 tail;          /* how far Kaa has read, in units */
    u32 waits;         /* 1 while Kaa sleeps on it */
    u32 parks_waiting; /* counts parks, as a hint */

    u64 head __attribute__((aligned(64))); /* how far the ring is taken, in units */
    u64 lost;          /* events for which there was no room */
    u64 arena_used;
    u64 stacks_lost;
    u64 order;         /* of parks */
    u64 number;        /* of calls */
    u64 memory;        /* offset of struct kaa_memory; 0 for none */
};

/* A page of its own that a child of fork sees as zeros (MADV_WIPEONFORK). */
struct kaa_state {
    u64 enabled;       /* 1: hooks do something */
    u64 own;           /* 1: what is shared is this process's own, not its parent's */
};

/* What begins the image; offsets from there. */
struct kaa_image {
    u64 magic;
    u32 protocol;
    u32 text_size;     /* mapped for reading and running */
    u32 size;          /* with what is mapped behind that for reading and writing */
    u32 shared;        /* the word for the address of what is shared */
    u32 state;         /* the word for the address of struct kaa_state */
    u32 probe;         /* where islands call */
    u32 trap;          /* the handler of SIGTRAP */
    u32 restorer;      /* its way back */
    u32 returns;       /* first of the places that calls return to */
    u32 wrap;          /* where islands call whose hook wraps its function */
    u32 own;           /* struct kaa_own of memory.h */
    u32 domains[12];   /* functions for CPython's tables: malloc, calloc, realloc, free of PyMem_Raw, PyMem, PyObject */
    u32 samples[12];   /* the same where only samples are recorded */
    u32 arena;         /* and where pymalloc takes its arenas then */
    u32 code_end;      /* for the word of CPython's code type that leads to what frees code objects */
};

/* Where an island's piece has what. */
#define KAA_PIECE 256          /* bytes of a piece */
#define KAA_PIECE_HOOK 0       /* address of its struct kaa_hook */
#define KAA_PIECE_PROBE 8      /* address of the image's probe */
#define KAA_PIECE_BACK 16      /* where the function goes on */
#define KAA_PIECE_WRAP 24      /* address of the image's wrap */
#define KAA_PIECE_CODE 32      /* where the function jumps to */
#define KAA_PIECE_RETURN 43    /* behind the call of the probe */
#define KAA_PIECE_DISPLACED 51 /* the function's own instructions */
#define KAA_PIECE_WRAPPED 198  /* behind the call of the wrap: to the function's own instructions where the zero flag is set, else to its caller */

/* Conditions: a stack of numbers of 64 bits, each known or not. Truths are numbers, 0 and 1. */
enum kaa_op {
    KAA_OP_END,
    KAA_OP_NUMBER,    /* 8 bytes */
    KAA_OP_REGISTER,  /* 1 byte */
    KAA_OP_THREAD,    /* tid */
    KAA_OP_UNKNOWN,
    KAA_OP_LOAD,      /* 1 byte: size, | 0x80 signed */
    KAA_OP_CUT,       /* as LOAD */
    KAA_OP_NOT,
    KAA_OP_AND,
    KAA_OP_OR,
    KAA_OP_EQUAL,
    KAA_OP_NOT_EQUAL,
    KAA_OP_LESS,
    KAA_OP_LESS_OR_EQUAL,
    KAA_OP_GREATER,
    KAA_OP_GREATER_OR_EQUAL,
    KAA_OP_ADD,
    KAA_OP_SUBTRACT,
    KAA_OP_MULTIPLY,
    KAA_OP_DIVIDE,
    KAA_OP_REMAINDER,
    KAA_OP_BIT_AND,
    KAA_OP_BIT_OR,
    KAA_OP_BIT_XOR,
    KAA_OP_SHIFT_LEFT,
    KAA_OP_SHIFT_RIGHT,
};

#define KAA_DEPTH 16 /* of that stack */

/* An event at a position of the ring, in units, is whole when it bears this. */
#define kaa_mark(position) (((u64)(position) + 1) * 0x9e3779b97f4a7c15UL)

#endif
