/* session_recall.h - the recall of a session (src/recall) and the head that adapts with it.
 *
 * The base distribution is softmax(sharpness * logits + bias). Both learn from each token by one
 * step of gradient descent on its cross-entropy, weighted by the base's part in the mixture, so that
 * they leave to the recall what it foresees better.
 *
 * A model may bring along what its recalls begin with, fitted to it by bench/fit-recall.mjs: the tensor
 * BT_RECALL_NAME, f32 [BT_RECALL_START], the first weights of the mixture (recall/gates.h) and the learning rates of
 * bias and sharpness.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SESSION_RECALL_H
#define BT_SESSION_RECALL_H

#include "../recall/recall.h"
#include "sampler.h"

#include <bit_ttt/llama.h>

struct bitllama_session;

typedef struct bt_session_recall {
    ttt_recall *memory; /* NULL: the session has none, and nothing else here counts */
    bool generated;     /* remember what the session writes */
    bool predicted;     /* `logits` and `weights` are those of the token to come */
    float bias_rate, sharpness_rate;
    float sharpness;
    float *bias;    /* [vocab] */
    float *logits;  /* [vocab] of the model */
    float *weights; /* [vocab] exp(sharpness * logits + bias) up to a factor: */
    float inverse;  /* times this they are the base distribution */
    float log_sum;  /* log of the sum of exp(sharpness * logits + bias) */
} bt_session_recall;

/* Takes memory for a recall with these options. */
int bt_session_recall_init(struct bitllama_session *s, const bitllama_session_options *options);
/* The options' number: 0 without a recall. */
uint32_t bt_session_recall_capacity(const struct bitllama_session *s);
int bt_session_recall_fork(struct bitllama_session *to, const struct bitllama_session *from);
void bt_session_recall_reset(struct bitllama_session *s);

/* Makes the base distribution of the token to come from the model's logits [vocab], which must stay
 * as long as it is used. */
void bt_session_recall_predict(struct bitllama_session *s, const float *logits);
/* After that: log p(token) by the mixture. */
float bt_session_recall_log_probability(struct bitllama_session *s, uint32_t token);
/* The mixture, made in values [vocab]. Its logits differ from its log-probabilities by a constant, so
 * that a session that has read nothing has the model's. */
bt_choices bt_session_recall_choices(struct bitllama_session *s, float *values);
/* The token came: recall, sharpness and bias learn from it; and it came, but nothing learns. */
void bt_session_recall_learn(struct bitllama_session *s, const float *logits, uint32_t token);
void bt_session_recall_pass(struct bitllama_session *s, uint32_t token);

/* The part of a saved session, from sharpness on; 0 bytes without a recall. Loading none empties the
 * recall. */
size_t bt_session_recall_state_size(const struct bitllama_session *s);
void bt_session_recall_save(const struct bitllama_session *s, uint8_t *p);
int bt_session_recall_load(struct bitllama_session *s, const uint8_t *p, size_t size);

#endif
