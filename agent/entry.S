/* Ways in and out. The program's registers are saved in full, as nobody knows which of them its compiler thought to be untouched; vector registers are not, as
 * the agent has no instruction that changes one. */
#include "sizes.h"

        .section .kaa.head, "a"
        .global kaa_image_start
kaa_image_start:
        .quad 0x31746e656761614b
        .long KAA_PROTOCOL
        .long kaa_text_end - kaa_image_start
        .long kaa_data_end - kaa_image_start
        .long kaa_shared - kaa_image_start
        .long kaa_state - kaa_image_start
        .long kaa_probe - kaa_image_start
        .long kaa_trap_handler - kaa_image_start
        .long kaa_restorer - kaa_image_start
        .long kaa_returns - kaa_image_start
        .long kaa_wrap - kaa_image_start
        .long kaa_own - kaa_image_start
        .irp domain, 0, 1, 2
        .long kaa_malloc_\domain - kaa_image_start
        .long kaa_calloc_\domain - kaa_image_start
        .long kaa_realloc_\domain - kaa_image_start
        .long kaa_free_\domain - kaa_image_start
        .endr
        .irp domain, 0, 1, 2
        .long kaa_sample_malloc_\domain - kaa_image_start
        .long kaa_sample_calloc_\domain - kaa_image_start
        .long kaa_sample_realloc_\domain - kaa_image_start
        .long kaa_sample_free_\domain - kaa_image_start
        .endr
        .long kaa_arena - kaa_image_start
        .long kaa_code_end - kaa_image_start

/* struct kaa_registers, from its end to its start; the word for flags is on the stack already. */
        .macro SAVE
        pushq $0                /* rip */
        push %r15
        push %r14
        push %r13
        push %r12
        push %r11
        push %r10
        push %r9
        push %r8
        pushq $0                /* rsp */
        push %rbp
        push %rdi
        push %rsi
        push %rbx
        push %rcx
        push %rdx
        push %rax
        cld
        .endm

        .macro RESTORE
        pop %rax
        pop %rdx
        pop %rcx
        pop %rbx
        pop %rsi
        pop %rdi
        pop %rbp
        lea 8(%rsp), %rsp
        pop %r8
        pop %r9
        pop %r10
        pop %r11
        pop %r12
        pop %r13
        pop %r14
        pop %r15
        lea 8(%rsp), %rsp
        popfq
        .endm

        .text
/* Called by an island, 128 bytes (the red zone) below where the program's stack ended. What lies before the return address is the island's piece. */
        .global kaa_probe
        .hidden kaa_probe
        .p2align 4
kaa_probe:
        pushfq
        SAVE
        lea 8*KAA_REGISTER_WORDS+8+128(%rsp), %rax
        mov %rax, 8*7(%rsp)
        mov 8*KAA_REGISTER_WORDS(%rsp), %rdi
        mov KAA_PIECE_HOOK-KAA_PIECE_RETURN(%rdi), %rdi
        mov (%rdi), %rax
        mov %rax, 8*16(%rsp)
        mov %rsp, %rsi
        mov %rsp, %rbx
        and $-16, %rsp
        call kaa_hit
        mov %rbx, %rsp
        RESTORE
        ret

/* The same for a hook that wraps its function: that is called from here, with the program's arguments, and what it leaves in its registers is what its caller gets. It is at
 * the entry of a function, so flags mean nothing, and what C code saves by itself is left to it; the other registers are kept, for a compiler may have known that this function
 * leaves some of them alone. Such a function takes no argument on the stack. It comes back to where it was called from, and there to the function or its caller: processors foresee where
 * a `ret` goes by the calls before it, and an address that was left out would cost each caller in turn. */
        .macro KEEP
        push %rax
        push %rcx
        push %rdx
        push %rsi
        push %rdi
        push %r8
        push %r9
        push %r10
        push %r11
        .endm

        .macro GIVE
        pop %r11
        pop %r10
        pop %r9
        pop %r8
        pop %rdi
        pop %rsi
        pop %rdx
        pop %rcx
        pop %rax
        .endm

/* Most calls leave nothing to be told of: those inside of another allocator's, and where only samples are recorded a free of what is no sample, and a malloc or realloc before the next one is due. What
 * kaa_before would find of them is seen here, with two registers, and the rest is left to it. */
#define KEPT_HERE 16
        .global kaa_wrap
        .hidden kaa_wrap
        .p2align 6
kaa_wrap:
        push %rax
        push %rcx
        mov KEPT_HERE(%rsp), %rax
        mov KAA_PIECE_HOOK-KAA_PIECE_WRAPPED(%rax), %rax
        cmpw $KAA_SAMPLED_FREE, KAA_HOOK_FUNCTION(%rax)
        jne 3f
        mov %edi, %eax
        shr $KAA_FILTER_SHIFT, %eax
        movzwl %ax, %eax
        lea kaa_own+KAA_OWN_FILTER(%rip), %rcx
        cmpb $0, (%rcx,%rax)
        jne 6f
5:      pop %rcx
        pop %rax
        cmp %eax, %eax
        ret
3:      cmpb $KAA_MOST_NESTED, KAA_HOOK_FUNCTION(%rax)
        ja 6f
        mov %fs:0, %rcx
        shr $KAA_PLACE_SHIFT-KAA_PLACE_BITS, %rcx
        and $(KAA_PLACE_COUNT-1)<<KAA_PLACE_BITS, %ecx
        lea kaa_own+KAA_OWN_PLACES(%rip), %rax
        add %rax, %rcx          /* the thread's place, mostly */
        mov %fs:0, %rax
        cmp %rax, (%rcx)
        jne 6f
        cmp KAA_PLACE_OUTER(%rcx), %rsp
        jb 5b
        cmpq $0, KAA_PLACE_OUTER(%rcx)
        jne 6f
        mov KEPT_HERE(%rsp), %rax
        mov KAA_PIECE_HOOK-KAA_PIECE_WRAPPED(%rax), %rax
        cmpw $KAA_SAMPLED_REALLOC, KAA_HOOK_FUNCTION(%rax)
        je 7f
        cmpw $KAA_SAMPLED_MALLOC, KAA_HOOK_FUNCTION(%rax)
        jne 6f
        mov KAA_PLACE_LEFT(%rcx), %rax
        sub %rdi, %rax
