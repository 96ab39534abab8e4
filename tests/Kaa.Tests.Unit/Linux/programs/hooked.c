/* Functions of the shapes that hooks meet at their entries, called all the time by two threads that check what comes of it.
 * Lines on stdin: "call N", "fork N", "vfork N", "check", "trap". */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

long data = 40;
unsigned char flag = 0;

__asm__(
    ".text\n"
    ".p2align 4\nnear_jcc: test %edi,%edi\n js 1f\n lea 1(%rdi),%eax\n ret\n1: lea 2(%rdi),%eax\n ret\n"
    ".p2align 4\nfar_jcc: test %edi,%edi\n .byte 0x0f,0x88\n .long 1f-.-4\n lea 3(%rdi),%eax\n ret\n1: lea 4(%rdi),%eax\n ret\n"
    ".p2align 4\nrelative: cmpb $0,flag(%rip)\n jne 1f\n lea 5(%rdi),%eax\n ret\n1: xor %eax,%eax\n ret\n"
    ".p2align 4\nloads: mov data(%rip),%rax\n add %rdi,%rax\n ret\n"
    ".p2align 4\ninner: lea 6(%rdi),%eax\n ret\n"
    ".p2align 4\ncalls: call inner\n add $1,%eax\n ret\n"
    ".p2align 4\njumps: jmp inner\n"
    ".p2align 4\nshort_one: lea (%rdi),%eax\n ret\n .p2align 4\n"
    ".p2align 4\nbranded: endbr64\n lea 8(%rdi),%eax\n ret\n"
    ".p2align 4\nflags: adc $9,%edi\n lea (%rdi),%eax\n setc %dl\n ret\n"
    /* Off its alignment, so that no aligned word holds five bytes of it. */
    ".p2align 4\n nop\n nop\n nop\n nop\nodd: lea 10(%rdi),%eax\n nop\n nop\n nop\n ret\n"
    /* A leaf that keeps something below its stack pointer where the hook is. */
    ".p2align 4\nleaf: mov %rdi,-8(%rsp)\nmiddle: mov $11,%eax\n add -8(%rsp),%eax\n ret\nleaf_end:\n"
    ".p2align 4\nquiet: lea 12(%rdi),%eax\n nop\n nop\n ret\n"
    /* Those that can't be. */
    ".p2align 4\nlooped: xor %eax,%eax\n1: dec %edi\n jg 1b\n ret\nlooped_end:\n"
    ".p2align 4\ncounted: mov %edi,%ecx\n1: loop 1b\n ret\n"
    ".p2align 4\ntoo_short: ret\n lea 13(%rdi),%eax\n ret\n"
    ".p2align 4\nin_between: call *%rsi\n add $1,%eax\n ret\n"
    /* Others come to their second instruction (mempcpy and memmove do so), by a short branch and from afar. */
    ".p2align 4\nlent: mov %edi,%eax\n1: add $15,%eax\n ret\n"
    "borrows: lea 1(%rdi),%eax\n jmp 1b\n"
    ".p2align 4\nlent_far: mov %edi,%eax\n2: add $16,%eax\n ret\n .zero 300, 0x90\n"
    ".p2align 4\nborrows_far: lea 1(%rdi),%eax\n jmp 2b\n"
    ".p2align 4\ntrapped: lea 14(%rdi),%eax\n ret\n");

#define SHAPES(X) \
    X(near_jcc) X(far_jcc) X(relative) X(loads) X(calls) X(jumps) X(short_one) X(branded) X(flags) X(odd) X(middle) X(quiet) X(looped) X(looped_end) \
    X(counted) X(too_short) X(in_between) X(trapped) X(leaf) X(leaf_end) X(lent) X(borrows) X(lent_far) X(borrows_far)
#define DECLARE(name) extern int name(int);
SHAPES(DECLARE)

static atomic_long rounds, wrong;
static atomic_int stopping;

static __attribute__((noinline)) void expect(int got, int wanted) {
    if (got != wanted)
        atomic_fetch_add(&wrong, 1);
}

static inline __attribute__((always_inline)) int with_carry(int value) {
    int result;
    unsigned char carry;
    __asm__ volatile("stc\n call flags\n mov %%dl,%1" : "=a"(result), "=r"(carry), "+D"(value)::"rdx", "rcx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");
    return result + 100 * carry;
}

/* Registers that nobody but the function itself may change, and one of those that hold vectors. */
static void registers(int value) {
    long before[6] = {value, value + 1, value + 2, value + 3, value + 4, value + 5}, after[6];
    double vector = value * 0.5, kept;
    __asm__ volatile(
        "mov (%2),%%rcx\n mov 8(%2),%%r8\n mov 16(%2),%%r9\n mov 24(%2),%%r10\n mov 32(%2),%%r11\n mov 40(%2),%%rdx\n movsd %4,%%xmm7\n"
        "call inner_jump\n"
        "mov %%rcx,(%3)\n mov %%r8,8(%3)\n mov %%r9,16(%3)\n mov %%r10,24(%3)\n mov %%r11,32(%3)\n mov %%rdx,40(%3)\n movsd %%xmm7,%0\n"
        : "=m"(kept), "+D"(value)
        : "b"(before), "r"(after), "m"(vector)
        : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm7", "memory");
    expect(memcmp(before, after, sizeof before) != 0 || kept != vector, 0);
}
__asm__("inner_jump: jmp jumps\n");

static void round_of(int i) {
    expect(near_jcc(i), i + 1);
    expect(near_jcc(-i - 1), 1 - i);
    expect(far_jcc(i), i + 3);
    expect(far_jcc(-i - 1), 3 - i);
    expect(relative(i), i + 5);
    expect(loads(i), i + 40);
    expect(calls(i), i + 7);
    expect(jumps(i), i + 6);
    expect(short_one(i), i);
    expect(branded(i), i + 8);
    expect(with_carry(i), i + 10);
    expect(odd(i), i + 10);
    expect(leaf(i), i + 11);
    expect(looped(i & 7), 0);
    expect(lent(i) + borrows(i) + lent_far(i) + borrows_far(i), 4 * i + 64);
    registers(i);
}

static void *work(void *unused) {
    for (int i = 0; !stopping; i = (i + 1) & 0xffff) {
        round_of(i);
        atomic_fetch_add(&rounds, 1);
    }
    return unused;
}

static int call(int times) {
    int bad = 0;
    for (int i = 0; i < times; i++)
        bad += quiet(i) != i + 12;
    return bad;
}

int main(void) {
    pthread_t threads[2];
    char line[64];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    printf("ready");
#define TELL(name) printf(" %lu", (unsigned long)name);
    SHAPES(TELL)
    printf("\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int times = 0;
        if (sscanf(line, "call %d", &times) == 1) {
            printf("called %d\n", call(times));
        } else if (sscanf(line, "fork %d", &times) == 1) {
            int status = -1;
            pid_t child = fork();
            if (child == 0) {
                for (int i = 0; i < 100; i++)
                    round_of(i);
                _exit(call(times) != 0 || wrong != 0);
            }
            waitpid(child, &status, 0);
            printf("forked %d\n", status);
        } else if (strncmp(line, "trap", 4) == 0) {
            printf("trapped %d\n", trapped(1));
        } else {
            printf("checked %ld %ld\n", (long)rounds, (long)wrong);
        }
        fflush(stdout);
    }
    stopping = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return wrong != 0;
}
