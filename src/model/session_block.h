/* session_block.h - the block of tokens that is going through a model, and the head of a session.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SESSION_BLOCK_H
#define BT_SESSION_BLOCK_H

#include "session.h"

typedef struct bt_block {
    bt_session *s;
    const bt_kernels *k;
    size_t tokens;
    float *surprise; /* [tokens] summed over the layers, or NULL */
} bt_block;

/* Quantises x [tokens][n] to int8, with a sum and a step for each token: x ~ int8 * step. */
static inline void bt_block_quantize(const bt_block *b, const float *x, size_t n, size_t tokens)
{
    bt_session *s = b->s;
    if (s->model->params.config.float_activations) return;
    bt_quantize op = {.x = x,
                      .n = n,
                      .stride = n,
                      .tokens = tokens,
                      .activations = s->activations,
                      .sums = s->sums,
                      .steps = s->multipliers};
    b->k->quantize(&op);
}

/* The recall looks ahead between other work, as its steps wait for memory. Returns whether it can go
 * on. */
static inline bool bt_block_look_ahead(const bt_block *b)
{
    return b->s->recall.memory && bt_recall_look_ahead(b->s->recall.memory);
}

/* logits [rows][vocab] = n w^T with the bias if the model has one, where n [rows][dim] is the final
 * RMSNorm of at most BT_LOGIT_SLICE tokens. */
void bt_block_head(const bt_block *b, const float *n, float *logits, size_t rows);
/* logits [vocab] of the next token; zeros if nothing has been read. Returns them. */
float *bt_block_next(const bt_block *b, float *logits);
/* With recall: the model's logits of the next token, from which it has predicted. Both are kept until
 * a token is read. */
float *bt_block_predict(const bt_block *b);

#endif
