/* System calls: the only way out of the agent. Numbers: arch/x86/entry/syscalls/syscall_64.tbl. */
#include "agent.h"

#define CALL_FUTEX 202
#define CALL_GETTID 186
#define CALL_CLOCK_GETTIME 228
#define CALL_PROCESS_VM_READV 310
#define CALL_RT_SIGACTION 13
#define CALL_TGKILL 234
#define CALL_GETPID 39

#define CLOCK_MONOTONIC 1
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define SIGTRAP 5
#define PAGE 4096UL

struct timespec {
    i64 seconds, nanoseconds;
};

struct iovec {
    u64 base, length;
};

struct sigaction {
    u64 handler, flags, restorer, mask;
};

static inline i64 call6(i64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
    i64 result;
    register u64 r10 __asm__("r10") = d;
    register u64 r8 __asm__("r8") = e;
    register u64 r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

u64 kaa_time(struct kaa_header *shared) {
    struct timespec now;
    if (!(shared->calls & KAA_CALL_CLOCK) || call6(CALL_CLOCK_GETTIME, CLOCK_MONOTONIC, (u64)&now, 0, 0, 0, 0) != 0)
        return 0;
    return (u64)now.seconds * 1000000000UL + (u64)now.nanoseconds;
}

u32 kaa_thread_id(struct kaa_header *shared) {
    if (shared->tid != 0)
        return (u32)from_thread_pointer(shared->tid);
    return shared->calls & KAA_CALL_TID ? (u32)call6(CALL_GETTID, 0, 0, 0, 0, 0, 0) : 0;
}

/* A child of vfork runs in its parent's memory and under its thread pointer, but it is another process. */
int kaa_is_own_process(struct kaa_header *shared) {
    return !(shared->calls & KAA_CALL_TID) || (u32)call6(CALL_GETPID, 0, 0, 0, 0, 0, 0) == shared->pid;
}

/* A pointer of the program's may lead anywhere: the kernel follows it, and says so where nothing is there. Gives how much was read. */
i64 kaa_read(struct kaa_header *shared, u64 address, void *buffer, u64 size) {
    struct iovec local = {(u64)buffer, size};
    struct iovec remote = {address, size};
    if (!(shared->calls & KAA_CALL_READ))
        return -1;
    return call6(CALL_PROCESS_VM_READV, shared->pid, (u64)&local, 1, (u64)&remote, 1, 0);
}

/* Up to the NUL, or as much as there is room for; -1 where nothing could be read. A call stops at a hole between two iovecs only where the page in front
 * of it ends one of them. */
i64 kaa_read_text(struct kaa_header *shared, u64 address, u8 *buffer, u64 size) {
    u64 first = PAGE - (address & (PAGE - 1));
    struct iovec local = {(u64)buffer, size};
    struct iovec remote[2] = {{address, first < size ? first : size}, {address + first, first < size ? size - first : 0}};
    if (!(shared->calls & KAA_CALL_READ))
        return -1;
    i64 got = call6(CALL_PROCESS_VM_READV, shared->pid, (u64)&local, 1, (u64)remote, first < size ? 2 : 1, 0);
    if (got <= 0)
        return -1;
    for (i64 i = 0; i < got; i++) {
        if (buffer[i] == 0)
            return i;
    }
    return got;
}

/* Returns at the latest when the time is over, or a signal has been handled. */
void kaa_wait(u32 *word, u32 value, u64 nanoseconds) {
    struct timespec time = {0, (i64)nanoseconds};
    call6(CALL_FUTEX, (u64)word, FUTEX_WAIT, value, (u64)&time, 0, 0);
}

void kaa_wake(u32 *word) { call6(CALL_FUTEX, (u64)word, FUTEX_WAKE, 1, 0, 0, 0); }

/* A SIGTRAP that is none of ours ends the program, as it would without us. */
void kaa_default_trap(void) {
    struct sigaction none = {0, 0, 0, 0};
    call6(CALL_RT_SIGACTION, SIGTRAP, (u64)&none, 0, 8, 0, 0);
    call6(CALL_TGKILL, (u64)call6(CALL_GETPID, 0, 0, 0, 0, 0, 0), (u64)call6(CALL_GETTID, 0, 0, 0, 0, 0, 0), SIGTRAP, 0, 0, 0);
}
