/* sampler.c - greedy and random choice among candidates in a defined order.
 * SPDX-License-Identifier: MIT */
#include "sampler.h"

#include "../base/hash.h"

#include <string.h>

void bitllama_sampling_init(bitllama_sampling *sampling)
{
    if (!sampling) return;
    *sampling = (bitllama_sampling){
        .size = sizeof *sampling, .temperature = 0.7f, .top_p = 1.0f, .min_p = 0.1f, .seed = 1};
}

const char *bt_sampling_problem(const bitllama_sampling *o)
{
    if (o->size != sizeof *o) return "the options' size field is wrong";
    if (!(o->temperature >= 0.0f && o->temperature <= 100.0f))
        return "temperature must be 0 to 100";
    if (!(o->top_p > 0.0f && o->top_p <= 1.0f)) return "top_p must be above 0 and at most 1";
    if (!(o->min_p >= 0.0f && o->min_p <= 1.0f)) return "min_p must be 0 to 1";
    bool usual = o->repetition_penalty == 0.0f;
    if (!usual && !(o->repetition_penalty >= 1.0f && o->repetition_penalty <= 10.0f))
        return "repetition_penalty must be 0 or 1 to 10";
    return NULL;
}

void bt_sampler_init(bt_sampler *s, size_t vocab, float *work)
{
    _Static_assert(sizeof(bt_candidate) + sizeof(uint32_t) + sizeof(float) ==
                       BT_SAMPLER_FLOATS * sizeof(float),
                   "a sampler's arrays fit its floats");
    *s = (bt_sampler){.vocab = vocab,
                      .weights = work,
                      .candidates = (bt_candidate *)(void *)(work + vocab),
                      .places = (uint32_t *)(void *)(work + 3 * vocab)};
}

/* The default is 1.1, as a memory that has learned a sentence tends to repeat it (a third of the
 * stories do so without a penalty: models/README.md). Greedy choice has none by default, since it
 * serves to show what the model knows. */
static float penalty_of(const bitllama_sampling *o)
{
    if (o->repetition_penalty != 0.0f) return o->repetition_penalty;
    return o->temperature == 0.0f ? 1.0f : 1.1f;
}

/* Divides positive logits of recent tokens by the penalty and multiplies negative ones by it, once
 * for each token. */
static void penalize(const bt_sampler *s, float penalty, const uint32_t *recent, size_t n)
{
    if (penalty == 1.0f) return;
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++) again |= recent[j] == recent[i];
        float *w = &s->weights[recent[i]];
        if (!again) *w = *w > 0.0f ? *w / penalty : *w * penalty;
    }
}

static bool before(bt_candidate a, bt_candidate b)
{
    return a.weight > b.weight || (a.weight == b.weight && a.id < b.id);
}

static void sift(bt_candidate *heap, size_t n, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], heap[i])) return;
        bt_candidate moved = heap[i];
        heap[i] = heap[child];
        heap[child] = moved;
    }
}

/* Uniform in [0, 1), from a counter: bt_mix64 twice, so that the numbers of neighbouring seeds are
 * not shifts of each other. */
static float uniform(uint64_t seed, uint64_t position)
{
    uint64_t stream = bt_mix64(seed + BT_GOLDEN);
    return (float)(bt_mix64(stream ^ (position + 1) * BT_GOLDEN) >> 40) * 0x1p-24f;
}

/* Only candidates of at least this weight are sorted. min-p takes no smaller ones. Nor does top-p:
 * all of them together weigh less than half of (1 - top_p) * total, so the larger ones reach the sum
 * top_p * total first, even with rounding errors (n <= 65536 additions lose less than 0.4 %). */
static float least_weight(const bitllama_sampling *o, float total, float top, size_t n)
{
    float least = o->min_p * top, left_out = 1.0f - o->top_p;
    if (left_out >= 0.01f) {
        float of_top_p = 0.5f * left_out * total / (float)n;
        if (of_top_p > least) least = of_top_p;
    }
    return least;
}

/* Takes candidates from a heap, the likeliest first, up to the limit by top-k, top-p or min-p. They
 * end at *end, the likeliest last. Returns their number and sets *sum to the sum of their weights. */
static size_t select(const bt_sampler *s, const bitllama_sampling *o, float total, float top,
                     const bt_candidate **end, float *sum)
{
    bt_candidate *heap = s->candidates;
    size_t n = bt_kernels_active()->places_above(
        s->weights, s->vocab, least_weight(o, total, top, s->vocab), s->places, s->vocab);
    size_t most = o->top_k && o->top_k < n ? o->top_k : n, taken = 0;
    for (size_t i = 0; i < n; i++) heap[i] = (bt_candidate){s->weights[s->places[i]], s->places[i]};
    for (size_t i = n / 2; i-- > 0;) sift(heap, n, i);
    *end = heap + n;
    *sum = 0.0f;
    while (taken < most && (taken == 0 || *sum < o->top_p * total)) {
        bt_candidate first = heap[0];
        heap[0] = heap[n - ++taken];
        heap[n - taken] = first;
        sift(heap, n - taken, 0);
        *sum += first.weight;
    }
    return taken;
}

uint32_t bt_sampler_draw(const bt_sampler *s, const bitllama_sampling *o, const float *logits,
                         const uint32_t *recent, size_t recent_count, uint64_t position)
{
    const bt_kernels *k = bt_kernels_active();
    float penalty = penalty_of(o);
    if (o->temperature == 0.0f && penalty == 1.0f) return k->largest_place(logits, s->vocab);
    memcpy(s->weights, logits, s->vocab * sizeof *logits);
    penalize(s, penalty, recent, recent_count);
    uint32_t best = k->largest_place(s->weights, s->vocab), chosen = best;
    if (o->temperature == 0.0f) return best;
    /* The reciprocal of a denormal would be infinite, and times 0 NaN. */
    float sharpness = o->temperature > 0x1p-60f ? 1.0f / o->temperature : 0x1p60f;
    float sum, total = k->softmax_weights(s->weights, s->vocab, s->weights[best], sharpness);
    const bt_candidate *end;
    size_t count = select(s, o, total, s->weights[best], &end, &sum);
    /* Adds in the same order as `sum`, so the target is reached at the last candidate at the latest. */
    float target = uniform(o->seed, position) * sum, reached = 0.0f;
    for (size_t i = 1; i <= count && reached <= target; i++) {
        chosen = end[-(ptrdiff_t)i].id;
        reached += end[-(ptrdiff_t)i].weight;
    }
    return chosen;
}
