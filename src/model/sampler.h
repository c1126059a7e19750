/* sampler.h - draws the next token from logits, the same on every target for one seed.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SAMPLER_H
#define BT_SAMPLER_H

#include "../kernels/kernels.h"

#include <bit_ttt/llama.h>

#define BT_PENALTY_WINDOW 64u /* latest tokens, which the repetition penalty applies to */

typedef struct bt_candidate {
    float weight;
    uint32_t id;
} bt_candidate;

typedef struct bt_sampler {
    size_t vocab;             /* a multiple of 16 */
    float *weights;           /* [vocab] of the candidates */
    bt_candidate *candidates; /* [vocab] */
    uint32_t *places;         /* [vocab] */
} bt_sampler;

/* Places the arrays in work [BT_SAMPLER_FLOATS * vocab], which may be overwritten between draws. */
#define BT_SAMPLER_FLOATS 4u
void bt_sampler_init(bt_sampler *s, size_t vocab, float *work);

/* NULL, or what is wrong with the options. */
const char *bt_sampling_problem(const bitllama_sampling *o);

/* What is drawn from: logits, or probabilities p whose logits are ln p + add. */
typedef struct bt_choices {
    float *values; /* [vocab], overwritten */
    bool probabilities;
    float add; /* 0 for logits */
} bt_choices;

/* The logits of n values of the choices, a multiple of 16; they may be in place. */
void bt_choices_logits(const bt_choices *c, const float *values, float *logits, size_t n);

/* Draws a token; recent: the tokens that the repetition penalty applies to. The random number depends
 * only on the seed and on `position`. Ties go to the smaller id. */
uint32_t bt_sampler_draw(const bt_sampler *s, const bitllama_sampling *o, const bt_choices *c,
                         const uint32_t *recent, size_t recent_count, uint64_t position);

#endif
