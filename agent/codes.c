/* Code objects as they are when they are first met: they may be gone when Kaa wants to name them. */
#include "recording.h"
#include "frames.h"

#define PROBES 16
#define LONGEST_TEXT (1UL << 20)
#define LARGEST_CODE (1UL << 24)

enum { FREE, FORGOTTEN = 2, FILLING = 4 }; /* in the place of a key; keys are odd */

static struct kaa_code *find_code(const struct kaa_memory *memory, u64 table, u64 key) {
    struct kaa_code *codes = (struct kaa_code *)at(kaa_shared, table);
    for (u64 i = 0; i < PROBES; i++) {
        struct kaa_code *place = &codes[(key + i) & (memory->codes_size - 1)];
        u64 known = load(&place->key);
        if (known == key)
            return place;
        if (known == FREE)
            return NULL;
    }
    return NULL;
}

/* Where there is no room it is looked up again the next time. */
static void put_code(const struct kaa_memory *memory, u64 table, u64 key, const struct kaa_code *code) {
    struct kaa_code *codes = (struct kaa_code *)at(kaa_shared, table);
    for (u64 i = 0; i < PROBES; i++) {
        struct kaa_code *place = &codes[(key + i) & (memory->codes_size - 1)];
        u64 known = load(&place->key);
        if (known > FORGOTTEN || !__atomic_compare_exchange_n(&place->key, &known, FILLING, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        place->code = code->code;
        place->print = code->print;
        __atomic_store_n(&place->key, key, __ATOMIC_RELEASE);
        return;
    }
}

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
    u64 length = object != 0 ? kaa_word(object, memory->length) : 0;
    return memory->extra + (length < LONGEST_TEXT ? length : LONGEST_TEXT) * (text == 0 ? 1 : memory->unit);
}

static u64 hash_bytes(u64 hash, u64 address, u64 size) {
    for (; size >= 8; size -= 8, address += 8)
        hash = kaa_mix(hash, kaa_word(address, 0));
    for (; size > 0; size--, address++)
        hash = kaa_mix(hash, *(const u8 *)address);
    return hash;
}

static int is_ascii(const struct kaa_memory *memory, u64 text) {
    return memory->text_ascii == 0 || (*(const u32 *)(text + (u64)(i64)memory->text_state) & memory->text_ascii) == memory->text_ascii;
}

/* All that is told of a code object: its first line, line table and names. 0 where that is not known, as other text than ASCII lies in several ways. */
static u64 content_of(const struct kaa_memory *memory, u64 code) {
    u64 hash = kaa_mix(0, *(const u32 *)(code + (u64)(i64)kaa_shared->python.marks[2]));
    for (u32 text = 0; text < 5 && memory->code_texts[text] != 0; text++) {
        u64 object = kaa_word(code, memory->code_texts[text]);
        if (object == 0 || (text != 0 && !is_ascii(memory, object)))
            return 0;
        u64 length = kaa_word(object, memory->length);
        if (length > LONGEST_TEXT)
            return 0;
        hash = hash_bytes(kaa_mix(hash, length), object + (u64)(i64)(text == 0 ? memory->bytes_data : memory->text_data), length);
    }
    return hash | 1;
}

static u64 key_of(u64 code, u64 print) { return kaa_mix(code, (print & ~KAA_LIFE) | *kaa_life(code)) | 1; }

/* Another one may be made at its address in the next moment, with all that it is told by at the same addresses, and a frame of it where one of this has been. */
static void code_gone(struct kaa_memory *memory, u64 code) {
    struct kaa_code *known = find_code(memory, memory->codes, key_of(code, kaa_print_of(&kaa_shared->python, code)));
    if (known == NULL)
        return;
    __atomic_store_n(&known->key, FORGOTTEN, __ATOMIC_RELAXED);
    __atomic_fetch_add(kaa_life(code), 1, __ATOMIC_RELAXED);
    count(&kaa_own.codes_gone);
}

typedef void (*code_function)(u64 code);

/* What tp_dealloc of CPython's code type points to while Kaa is here. */
INTERNAL void kaa_code_end(u64 code) {
    struct kaa_memory *memory = kaa_memory();
    if (kaa_records(memory))
        code_gone(memory, code);
    ((code_function)kaa_own.code_end)(code);
}

static void keep_code(struct kaa_memory *memory, u64 code, u64 print) {
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

/* Programs make the same code anew at other addresses (eval of one text): all of it is one, the first that was met. */
struct kaa_code kaa_code_of(struct kaa_memory *memory, u64 code, u64 instruction) {
    const struct kaa_python *python = &kaa_shared->python;
    u64 print = kaa_print_of(python, code), key = key_of(code, print);
    const struct kaa_code *known = find_code(memory, memory->codes, key);
    if (known != NULL)
        return *known;
    /* Where it runs may be told by its own address alone. */
    u64 content = python->instruction_size == 4 || instruction - code < LARGEST_CODE ? content_of(memory, code) : 0;
    known = content != 0 ? find_code(memory, memory->contents, content) : NULL;
    struct kaa_code made = {key, code, content};
    if (known != NULL) {
        made.code = known->code;
        made.print = known->print;
    } else {
        if (content == 0)
            made.print = count(&kaa_own.codes_told) << 1; /* an even one: no other is told so */
        keep_code(memory, made.code, made.print);
        if (content != 0)
            put_code(memory, memory->contents, content, &made);
    }
    put_code(memory, memory->codes, key, &made);
    return made;
}
