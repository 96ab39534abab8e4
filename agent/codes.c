/* Code objects as they are when they are first met: they may be gone when Kaa wants to name them. */
#include "recording.h"
#include "frames.h"

#define FORGOTTEN 2 /* in the table of what was met: a place that is free again; keys are odd */

u64 kaa_life_of(const struct kaa_python *python, u64 code) { return (kaa_print_of(python, code) & ~KAA_LIFE) | *kaa_life(code); }

/* Copies a piece of the program's memory behind those that were copied before; false where there is no room. Too long a piece is cut where it can't be read. */
static int keep_piece(struct kaa_memory *memory, u64 *used, u64 end, u64 address, u64 size) {
    u64 room = (size + 7) & ~7UL;
    if (end - *used < room + 2 * sizeof(struct kaa_piece_of_memory))
        return 0;
    struct kaa_piece_of_memory *piece = (struct kaa_piece_of_memory *)at(kaa_shared, memory->snapshots + *used);
    i64 got = kaa_read(kaa_shared, address, piece + 1, size);
    piece->address = address;
    piece->size = got > 0 ? (u64)got : 0;
    if (got <= 0)
        return 1;
    *used += sizeof(struct kaa_piece_of_memory) + ((piece->size + 7) & ~7UL);
    return 1;
}

/* Of a string, whose items are as wide as they can be, or (the first one) of bytes. Its length is believed up to a limit. */
static u64 size_of_text(const struct kaa_memory *memory, u32 text, u64 object) {
    u64 most = 1UL << 20, length = object != 0 ? kaa_word(object, memory->length) : 0;
    return memory->extra + (length < most ? length : most) * (text == 0 ? 1 : memory->unit);
}

/* Another one may be made at its address in the next moment, with all that it is told by at the same addresses, and a frame of it where one of this has been. */
static void code_gone(struct kaa_memory *memory, u64 code) {
    u64 *codes = (u64 *)at(kaa_shared, memory->codes);
    u64 key = kaa_mix(code, kaa_life_of(&kaa_shared->python, code)) | 1, mask = memory->codes_size - 1;
    for (u64 i = 0; i < 16; i++) {
        u64 known = load(&codes[(key + i) & mask]);
        if (known == 0)
            return;
        if (known != key)
            continue;
        __atomic_store_n(&codes[(key + i) & mask], FORGOTTEN, __ATOMIC_RELAXED);
        __atomic_fetch_add(kaa_life(code), 1, __ATOMIC_RELAXED);
        count(&kaa_own.codes_gone);
        return;
    }
}

typedef void (*code_function)(u64 code);

/* What tp_dealloc of CPython's code type points to while Kaa is here. */
INTERNAL void kaa_code_end(u64 code) {
    struct kaa_memory *memory = kaa_memory();
    if (kaa_records(memory))
        code_gone(memory, code);
    ((code_function)kaa_own.code_end)(code);
}

void kaa_keep_code(struct kaa_memory *memory, u64 code, u64 print) {
    u64 *codes = (u64 *)at(kaa_shared, memory->codes);
    u64 key = kaa_mix(code, print) | 1, mask = memory->codes_size - 1;
    u64 i;
    for (i = 0; i < 16; i++) {
        u64 known = load(&codes[(key + i) & mask]);
        if (known == key)
            return;
        if (known <= FORGOTTEN && __atomic_compare_exchange_n(&codes[(key + i) & mask], &known, key, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            break;
    }
    /* Room for all of it is taken at once: several threads may be here. */
    u64 size = sizeof(struct kaa_snapshot) + 2 * sizeof(struct kaa_piece_of_memory) + memory->code_size + 8;
    for (u32 text = 0; text < 5 && memory->code_texts[text] != 0; text++)
        size += sizeof(struct kaa_piece_of_memory) + 8 + size_of_text(memory, text, kaa_word(code, memory->code_texts[text]));
    size = (size + 7) & ~7UL;
    u64 begin = __atomic_fetch_add(&memory->snapshots_used, size, __ATOMIC_RELAXED);
    if (begin + size > memory->snapshots_size)
        return;
    u64 end = begin + size, used = begin + sizeof(struct kaa_snapshot);
    struct kaa_snapshot *snapshot = (struct kaa_snapshot *)at(kaa_shared, memory->snapshots + begin);
    __atomic_store_n(&snapshot->size, size, __ATOMIC_RELEASE);
    snapshot->code = code;
    snapshot->print = print;
    int fits = keep_piece(memory, &used, end, code, memory->code_size);
    for (u32 text = 0; fits && text < 5 && memory->code_texts[text] != 0; text++) {
        u64 object = kaa_word(code, memory->code_texts[text]);
        if (object != 0)
            fits = keep_piece(memory, &used, end, object, size_of_text(memory, text, object));
    }
    struct kaa_piece_of_memory *last = (struct kaa_piece_of_memory *)at(kaa_shared, memory->snapshots + used);
    last->size = 0;
    last->address = 0;
    __atomic_store_n(&snapshot->ready, 1, __ATOMIC_RELEASE);
}
