/* pieces.h - the bytes of each token, from the tokenizer.json that a model carries.
 * SPDX-License-Identifier: MIT */
#ifndef BT_PIECES_H
#define BT_PIECES_H

#include "model.h"

/* The bytes of a token; none for ids that the tokenizer lacks, and for its special tokens. */
typedef struct bt_piece {
    const uint8_t *bytes;
    uint32_t length;
    bool letters; /* begins with a letter or an apostrophe, or inside a character */
    bool spaced;  /* does so after a space */
} bt_piece;

typedef struct bt_pieces {
    bt_piece *of;      /* [vocab of the model] */
    uint32_t *ordered; /* [count] the tokens that have bytes, by these and then by id */
    uint32_t count;
    bt_region blocks; /* all that it points to */
} bt_pieces;

/* The pieces of a model, made at the first call, by any thread, and kept with it. Errors:
 * OUT_OF_MEMORY, INVALID_DATA (no tokenizer, or none that is byte-level BPE). */
int bt_pieces_of(bt_model *model, const bt_pieces **pieces);
void bt_pieces_free(bt_pieces *pieces); /* NULL is fine */
size_t bt_pieces_bytes(const bt_pieces *pieces);

/* Tokens ordered[*begin .. *end) begin with text[length]. */
void bt_pieces_range(const bt_pieces *pieces, const uint8_t *text, size_t length, uint32_t *begin,
                     uint32_t *end);

#endif
