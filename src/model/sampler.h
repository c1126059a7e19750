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
    float *weights;           /* [vocab] */
    bt_candidate *candidates; /* [vocab] */
    uint32_t *places;         /* [vocab] */
} bt_sampler;

/* Places the arrays in work [BT_SAMPLER_FLOATS * vocab], which may be overwritten between draws. */
#define BT_SAMPLER_FLOATS 4u
void bt_sampler_init(bt_sampler *s, size_t vocab, float *work);

/* NULL, or what is wrong with the options. */
const char *bt_sampling_problem(const bitllama_sampling *o);

/* Draws a token from logits [vocab]; recent: the tokens that the repetition penalty applies to.
 * The random number depends only on the seed and on `position`. Ties go to the smaller id. */
uint32_t bt_sampler_draw(const bt_sampler *s, const bitllama_sampling *o, const float *logits,
                         const uint32_t *recent, size_t recent_count, uint64_t position);

#endif
