/* Numbers that entry.S shares with protocol.h; check.c compares them. */
#define KAA_PROTOCOL 4
#define KAA_RETURNS 1024
#define KAA_REGISTER_WORDS 18
#define KAA_PIECE_HOOK 0
#define KAA_PIECE_RETURN 43
#define KAA_PIECE_DISPLACED 51
#define KAA_PIECE_WRAPPED 198
#define KAA_PLACE_OUTER 16
