/* test_sampler.c - drawing a token: the shares of candidates, limits, the penalty; and what is drawn
 * by the largest weights, from logits or from probabilities, is what the definition draws.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "support.h"

#include "base/hash.h"
#include "model/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* bt_sampler_draw from a copy of the logits. */
static uint32_t draw(const bt_sampler *s, const bitllama_sampling *o, const float *logits,
                     const uint32_t *recent, size_t count, uint64_t position)
{
    float values[VOCAB];
    memcpy(values, logits, sizeof values);
    bt_choices choices = {.values = values};
    return bt_sampler_draw(s, o, &choices, recent, count, position);
}

static void draws(const bitllama_sampling *o, const float *logits, size_t n, size_t counts[VOCAB])
{
    bt_sampler s;
    float *work = must_alloc(BT_SAMPLER_FLOATS * VOCAB * sizeof *work);
    bt_sampler_init(&s, VOCAB, work);
    memset(counts, 0, VOCAB * sizeof *counts);
    for (size_t i = 0; i < n; i++) counts[draw(&s, o, logits, NULL, 0, i)]++;
    free(work);
}

static void sampling(void)
{
    enum { DRAWS = 20000 };
    float logits[VOCAB];
    size_t counts[VOCAB];
    bitllama_sampling o;
    for (size_t i = 0; i < VOCAB; i++) logits[i] = i < 4 ? logf((float)(4 - i)) : -30.0f;
    bitllama_sampling_init(&o);
    o.temperature = 1;
    o.min_p = 0;
    o.repetition_penalty = 1;
    draws(&o, logits, DRAWS, counts); /* 0.4, 0.3, 0.2, 0.1 */
    for (size_t i = 0; i < 4; i++)
        CHECK_AT_MOST(fabs((double)counts[i] / DRAWS - 0.1 * (double)(4 - i)), 0.015);
    o.top_k = 2;
    draws(&o, logits, DRAWS, counts);
    CHECK_EQ(counts[0] + counts[1], DRAWS);
    CHECK_AT_MOST(fabs((double)counts[0] / DRAWS - 4.0 / 7), 0.015);
    o.top_k = 0;
    o.top_p = 0.65f; /* 0.4 + 0.3 is the first sum to reach it */
    draws(&o, logits, DRAWS, counts);
    CHECK_EQ(counts[0] + counts[1], DRAWS);
    o.top_p = 1;
    o.min_p = 0.6f; /* of 0.4: 0.24 */
    draws(&o, logits, DRAWS, counts);
    CHECK_EQ(counts[0] + counts[1], DRAWS);
    o.min_p = 0;
    o.temperature = 1e-45f; /* its reciprocal is infinite */
    draws(&o, logits, 10, counts);
    CHECK_EQ(counts[0], 10);
    o.temperature = 0;
    draws(&o, logits, 10, counts);
    CHECK_EQ(counts[0], 10);
    bt_sampler s;
    float *work = must_alloc(BT_SAMPLER_FLOATS * VOCAB * sizeof *work);
    const uint32_t recent[] = {0, 0};
    o.repetition_penalty = 2;
    bt_sampler_init(&s, VOCAB, work);
    CHECK_EQ(draw(&s, &o, logits, recent, 2, 0), 1); /* ln 4 / 2 < ln 3 */
    free(work);
}

/* 1 / 1.1 is below 0.96, so that the usual penalty makes the second token the likelier one. */
static void usual_penalty(void)
{
    bt_sampler s;
    float *work = must_alloc(BT_SAMPLER_FLOATS * VOCAB * sizeof *work);
    bitllama_sampling o;
    float logits[VOCAB] = {1, 0.96f};
    const uint32_t recent[] = {0, 0, 0};
    bt_sampler_init(&s, VOCAB, work);
    bitllama_sampling_init(&o);
    o.temperature = 1e-4f;
    CHECK_EQ(draw(&s, &o, logits, recent, 0, 0), 0);
    CHECK_EQ(draw(&s, &o, logits, recent, 3, 0), 1);
    o.repetition_penalty = 1;
    CHECK_EQ(draw(&s, &o, logits, recent, 3, 0), 0);
    o.repetition_penalty = 0;
    o.temperature = 0; /* the likeliest is the likeliest */
    CHECK_EQ(draw(&s, &o, logits, recent, 3, 0), 0);
    free(work);
}

/* ---- against the definition ------------------------------------------------------------------ */

enum { MANY = 1024, RECENT = 9 };

