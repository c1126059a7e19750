/* sampler.c - greedy and random choice among candidates in a defined order.
 * SPDX-License-Identifier: MIT */
#include "sampler.h"

#include "../base/hash.h"

#include <float.h>
#include <math.h>
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

void bt_choices_logits(const bt_choices *c, const float *values, float *logits, size_t n)
{
    if (c->probabilities) bt_kernels_active()->logarithms(values, logits, c->add, n);
    else if (logits != values) memcpy(logits, values, n * sizeof *logits);
}

/* The default is 1.1, as a memory that has learned a sentence tends to repeat it (a third of the
 * stories do so without a penalty: models/stories.md). Greedy choice has none by default, since it
 * serves to show what the model knows. */
static float penalty_of(const bitllama_sampling *o)
{
    if (o->repetition_penalty != 0.0f) return o->repetition_penalty;
    return o->temperature == 0.0f ? 1.0f : 1.1f;
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

/* Takes candidates from a heap of n, the likeliest first, up to the limit by top-k or top-p. They
 * end at `end`, the likeliest last. Returns their number and sets *sum to the sum of their weights. */
static size_t take(bt_candidate *heap, size_t n, const bitllama_sampling *o, float total,
                   float *sum)
{
    size_t most = o->top_k && o->top_k < n ? o->top_k : n, taken = 0;
    for (size_t i = n / 2; i-- > 0;) sift(heap, n, i);
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

/* One of those that were taken and end at `end`, by their weights. */
static uint32_t choose(const bt_candidate *end, size_t taken, float sum, const bitllama_sampling *o,
                       uint64_t position)
{
    /* Adds in the same order as `sum`, so the target is reached at the last candidate at the latest. */
    float target = uniform(o->seed, position) * sum, reached = 0.0f;
    uint32_t chosen = end[-1].id;
    for (size_t i = 1; i <= taken && reached <= target; i++) {
        chosen = end[-(ptrdiff_t)i].id;
        reached += end[-(ptrdiff_t)i].weight;
    }
    return chosen;
}

static float sharpness_of(const bitllama_sampling *o)
{
    /* The reciprocal of a denormal would be infinite, and times 0 NaN. */
    return o->temperature > 0x1p-60f ? 1.0f / o->temperature : 0x1p60f;
}

/* ---- tokens that were read lately -------------------------------------------------------------- */

/* Those that the penalty applies to, taken out of the choices. */
typedef struct {
    size_t count;
    uint32_t ids[BT_PENALTY_WINDOW];
    float values[BT_PENALTY_WINDOW]; /* as they were */
    float logits[BT_PENALTY_WINDOW]; /* with the penalty */
} penalized;

/* Divides positive logits of recent tokens by the penalty and multiplies negative ones by it, once
 * for each token. */
static void penalize(const bt_sampler *s, const bt_choices *c, float penalty,
                     const uint32_t *recent, size_t n, penalized *out)
{
    _Static_assert(BT_PENALTY_WINDOW % 16 == 0, "bt_choices_logits takes the window as a whole");
    out->count = 0;
    if (penalty == 1.0f) return;
    for (size_t i = 0; i < n; i++) s->places[recent[i]] = (uint32_t)i;
    for (size_t i = 0; i < n; i++)
        if (s->places[recent[i]] == i)
            out->ids[out->count++] = recent[i]; /* the last of its kind */
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++)
        out->values[i] = i < out->count ? c->values[out->ids[i]] : 1.0f;
    bt_choices_logits(c, out->values, out->logits, BT_PENALTY_WINDOW);
    for (size_t i = 0; i < out->count; i++) {
        float *w = &out->logits[i];
        *w = *w > 0.0f ? *w / penalty : *w * penalty;
    }
}

/* ---- drawing by all weights -------------------------------------------------------------------- */

/* As it is defined: all logits, their softmax, and those that may be taken. */
static uint32_t draw_of_all(const bt_sampler *s, const bitllama_sampling *o, const bt_choices *c,
                            const penalized *recent, uint64_t position)
{
    const bt_kernels *k = bt_kernels_active();
    float *w = c->values;
    bt_choices_logits(c, w, w, s->vocab);
    for (size_t i = 0; i < recent->count; i++) w[recent->ids[i]] = recent->logits[i];
    uint32_t best = k->largest_place(w, s->vocab);
    if (o->temperature == 0.0f) return best;
    float sum, total = k->softmax_weights(w, s->vocab, w[best], sharpness_of(o));
    size_t n = k->places_above(w, s->vocab, least_weight(o, total, w[best], s->vocab), s->places,
                               s->vocab);
    for (size_t i = 0; i < n; i++) s->candidates[i] = (bt_candidate){w[s->places[i]], s->places[i]};
    size_t taken = take(s->candidates, n, o, total, &sum);
    return choose(s->candidates + n, taken, sum, o, position);
}

/* ---- drawing by the largest weights ------------------------------------------------------------ */

/* Whether the smallest of those that were taken, all that may be, was needed to reach the sum of all
 * weights, whatever the others are. Rounding errors of both sums are below the factor here. */
static bool surely_all(const bt_sampler *s, const bt_candidate *end, size_t taken, float sum)
{
    size_t additions = s->vocab / 16 + taken + 16;
    float errors = (float)additions * 0x1p-23f;
    return taken == 1 || end[-(ptrdiff_t)taken].weight > sum * errors;
}

/* A value that all tokens have whose logit is at least `logit`, and few others; 0 for a probability
 * that is out of reach. */
static float value_of(const bt_choices *c, float logit)
{
    if (!c->probabilities) return logit;
    float lanes[16] = {logit - c->add};
    if (!(lanes[0] > -80.0f)) return 0.0f;
    bt_kernels_active()->softmax_weights(lanes, 16, 0.0f, 1.0f);
    return lanes[0];
}

/* Sets places and weights to the tokens, and their logits, that are at most `distance` below the
 * largest logit, and few others; returns their number, 0 if they cannot be told from the values. */
static size_t near_the_top(const bt_sampler *s, const bt_choices *c, float distance,
                           const penalized *recent)
{
    const bt_kernels *k = bt_kernels_active();
    for (size_t i = 0; i < recent->count; i++)
        c->values[recent->ids[i]] = c->probabilities ? 0.0f : -FLT_MAX;
    float top[16] = {c->values[k->largest_place(c->values, s->vocab)]};
    bt_choices_logits(c, top, top, 16);
    for (size_t i = 0; i < recent->count; i++)
        if (recent->logits[i] > top[0]) top[0] = recent->logits[i];
    /* Rounding errors of logits and of this sum are below a millionth. */
    float slack = (fabsf(top[0]) + fabsf(c->add) + 100.0f) * 0x1p-20f;
    float least = top[0] - distance - slack, value = value_of(c, least);
    bool known = value > (c->probabilities ? 0.0f : -FLT_MAX);
    size_t n = known ? k->places_above(c->values, s->vocab, value, s->places, s->vocab) : 0;
    size_t padded = (n + 15) / 16 * 16;
    for (size_t i = 0; i < padded; i++) s->weights[i] = i < n ? c->values[s->places[i]] : 1.0f;
    bt_choices_logits(c, s->weights, s->weights, padded);
    for (size_t i = 0; known && i < recent->count; i++)
        if (recent->logits[i] >= least) {
            s->places[n] = recent->ids[i];
            s->weights[n++] = recent->logits[i];
        }
    for (size_t i = 0; i < recent->count; i++) c->values[recent->ids[i]] = recent->values[i];
    return n;
}

/* What draw_of_all draws, from the tokens that can be drawn: without top-p the sum of all weights is
 * not needed. Returns false if it is needed after all; then nothing has changed. */
static bool draw_of_largest(const bt_sampler *s, const bitllama_sampling *o, const bt_choices *c,
                            const penalized *recent, uint64_t position, uint32_t *token)
{
    const bt_kernels *k = bt_kernels_active();
    bool greedy = o->temperature == 0.0f;
    if (!greedy && (o->top_p < 1.0f || o->min_p < 0x1p-20f)) return false;
    /* e^(-x * sharpness) is min_p at this distance x, with room for rounding errors. */
    float distance = greedy ? 0.0f : (0.01f - bt_logarithm(k, o->min_p)) / sharpness_of(o);
    size_t n = near_the_top(s, c, distance, recent), best = 0, kept = 0;
    for (size_t i = 1; i < n; i++) {
        bt_candidate a = {s->weights[i], s->places[i]}, b = {s->weights[best], s->places[best]};
        if (before(a, b)) best = i;
    }
    if (n == 0) return false;
    *token = s->places[best];
    if (greedy) return true;
    for (size_t i = n; i % 16 != 0; i++) s->weights[i] = s->weights[best];
    k->softmax_weights(s->weights, (n + 15) / 16 * 16, s->weights[best], sharpness_of(o));
    for (size_t i = 0; i < n; i++)
        if (s->weights[i] >= o->min_p)
            s->candidates[kept++] = (bt_candidate){s->weights[i], s->places[i]};
    float sum;
    size_t taken = take(s->candidates, kept, o, INFINITY, &sum);
    *token = choose(s->candidates + kept, taken, sum, o, position);
    return surely_all(s, s->candidates + kept, taken, sum);
}

uint32_t bt_sampler_draw(const bt_sampler *s, const bitllama_sampling *o, const bt_choices *c,
                         const uint32_t *recent, size_t recent_count, uint64_t position)
{
    penalized again;
    uint32_t token;
    penalize(s, c, penalty_of(o), recent, recent_count, &again);
    if (draw_of_largest(s, o, c, &again, position, &token)) return token;
    return draw_of_all(s, o, c, &again, position);
}
