/* Run when Kaa is built: prints what the mirrors in C# are compared with, a line for each structure ("name size") and each field ("name.field offset"). */
#include <stdio.h>
#include <stddef.h>
#include "memory.h"

#define STRUCTURE(type) printf(#type " %zu\n", sizeof(struct type))
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(struct type, field))

int main(void) {
    STRUCTURE(kaa_registers);
#define R(f) FIELD(kaa_registers, f)
    R(rax); R(rdx); R(rcx); R(rbx); R(rsi); R(rdi); R(rbp); R(rsp); R(r8); R(r9); R(r10); R(r11); R(r12); R(r13); R(r14); R(r15); R(rip); R(flags);
    STRUCTURE(kaa_python);
#define P(f) FIELD(kaa_python, f)
    P(form); P(search); P(state); P(frame); P(cframe_frame); P(code); P(back); P(instruction); P(instruction_size); P(owner); P(shim); P(thread_id); P(next);
    P(marks); P(code_mask); P(list);
    STRUCTURE(kaa_hook);
#define H(f) FIELD(kaa_hook, f)
    H(address); H(island); H(word); H(original); H(patched); H(patch_size); H(displaced); H(state); H(action); H(wants); H(program_size); H(texts);
    H(most_frames); H(hits); H(matches); H(unknown); H(lost); H(returns); H(reserved); H(program);
    STRUCTURE(kaa_event);
#define E(f) FIELD(kaa_event, f)
    E(mark); E(units); E(kind); E(flags); E(hook); E(tid); E(time); E(number); E(thread); E(stack); E(caller); E(registers); E(text_size);
    STRUCTURE(kaa_stack);
    FIELD(kaa_stack, hash); FIELD(kaa_stack, frames); FIELD(kaa_stack, depth);
    STRUCTURE(kaa_frame);
    FIELD(kaa_frame, code); FIELD(kaa_frame, instruction); FIELD(kaa_frame, print);
    STRUCTURE(kaa_park);
    FIELD(kaa_park, state); FIELD(kaa_park, reserved); FIELD(kaa_park, order); FIELD(kaa_park, event);
    STRUCTURE(kaa_trap);
    FIELD(kaa_trap, address); FIELD(kaa_trap, resume);
    STRUCTURE(kaa_state);
    FIELD(kaa_state, enabled); FIELD(kaa_state, own);
    STRUCTURE(kaa_header);
#define D(f) FIELD(kaa_header, f)
    D(magic); D(protocol); D(header_size); D(size); D(shared); D(image); D(image_size); D(state); D(build); D(hooks); D(hook_size); D(hook_count); D(traps);
    D(trap_size); D(trap_count); D(parks); D(park_size); D(park_count); D(buckets); D(bucket_count); D(arena); D(arena_size); D(ring); D(ring_units); D(pid);
    D(calls); D(tid); D(hook_capacity); D(trap_capacity); D(owner); D(trap_handler); D(gone); D(islands); D(python); D(heartbeat); D(tail); D(waits); D(parks_waiting); D(head); D(lost);
    D(arena_used); D(stacks_lost); D(order); D(number); D(memory);
    STRUCTURE(kaa_image);
#define I(f) FIELD(kaa_image, f)
    I(magic); I(protocol); I(text_size); I(size); I(shared); I(state); I(probe); I(trap); I(restorer); I(returns); I(wrap); I(own); I(domains); I(samples); I(arena); I(code_end);
    STRUCTURE(kaa_allocation);
    FIELD(kaa_allocation, what); FIELD(kaa_allocation, more);
    STRUCTURE(kaa_code);
    FIELD(kaa_code, key); FIELD(kaa_code, code); FIELD(kaa_code, print);
    STRUCTURE(kaa_node);
    FIELD(kaa_node, parent); FIELD(kaa_node, ready); FIELD(kaa_node, code); FIELD(kaa_node, instruction); FIELD(kaa_node, print);
    STRUCTURE(kaa_rule);
    FIELD(kaa_rule, cfa); FIELD(kaa_rule, add); FIELD(kaa_rule, bp); FIELD(kaa_rule, kind); FIELD(kaa_rule, bp_kind); FIELD(kaa_rule, evaluates);
    STRUCTURE(kaa_row);
    FIELD(kaa_row, start); FIELD(kaa_row, rule);
    STRUCTURE(kaa_module);
    FIELD(kaa_module, start); FIELD(kaa_module, end); FIELD(kaa_module, first); FIELD(kaa_module, rows); FIELD(kaa_module, serial);
    STRUCTURE(kaa_unwind);
    FIELD(kaa_unwind, modules); FIELD(kaa_unwind, version); FIELD(kaa_unwind, rows); FIELD(kaa_unwind, row_capacity); FIELD(kaa_unwind, rules); FIELD(kaa_unwind, rule_capacity);
    STRUCTURE(kaa_native);
    STRUCTURE(kaa_thread);
    FIELD(kaa_thread, tid);
    STRUCTURE(kaa_place);
    FIELD(kaa_place, pointer); FIELD(kaa_place, left); FIELD(kaa_place, outer); FIELD(kaa_place, tid); FIELD(kaa_place, number);
    STRUCTURE(kaa_own);
    FIELD(kaa_own, memory); FIELD(kaa_own, domains); FIELD(kaa_own, small); FIELD(kaa_own, arena); FIELD(kaa_own, places); FIELD(kaa_own, filter);
    FIELD(kaa_own, left); FIELD(kaa_own, raw); FIELD(kaa_own, code_end); FIELD(kaa_own, codes_gone); FIELD(kaa_own, codes_told); FIELD(kaa_own, lives);
    STRUCTURE(kaa_snapshot);
    FIELD(kaa_snapshot, size); FIELD(kaa_snapshot, code); FIELD(kaa_snapshot, print); FIELD(kaa_snapshot, ready);
    STRUCTURE(kaa_memory);
#define M(f) FIELD(kaa_memory, f)
    M(size); M(recording); M(session); M(threads); M(nodes); M(node_capacity); M(node_index); M(node_index_size); M(codes); M(codes_size); M(snapshots);
    M(snapshots_size); M(ring); M(ring_units); M(sample); M(sampled); M(sampled_size); M(draws); M(patience); M(code_size); M(code_texts); M(length); M(unit); M(extra);
    M(chunk); M(chunks); M(ring_shift); M(unwind); M(natives); M(entry); M(cframe_back); M(mark); M(generator); M(contents); M(bytes_data); M(text_data); M(text_state); M(text_ascii); M(tail); M(room); M(head); M(lost); M(node_count); M(nodes_lost); M(threads_lost); M(snapshots_used); M(blocked);
    return 0;
}