8:      jc 6f                   /* more than is left; or, where none was drawn yet, below zero */
        js 6f
        mov %rax, KAA_PLACE_LEFT(%rcx)
        mov %rsp, KAA_PLACE_OUTER(%rcx)
        mov KEPT_HERE(%rsp), %rax
        lea KAA_PIECE_DISPLACED-KAA_PIECE_WRAPPED(%rax), %rax
        push %rax
        push %rcx
        mov 16(%rsp), %rcx
        mov 24(%rsp), %rax
        call *8(%rsp)
        mov %rcx, 8(%rsp)
        mov (%rsp), %rcx
        movq $0, KAA_PLACE_OUTER(%rcx)
        mov 8(%rsp), %rcx
        lea 32(%rsp), %rsp
        test %rsp, %rsp         /* never 0 */
        ret
7:      mov %edi, %eax          /* the old one may be a sample */
        shr $KAA_FILTER_SHIFT, %eax
        movzwl %ax, %eax
        push %rdx
        lea kaa_own+KAA_OWN_FILTER(%rip), %rdx
        cmpb $0, (%rdx,%rax)
        pop %rdx
        jne 6f
        mov KAA_PLACE_LEFT(%rcx), %rax
        sub %rsi, %rax
        jmp 8b
6:      pop %rcx
        pop %rax

#define KEPT 9
        KEEP
        mov %rsp, %rsi
        mov 8*KEPT(%rsp), %rdi
        mov KAA_PIECE_HOOK-KAA_PIECE_WRAPPED(%rdi), %rdi
        sub $8, %rsp
        call kaa_before
        cmp $KAA_IS_NEW, %rax
        jbe 2f
        mov %rax, (%rsp)        /* the handle */
        mov 8*(KEPT+1)(%rsp), %r11
        lea KAA_PIECE_DISPLACED-KAA_PIECE_WRAPPED(%r11), %r11
        mov 8*2(%rsp), %r10
        mov 8*3(%rsp), %r9
        mov 8*4(%rsp), %r8
        mov 8*5(%rsp), %rdi
        mov 8*6(%rsp), %rsi
        mov 8*7(%rsp), %rdx
        mov 8*8(%rsp), %rcx
        mov 8*9(%rsp), %rax
        call *%r11
        testb $7, (%rsp)
        jnz 1f
        push %rcx
        mov 8(%rsp), %rcx
        movq $0, KAA_PLACE_OUTER(%rcx)
        pop %rcx
        lea 8*(KEPT+1)(%rsp), %rsp
        test %rsp, %rsp
        ret
1:      KEEP
        mov %rax, %rdx
        mov 8*KEPT(%rsp), %rcx
        lea 8*(KEPT+1)(%rsp), %rsi
        mov 8*(2*KEPT+1)(%rsp), %rdi
        mov KAA_PIECE_HOOK-KAA_PIECE_WRAPPED(%rdi), %rdi
        sub $8, %rsp
        call kaa_after
        add $8, %rsp
        GIVE
        lea 8*(KEPT+1)(%rsp), %rsp
        test %rsp, %rsp
        ret
2:      jb 4f
        lea 8(%rsp), %rsi
        mov 8*(KEPT+1)(%rsp), %rdi
        mov KAA_PIECE_HOOK-KAA_PIECE_WRAPPED(%rdi), %rdi
        call kaa_new
        add $8, %rsp
        test %rax, %rax         /* it has nothing: the function itself is to be called */
        GIVE
        ret
4:      add $8, %rsp
        GIVE
        cmp %eax, %eax
        ret

/* Where calls come back to whose return is wanted: a place for each. */
        .global kaa_returns
        .hidden kaa_returns
        .p2align 4
kaa_returns:
        .rept KAA_RETURNS
        call returned
        .p2align 3
        .endr

/* Behind the stack pointer that the program has after its return lies the word in which the address was. It is ours once more: the place's own call has used it. */
        .p2align 4
returned:
        lea -128(%rsp), %rsp
        pushfq
        SAVE
        lea 8*KAA_REGISTER_WORDS+8+128(%rsp), %rax
        mov %rax, 8*7(%rsp)
        mov 8*KAA_REGISTER_WORDS+128(%rsp), %rdi
        lea kaa_returns(%rip), %rax
        sub %rax, %rdi
        shr $3, %rdi
        mov %rsp, %rsi
        mov %rsp, %rbx
        and $-16, %rsp
        call kaa_returned
        mov %rbx, %rsp
        mov %rax, 8*KAA_REGISTER_WORDS+128(%rsp)
        RESTORE
        lea 128(%rsp), %rsp
        ret

/* As the kernel calls handlers: signal, siginfo, ucontext. */
        .global kaa_trap_handler
        .hidden kaa_trap_handler
        .p2align 4
kaa_trap_handler:
        mov %rdx, %rcx
        sub $8, %rsp
        call kaa_trapped
        add $8, %rsp
        ret

        .global kaa_restorer
        .hidden kaa_restorer
kaa_restorer:
        mov $15, %eax           /* rt_sigreturn */
        syscall

        .section .note.GNU-stack, "", @progbits
