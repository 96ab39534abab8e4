/* A thread's own Python frames, in the numbers of struct kaa_python. */
#ifndef KAA_FRAMES_H
#define KAA_FRAMES_H

#include "agent.h"

static inline u64 kaa_word(u64 base, i32 offset) { return *(const u64 *)(base + (u64)(i64)offset); }

static inline u64 kaa_mix(u64 hash, u64 value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15UL;
    return hash ^ hash >> 29;
}

static inline u64 kaa_innermost(const struct kaa_python *python, u64 thread) {
    u64 frame = kaa_word(thread, python->frame);
    return python->form == KAA_CFRAMES && frame != 0 ? kaa_word(frame, python->cframe_frame) : frame;
}

/* By which another code object at the same address is told. */
static inline u64 kaa_print_of(const struct kaa_python *python, u64 code) {
    u64 print = 0;
    if (code == 0)
        return 0;
    for (u32 i = 0; i < 3; i++) {
        if (python->marks[i] >= 0)
            print = kaa_mix(print, kaa_word(code, python->marks[i]));
    }
    return print;
}

/* The next frame that runs code of the program's, from one on; 0 where there is none. */
static inline u64 kaa_real(const struct kaa_python *python, u64 frame) {
    if (python->owner >= 0) {
        while (frame != 0 && *(const u8 *)(frame + (u64)(i64)python->owner) >= python->shim)
            frame = kaa_word(frame, python->back);
    }
    return frame;
}

static inline u64 kaa_instruction(const struct kaa_python *python, u64 frame) {
    u64 address = frame + (u64)(i64)python->instruction;
    return python->instruction_size == 4 ? (u64)(i64) * (const i32 *)address : *(const u64 *)address;
}

static inline u64 kaa_code(const struct kaa_python *python, u64 frame) { return kaa_word(frame, python->code) & python->code_mask; }

#endif
