/* block.h - a block of tokens goes through a model: embedding, layers and head.
 *
 * A layer is x += mixer(RMSNorm(x)), x += SwiGLU(RMSNorm(x)). The arithmetic of a token is the same in
 * every block, so results do not depend on how a text is cut.
 * SPDX-License-Identifier: MIT */
#ifndef BT_BLOCK_H
#define BT_BLOCK_H

#include "session.h"

/* The block of tokens that is going through the model of a session. */
typedef struct bt_block {
    bt_session *s;
    const bt_kernels *k;
    size_t tokens;   /* up to BT_SESSION_BLOCK */
    float *surprise; /* [tokens] summed over the layers, or NULL */
} bt_block;

/* The tokens ids [tokens] go through embedding and layers, whose memories learn. The final RMSNorm of
 * each is then in the session's n [tokens][dim], and that of the last one in `last`. */
void bt_block_read(const bt_block *b, const uint32_t *ids);
/* logits [rows][vocab] of final RMSNorms n [rows][dim]; rows up to BT_LOGIT_SLICE. */
void bt_block_head(const bt_block *b, const float *n, float *logits, size_t rows);

#endif