/* All weights are made, all that may be taken are sorted. w [MANY]: logits, overwritten; `recent`
 * without repetitions. */
static uint32_t defined_draw(const bitllama_sampling *o, float *w, const uint32_t *recent,
                             uint64_t position)
{
    const bt_kernels *k = bt_kernels_active();
    float penalty = o->repetition_penalty, sum = 0.0f, reached = 0.0f;
    for (size_t i = 0; i < RECENT; i++)
        w[recent[i]] = w[recent[i]] > 0.0f ? w[recent[i]] / penalty : w[recent[i]] * penalty;
    uint32_t best = k->largest_place(w, MANY), order[MANY], n = 0, taken = 0;
    if (o->temperature == 0.0f) return best;
    float total = k->softmax_weights(w, MANY, w[best], 1.0f / o->temperature);
    for (uint32_t i = 0; i < MANY; i++) {
        if (!(w[i] >= o->min_p)) continue;
        uint32_t at = n++;
        for (; at > 0 && w[order[at - 1]] < w[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    if (o->top_k && n > o->top_k) n = o->top_k;
    while (taken < n && (taken == 0 || sum < o->top_p * total)) sum += w[order[taken++]];
    uint64_t bits = bt_mix64(bt_mix64(o->seed + BT_GOLDEN) ^ (position + 1) * BT_GOLDEN);
    float target = (float)(bits >> 40) * 0x1p-24f * sum;
    uint32_t at = 0;
    for (; at < taken && reached <= target; at++) reached += w[order[at]];
    return order[at - 1];
}

/* Options of all kinds, so that some draws need the sum of all weights and some do not. */
static bitllama_sampling some_options(rng *r)
{
    static const float temperatures[] = {0, 0.05f, 0.7f, 1, 3},
                       limits[] = {0, 1e-7f, 0.02f, 0.1f, 1}, parts[] = {1, 1, 0.9f},
                       penalties[] = {1, 1.1f, 5};
    static const uint32_t most[] = {0, 0, 1, 5};
    bitllama_sampling o;
    bitllama_sampling_init(&o);
    o.temperature = temperatures[rng_below(r, 5)];
    o.min_p = limits[rng_below(r, 5)];
    o.top_p = parts[rng_below(r, 3)];
    o.repetition_penalty = penalties[rng_below(r, 3)];
    o.top_k = most[rng_below(r, 4)];
    o.seed = rng_next(r);
    return o;
}

/* Logits of several spreads, some equal to others; as probabilities they sum to about 1. */
static void some_values(rng *r, bool probabilities, float values[MANY])
{
    static const float spreads[] = {0, 0.01f, 1, 4, 12};
    float spread = spreads[rng_below(r, 5)], sum = 0;
    for (size_t i = 0; i < MANY; i++) values[i] = spread * rng_float(r, -1, 1);
    for (size_t i = 0; i < MANY / 4; i++) values[rng_below(r, MANY)] = values[rng_below(r, MANY)];
    if (!probabilities) return;
    for (size_t i = 0; i < MANY; i++) sum += values[i] = expf(values[i]);
    for (size_t i = 0; i < MANY; i++) values[i] /= sum;
}

static void as_defined(void)
{
    rng r = {11};
    bt_sampler s;
    float *work = must_alloc(BT_SAMPLER_FLOATS * MANY * sizeof *work), values[MANY], logits[MANY];
    bt_sampler_init(&s, MANY, work);
    for (uint64_t turn = 0; turn < (check_quick() ? 400 : 20000); turn++) {
        bitllama_sampling o = some_options(&r);
        bt_choices c = {.values = values, .probabilities = turn % 2 == 1};
        if (c.probabilities) c.add = rng_float(&r, -30, 30);
        some_values(&r, c.probabilities, values);
        bt_choices_logits(&c, values, logits, MANY);
        uint32_t recent[2 * RECENT]; /* the likeliest and its neighbours, twice */
        uint32_t best = bt_kernels_active()->largest_place(values, MANY);
        for (uint32_t i = 0; i < 2 * RECENT; i++) recent[i] = (best + i % RECENT) % MANY;
        check_context("turn %d", (int)turn);
        CHECK_EQ(bt_sampler_draw(&s, &o, &c, recent, 2 * RECENT, turn),
                 defined_draw(&o, logits, recent, turn));
    }
    free(work);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"sampling", sampling},
        {"usual_penalty", usual_penalty},
        {"as_defined", as_defined},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
