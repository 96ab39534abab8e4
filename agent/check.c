/* Compiled, never run: the numbers that are written in two places are the same. */
#include "memory.h"

#define CHECK(name, condition) _Static_assert(condition, name)
#define PROTOCOL_PROTOCOL KAA_PROTOCOL
enum { protocol = KAA_PROTOCOL, returns = KAA_RETURNS, hook = KAA_PIECE_HOOK, back = KAA_PIECE_RETURN, displaced = KAA_PIECE_DISPLACED, wrapped = KAA_PIECE_WRAPPED };
#undef KAA_PROTOCOL
#undef KAA_RETURNS
#undef KAA_PIECE_HOOK
#undef KAA_PIECE_RETURN
#undef KAA_PIECE_DISPLACED
#undef KAA_PIECE_WRAPPED
#include "sizes.h"
CHECK("new", KAA_NEW > KAA_MOST_NESTED && sizeof(struct kaa_place) > KAA_IS_NEW);
CHECK("protocol", protocol == KAA_PROTOCOL);
CHECK("returns", returns == KAA_RETURNS);
CHECK("piece", hook == KAA_PIECE_HOOK && back == KAA_PIECE_RETURN && displaced == KAA_PIECE_DISPLACED && wrapped == KAA_PIECE_WRAPPED);
CHECK("registers", sizeof(struct kaa_registers) == 8 * KAA_REGISTER_WORDS);
CHECK("hook", sizeof(struct kaa_hook) == 512);
CHECK("park", sizeof(struct kaa_park) == 1024);
CHECK("texts fit", sizeof(struct kaa_event) + KAA_TEXTS * KAA_TEXT <= 1008);
CHECK("header", sizeof(struct kaa_header) <= 4096);
CHECK("allocation", sizeof(struct kaa_allocation) == 16);
CHECK("place", sizeof(struct kaa_place) == 32 && __builtin_offsetof(struct kaa_place, outer) == KAA_PLACE_OUTER);

CHECK("wrap", __builtin_offsetof(struct kaa_hook, reserved) == KAA_HOOK_FUNCTION && KAA_MMAP == KAA_MOST_NESTED && KAA_MALLOC + KAA_SAMPLED == KAA_SAMPLED_MALLOC);
CHECK("wrap of realloc", KAA_REALLOC + KAA_SAMPLED == KAA_SAMPLED_REALLOC);
CHECK("wrap of free", KAA_FREE_BLOCK + KAA_SAMPLED == KAA_SAMPLED_FREE && KAA_FILTER == 1 << 16);
CHECK("places", KAA_PLACES == KAA_PLACE_COUNT && sizeof(struct kaa_place) == 1 << KAA_PLACE_BITS && __builtin_offsetof(struct kaa_place, left) == KAA_PLACE_LEFT);
CHECK("own", __builtin_offsetof(struct kaa_own, places) == KAA_OWN_PLACES && __builtin_offsetof(struct kaa_own, filter) == KAA_OWN_FILTER);

CHECK("node", sizeof(struct kaa_node) == 32);
CHECK("rule", sizeof(struct kaa_rule) == 16 && sizeof(struct kaa_row) == 8 && sizeof(struct kaa_module) == 32 && sizeof(struct kaa_step) == 32);
CHECK("frames by place", KAA_SHADOW <= 65535);
