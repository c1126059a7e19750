/* session.h - one reader of a model: its memories and its buffers, all taken at creation.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SESSION_H
#define BT_SESSION_H

#include "model.h"
#include "sampler.h"

#define BT_SESSION_BLOCK 16u /* tokens that go through the layers together */
#define BT_LOGIT_SLICE 8u    /* of which that many get logits at a time */

typedef struct bt_session_layer {
    float *tiles; /* [heads][tile floats of a head] */
    float *q, *r; /* [width]: feature and reading of the last token */
} bt_session_layer;

typedef struct bitllama_session {
    bt_model *model;
    bt_session_layer *layers;
    uint64_t tokens;
    bool frozen;
    uint32_t recent[BT_PENALTY_WINDOW]; /* token i of the text at i mod the window's size */
    float *last;                        /* [dim] final norm of the last token */

    float *x, *n;       /* [block][dim] */
    float *row;         /* [the widest of all] */
    float *work;        /* what the others lie in: a mixer's, a feed-forward's, or the head's */
    float *q, *r;       /* [block + 1][width], row 0 the token before */
    float *v, *gates;   /* [block][width], [block][gate stride] */
    float *a, *b;       /* [block][mlp] */
    float *logits;      /* [slice][vocab] */
    bt_sampler sampler; /* in the place of all logits but the first row */
    void *activations;
    int32_t sums[BT_SESSION_BLOCK];
    float multipliers[BT_SESSION_BLOCK];
} bt_session;

/* Tokens in `recent`. */
static inline size_t bt_recent_count(const bt_session *s)
{
    return s->tokens < BT_PENALTY_WINDOW ? (size_t)s->tokens : BT_PENALTY_WINDOW;
}

#endif
