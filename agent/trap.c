/* The handler of SIGTRAP, for the case that a debugger was killed: an int3 that it left, a step that it had begun, a breakpoint in a debug register. The kernel
 * does not call it while a tracer lives and takes the signal. */
#include "agent.h"

#define SI_KERNEL 0x80 /* int3 */
#define TRAP_TRACE 2   /* a single step */
#define TRAP_HWBKPT 4  /* a debug register */
#define TRAP_BRKPT 1
#define STEP_FLAG 0x100UL

/* siginfo_t and ucontext_t of the kernel (arch/x86/include/uapi/asm/sigcontext.h): gregs begin at 40 of the latter, r8 first. */
#define UCONTEXT_RIP (40 + 16 * 8)
#define UCONTEXT_FLAGS (40 + 17 * 8)

INTERNAL void kaa_trapped(int signal, const i32 *information, void *unused, u8 *context) {
    (void)signal;
    (void)unused;
    struct kaa_header *shared = kaa_shared;
    u64 *rip = (u64 *)(context + UCONTEXT_RIP), *flags = (u64 *)(context + UCONTEXT_FLAGS);
    i32 code = information[2];
    if (shared != NULL && (code == SI_KERNEL || code == TRAP_BRKPT)) {
        const struct kaa_trap *traps = (const struct kaa_trap *)at(shared, shared->traps);
        for (u32 i = 0; i < shared->trap_count; i++) {
            if (traps[i].address == 0)
                continue;
            if (traps[i].address == *rip - 1) {
                *rip = traps[i].resume;
                return;
            }
            /* Kaa had sent it there already, and was killed before it took the signal. */
            if (traps[i].resume == *rip)
                return;
        }
    }
    /* TRAP_BRKPT: a step over a syscall instruction (user_single_step_report, arch/x86/kernel/ptrace.c). */
    if (code == TRAP_TRACE || code == TRAP_HWBKPT || code == TRAP_BRKPT) {
        *flags &= ~STEP_FLAG;
        return;
    }
    kaa_default_trap();
}
