/* One step of a C stack outwards, by the rules that Kaa has made of the modules' unwind tables. What a rule leads to is read within the thread's own stack only, of which
 * is known that it can be read: rules may be wrong, and memory that they lead to may be anybody's. */
#include "recording.h"

#define PAGE 4096UL
#define DEEPEST (64UL << 20) /* bytes of a stack */
#define FARTHEST (1UL << 20) /* bytes of a frame: what lies farther away is another stack, or none */

/* struct ucontext of a signal frame, from the stack pointer on that its handler returns with (arch/x86/include/uapi/asm/sigcontext.h) */
#define SIGNAL_BP 120
#define SIGNAL_SP 160
#define SIGNAL_PC 168

static int is_page(u64 address) {
    u64 word;
    return kaa_read(kaa_shared, address, &word, 8) == 8;
}

/* The pages from the top of what is known up to this address; those that lie in between belong to the same stack. */
int kaa_extend(struct kaa_native *native, u64 address) {
    if ((address & 7) != 0 || address < native->low || address - native->low > DEEPEST || (address > native->high && address - native->high > FARTHEST))
        return 0;
    while (native->high <= address + 7) {
        if (!is_page(native->high))
            return 0;
        native->high += PAGE;
    }
    return 1;
}

/* The module that a pc lies in; NULL where none is known. */
static const struct kaa_module *module_of(const struct kaa_unwind *unwind, u64 pc) {
    u64 list = load(&unwind->modules), count = list & 0xffff;
    const struct kaa_module *modules = (const struct kaa_module *)at(kaa_shared, list >> 16), *found = NULL;
    for (u64 low = 0; low < count;) {
        u64 middle = (low + count) / 2;
        if (modules[middle].start <= pc) {
            found = &modules[middle];
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return found != NULL && pc < found->end ? found : NULL;
}

static void find(const struct kaa_unwind *unwind, struct kaa_step *step, u64 pc) {
    const struct kaa_module *module = module_of(unwind, pc);
    struct kaa_rule none = {0, 0, 0, KAA_RULE_NONE, KAA_BP_UNKNOWN, 0, 0};
    step->rule = none;
    step->serial = 0;
    if (module == NULL)
        return;
    step->serial = module->serial;
    u64 first = module->first, count = module->rows, offset = pc - module->start;
    if (first > unwind->row_capacity || count > unwind->row_capacity - first)
        return;
    const struct kaa_row *rows = (const struct kaa_row *)at(kaa_shared, unwind->rows) + first, *found = NULL;
    for (u64 low = 0; low < count;) {
        u64 middle = (low + count) / 2;
        if (rows[middle].start <= offset) {
            found = &rows[middle];
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    if (found != NULL && found->rule < unwind->rule_capacity)
        step->rule = ((const struct kaa_rule *)at(kaa_shared, unwind->rules))[found->rule];
}

void kaa_find_rule(const struct kaa_unwind *unwind, struct kaa_step *step, u64 pc, u32 version) {
    step->version = 0;
    step->pc = pc;
    find(unwind, step, pc);
    step->version = version;
}

static enum kaa_move leave_signal(struct kaa_native *native, struct kaa_cursor *at) {
    u64 context = at->sp;
    if (!kaa_can_read(native, context + SIGNAL_BP) || !kaa_can_read(native, context + SIGNAL_PC))
        return KAA_LOST;
    at->bp = *(const u64 *)(context + SIGNAL_BP);
    at->sp = *(const u64 *)(context + SIGNAL_SP);
    at->pc = *(const u64 *)(context + SIGNAL_PC);
    at->bp_at = SIGNAL_BP;
    at->exact = 1;
    /* A handler on a stack of its own (sigaltstack): what it has interrupted lies elsewhere. */
    return at->sp > context || kaa_can_read(native, at->sp & ~7UL) ? KAA_MOVED : KAA_LOST;
}

static int frame_address(struct kaa_native *native, const struct kaa_rule *rule, const struct kaa_cursor *at, u64 *cfa) {
    u64 from = (rule->kind == KAA_RULE_BP || rule->kind == KAA_RULE_BP_DEREF ? at->bp : at->sp) + (u64)(i64)rule->cfa;
    switch (rule->kind) {
    case KAA_RULE_SP:
    case KAA_RULE_BP:
        *cfa = from;
        return 1;
    case KAA_RULE_PLT:
        *cfa = from + ((at->pc & 15) >= (u64)rule->add ? 8 : 0);
        return 1;
    case KAA_RULE_BP_DEREF:
    case KAA_RULE_SP_DEREF:
        if (!kaa_can_read(native, from))
            return 0;
        *cfa = *(const u64 *)from + (u64)(i64)rule->add;
        return 1;
    default:
        return 0;
    }
}

enum kaa_move kaa_step_out(struct kaa_native *native, const struct kaa_rule *rule, struct kaa_cursor *at) {
    if (rule->kind == KAA_RULE_END)
        return KAA_ENDED;
    if (rule->kind == KAA_RULE_SIGNAL)
        return leave_signal(native, at);
    u64 cfa;
    /* The stack grows downwards: a caller's frame lies above. */
    if (UNLIKELY(!frame_address(native, rule, at, &cfa) || cfa <= at->sp || !kaa_can_read(native, cfa - 8)))
        return KAA_LOST;
    at->bp_at = KAA_NOWHERE;
    if (rule->bp_kind == KAA_BP_AT_CFA || rule->bp_kind == KAA_BP_AT_BP) {
        u64 saved = (rule->bp_kind == KAA_BP_AT_CFA ? cfa : at->bp) + (u64)(i64)rule->bp;
        if (UNLIKELY(saved < at->sp - 128 || !kaa_can_read(native, saved)))
            return KAA_LOST;
        at->bp = *(const u64 *)saved;
        at->bp_at = (u32)(saved - at->sp);
    } else if (rule->bp_kind == KAA_BP_UNKNOWN) {
        at->bp = 0;
    }
    at->pc = *(const u64 *)(cfa - 8);
    at->sp = cfa;
    at->exact = 0;
    return at->pc != 0 ? KAA_MOVED : KAA_ENDED;
}
