/* session.h - one reader of a model: its memories, and its buffers for a block of tokens.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SESSION_H
#define BT_SESSION_H

#include "model.h"
#include "sampler.h"
#include "session_recall.h"

#define BT_SESSION_BLOCK 16u /* tokens that go through the layers together */
#define BT_LOGIT_SLICE 8u    /* tokens that go through the head together */

/* Limits of what a session's head learns (session_recall.h). */
#define BT_BIAS_LIMIT 20.0f
#define BT_LEAST_SHARPNESS 0.25f
#define BT_MOST_SHARPNESS 1.5f

/* The memory of a layer after the last token. S is without the update by this token, which the pass
 * over the next token makes. */
typedef struct bt_session_layer {
    float *tiles; /* S of each head in tiles (kernels/layout.h) */
    float *q, *r; /* [width]: feature and reading of the last token */
} bt_session_layer;

typedef struct bitllama_session {
    bt_model *model;
    bt_session_layer *layers;
    uint64_t tokens; /* read so far */
    bool frozen;
    uint32_t recent[BT_PENALTY_WINDOW]; /* ring buffer of ids: token i is at i mod its size */
    float *last;                        /* [dim] the final RMSNorm of the last token */
    bt_session_recall recall;
    bt_region blocks; /* everything that the session points to, but recall.memory */

    float *x, *n;   /* [block][dim] residual stream, and RMSNorm of it */
    float *scratch; /* [width of the widest row] */
    void *activations;
    int32_t sums[BT_SESSION_BLOCK];      /* of each token's activations */
    float multipliers[BT_SESSION_BLOCK]; /* the steps of each token's activations */

    /* Mixer, feed-forward and head run one after the other, so their buffers share memory. */
    float *q, *r;       /* mixer [block + 1][width]; row 0: the token before the block */
    float *v, *gates;   /* mixer [block][width], [block][gate stride] */
    float *gate, *up;   /* feed-forward [block][mlp] */
    float *logits;      /* head [slice][vocab] */
    bt_sampler sampler; /* its arrays lie behind the first row of logits */
} bt_session;

/* Makes `to`, a session of the same model, one that has read what `from` has, but for the recall. */
void bt_session_copy(bt_session *to, const bt_session *from);

/* Number of tokens in `recent`. */
static inline size_t bt_recent_count(const bt_session *s)
{
    return s->tokens < BT_PENALTY_WINDOW ? (size_t)s->tokens : BT_PENALTY_WINDOW;
}

#endif
