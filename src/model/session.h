/* session.h - one reader of a model: its memories and its buffers, all taken at creation.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SESSION_H
#define BT_SESSION_H

#include "model.h"

#define BT_SESSION_BLOCK 64u

typedef struct bt_session_layer {
    float *tiles;      /* [heads][tile floats of a head] */
    float *q, *r;      /* [BT_SESSION_BLOCK + 1][width], row 0 the token before */
} bt_session_layer;

typedef struct bt_session {
    bt_model *model;
    bt_session_layer *layers;
    uint64_t tokens;
    float *x, *n;           /* [block][dim] */
    float *v, *gates;       /* [block][width], [block][gate stride] */
    float *a, *b;           /* [block][mlp] */
    float *last;            /* [dim] final norm of the last token */
    float *logits;          /* [block][vocab] */
    void *activations;
    int32_t sums[BT_SESSION_BLOCK];
    float multipliers[BT_SESSION_BLOCK];
} bt_session;

/* NULL when out of memory. Shares the model. */
bt_session *bt_session_create(bt_model *model);
void bt_session_destroy(bt_session *s); /* NULL is fine */
void bt_session_reset(bt_session *s);

/* Reads n ids below vocab. logprobs [n] (may be NULL) gets log p(id | all before); the very first
 * token of a session is given uniform probability. */
void bt_session_read(bt_session *s, const uint32_t *ids, size_t n, float *logprobs);

/* Logits [vocab] for the token to come; valid until the next call. Zeros before the first token. */
const float *bt_session_logits(bt_session *s);

/* session_state.c: what a session remembers, as bytes of constant size. Status codes of base.h:
 * BUFFER_SIZE; STATE_DAMAGED, STATE_VERSION, STATE_WEIGHTS (another model's), nothing changed. */
size_t bt_session_state_size(const bt_session *s);
int bt_session_save(const bt_session *s, void *buffer, size_t size);
int bt_session_load(bt_session *s, const void *buffer, size_t size);
bt_session *bt_session_fork(const bt_session *from); /* NULL when out of memory */

#endif
