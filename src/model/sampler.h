/* sampler.h - chooses the next token from logits; the same token everywhere for one seed.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SAMPLER_H
#define BT_SAMPLER_H

#include "../kernels/kernels.h"

#define BT_PENALTY_WINDOW 64u /* tokens that the repetition penalty remembers */

typedef struct bt_sampling {
    float temperature; /* 0: greedy */
    uint32_t top_k;    /* 0: off */
    float top_p;       /* 1: off (Holtzman et al. 2020, arXiv 1904.09751) */
    float min_p;       /* 0: off; relative to the likeliest token (arXiv 2407.01082) */
    float repetition_penalty; /* 1: off (Keskar et al. 2019, arXiv 1909.05858, section 4.1) */
    uint64_t seed;
} bt_sampling;

typedef struct bt_candidate {
    float weight;
    uint32_t id;
} bt_candidate;

typedef struct bt_sampler {
    bt_sampling options;
    uint64_t drawn; /* tokens drawn: with the seed, the whole state of the generator */
    uint32_t recent[BT_PENALTY_WINDOW];
    size_t recent_count;
    size_t vocab;
    float *weights;           /* [vocab rounded up to 16] */
    bt_candidate *candidates; /* [vocab] */
} bt_sampler;

void bt_sampling_init(bt_sampling *o); /* temperature 0.8, top_p 0.95, nothing else */
/* NULL, or what is wrong with the options. */
const char *bt_sampling_problem(const bt_sampling *o);

bool bt_sampler_init(bt_sampler *s, const bt_sampling *o, size_t vocab); /* false: no memory */
void bt_sampler_free(bt_sampler *s);

/* Draws one token; logits [vocab] are not changed. Ties go to the smaller id. */
uint32_t bt_sampler_draw(bt_sampler *s, const float *logits);
/* Lets the repetition penalty know a token, drawn or given. */
void bt_sampler_note(bt_sampler *s, uint32_t id);

#endif
