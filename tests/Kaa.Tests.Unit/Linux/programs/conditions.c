/* The agent's conditions, run here: each line of stdin is a program and 18 registers, in hexadecimal; the answer is 0, 1, or 2 for unknown.
 * Memory: the 32 bytes below 0x10001000, 0x00 to 0x1f. Compiled together with agent/condition.c and agent/calls.c. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef AGENT
#include "protocol.h"

extern int kaa_condition(struct kaa_header *shared, const u8 *program, u32 size, const struct kaa_registers *registers);

int main(void) {
    static struct kaa_header shared;
    static u64 registers[18];
    static u8 program[KAA_PROGRAM];
    char code[2 * KAA_PROGRAM + 2];
    u8 *memory = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (int i = 0; i < 32; i++)
        memory[4096 - 32 + i] = (u8)i;
    shared.pid = (u32)getpid();
    shared.calls = KAA_CALL_READ | KAA_CALL_TID;
    printf("ready\n");
    fflush(stdout);
    while (scanf("%737s", code) == 1) {
        u32 size = (u32)strlen(code) / 2;
        for (u32 i = 0; i < size; i++)
            sscanf(code + 2 * i, "%2hhx", &program[i]);
        for (int i = 0; i < 18; i++) {
            if (scanf("%lx", &registers[i]) != 1)
                return 1;
        }
        printf("%d\n", kaa_condition(&shared, program, size, (const struct kaa_registers *)registers));
        fflush(stdout);
    }
    return 0;
}
#else
int main(void) { return 0; }
#endif
