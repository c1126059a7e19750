/* test_session.c - a model reading: logits against an independent double-precision definition, and
 * equal bits for every kernel, split and session; the trainer sees the same model; sampling.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_reference.h"
#include "support.h"

#include "model/sampler.h"
#include "model/session.h"
#include "train/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 150, VOCAB = 48 };

typedef struct {
    bt_params params;
    float *weights;
} weights;

static const float *find(void *context, const char *name)
{
    const weights *w = context;
    for (size_t i = 0; i < w->params.tensor_count; i++) {
        char own[BT_NAME_SIZE];
        bt_param_name(&w->params.tensors[i], own);
        if (strcmp(own, name) == 0) return w->weights + w->params.tensors[i].offset;
    }
    return NULL;
}

static bt_model_config config_of(bt_mixer mixer)
{
    return (bt_model_config){.vocab = VOCAB, .dim = 64, .layers = 2, .mlp = 80, .inner = 64,
                             .head = 32, .rate = {0.1f, 0.5f}, .norm_eps = 1e-5f,
                             .mixers = {(uint8_t)mixer, (uint8_t)mixer}};
}

static weights make_weights(const bt_model_config *c)
{
    weights w;
    rng r = {5};
    REQUIRE(bt_params_init(&w.params, c));
    w.weights = must_alloc(w.params.floats * sizeof(float));
    bt_params_randomize(&w.params, w.weights, 9);
    for (size_t i = 0; i < w.params.floats; i++) w.weights[i] += rng_float(&r, -0.05f, 0.05f);
    return w;
}

static void free_weights(weights *w)
{
    free(w->weights);
    bt_params_free(&w->params);
}

/* A passage of thirty tokens comes twice. */
static void make_ids(uint32_t *ids)
{
    rng r = {21};
    for (size_t i = 0; i < TOKENS; i++) ids[i] = (uint32_t)rng_below(&r, VOCAB);
    memcpy(ids + 40, ids, 30 * sizeof *ids);
}

/* A rounding that falls the other way moves an int8 by one step, so the logits agree to about a
 * step: 1/127 of the largest. */
static void definition(void)
{
    uint32_t ids[TOKENS];
    make_ids(ids);
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = bt_model_build(&c, find, &w);
        REQUIRE(model != NULL);
        for (size_t n = 1; n <= 90; n += 29) {
            double logits[VOCAB], worst = 0, largest = 0;
            reference_logits(&c, find, &w, ids, n, logits);
            bt_session *s = bt_session_create(model);
            REQUIRE(s != NULL);
            bt_session_read(s, ids, n, NULL);
            const float *own = bt_session_logits(s);
            for (size_t i = 0; i < VOCAB; i++) {
                double error = fabs(logits[i] - (double)own[i]), size = fabs(logits[i]);
                if (error > worst) worst = error; /* two fmax here crash GCC 12 for AArch64 */
                if (size > largest) largest = size;
            }
            check_context("mixer=%d tokens=%zu error=%g of %g", mixer, n, worst, largest);
            CHECK_AT_MOST(worst / largest, 0.02);
            bt_session_destroy(s);
        }
        bt_model_release(model);
        free_weights(&w);
    }
}

static void equal_bits(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    uint32_t ids[TOKENS];
    make_ids(ids);
    rng r = {2};
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = bt_model_build(&c, find, &w);
        float first[VOCAB], logprobs[TOKENS], again[TOKENS];
        for (size_t k = 0; k < count; k++)
            for (int split = 0; split < 3; split++) {
                check_context("mixer=%d kernel=%s split=%d", mixer, names[k], split);
                use_kernel(names[k]);
                bt_session *s = bt_session_create(model);
                REQUIRE(s != NULL);
                for (size_t t = 0, n; t < TOKENS; t += n) {
                    n = split ? 1 + rng_below(&r, 70) : TOKENS;
                    n = n > TOKENS - t ? TOKENS - t : n;
                    bt_session_read(s, ids + t, n, (k || split ? again : logprobs) + t);
                }
                if (k == 0 && split == 0) memcpy(first, bt_session_logits(s), sizeof first);
                else CHECK_SAME(logprobs, again, sizeof again);
                CHECK_SAME(first, bt_session_logits(s), sizeof first);
                bt_session_destroy(s);
            }
        bt_model_release(model);
        free_weights(&w);
    }
    use_best_kernel();
}

static void the_trainer_agrees(void)
{
    uint32_t ids[TOKENS], targets[TOKENS];
    make_ids(ids);
    memcpy(targets, ids + 1, sizeof targets - sizeof *targets);
    targets[TOKENS - 1] = BT_NO_TARGET;
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_net net;
        REQUIRE(bt_net_init(&net, &c, 1, TOKENS, 1));
        memcpy(net.weights, w.weights, w.params.floats * sizeof(float));
        bt_net_refresh(&net);
        size_t count;
        double loss = bt_net_run(&net, ids, targets, false, 1, &count), sum = 0;
        bt_model *model = bt_model_build(&c, find, &w);
        bt_session *s = bt_session_create(model);
        REQUIRE(s != NULL);
        float logprobs[TOKENS];
        bt_session_read(s, ids, TOKENS, logprobs);
        for (size_t i = 1; i < TOKENS; i++) sum -= (double)logprobs[i];
        check_context("mixer=%d loss=%g session=%g", mixer, loss, sum / (TOKENS - 1));
        CHECK_AT_MOST(fabs(loss - sum / (TOKENS - 1)), 2e-3);
        bt_session_destroy(s);
        bt_model_release(model);
        bt_net_free(&net);
        free_weights(&w);
    }
}

static void sessions_are_apart(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    bt_model *model = bt_model_build(&c, find, &w);
    bt_session *a = bt_session_create(model), *b = bt_session_create(model);
    REQUIRE(a && b);
    bt_model_release(model); /* the sessions keep it alive */
    uint32_t ids[TOKENS];
    make_ids(ids);
    float alone[VOCAB];
    bt_session_read(a, ids, 30, NULL);
    memcpy(alone, bt_session_logits(a), sizeof alone);
    bt_session_read(b, ids + 50, 60, NULL);
    CHECK_SAME(alone, bt_session_logits(a), sizeof alone);
    bt_session_reset(b);
    bt_session_read(b, ids, 30, NULL);
    CHECK_SAME(alone, bt_session_logits(b), sizeof alone);
    bt_session_destroy(a);
    bt_session_destroy(b);
    free_weights(&w);
}

/* Reads half, saves, loads into another session and forks; all three go on alike. */
static void states(void)
{
    uint32_t ids[TOKENS];
    make_ids(ids);
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = bt_model_build(&c, find, &w);
        bt_session *a = bt_session_create(model), *b = bt_session_create(model);
        REQUIRE(a && b);
        size_t size = bt_session_state_size(a);
        uint8_t *state = must_alloc(size), *damaged = must_alloc(size);
        bt_session_read(a, ids, 75, NULL);
        CHECK_EQ(bt_session_save(a, state, size - 1), TTT_BUFFER_SIZE);
        CHECK_EQ(bt_session_save(a, state, size), TTT_OK);
        bt_session_read(b, ids + 9, 5, NULL);
        for (size_t cut = 0; cut < size; cut += cut < 80 ? 1 : 997)
            CHECK_EQ(bt_session_load(b, state, cut), TTT_STATE_DAMAGED);
        for (size_t bit = 0; bit < 8 * size; bit += bit < 8 * 80 ? 1 : 131) {
            memcpy(damaged, state, size);
            damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_EQ(bt_session_load(b, damaged, size), TTT_STATE_DAMAGED);
        }
        CHECK_EQ(b->tokens, 5);
        CHECK_EQ(bt_session_load(b, state, size), TTT_OK);
        bt_session *f = bt_session_fork(a);
        REQUIRE(f != NULL);
        CHECK_SAME(bt_session_logits(a), bt_session_logits(b), VOCAB * sizeof(float));
        bt_session_read(a, ids + 75, 75, NULL);
        bt_session_read(b, ids + 75, 75, NULL);
        bt_session_read(f, ids + 75, 75, NULL);
        CHECK_SAME(bt_session_logits(a), bt_session_logits(b), VOCAB * sizeof(float));
        CHECK_SAME(bt_session_logits(a), bt_session_logits(f), VOCAB * sizeof(float));
        CHECK_EQ(b->tokens, TOKENS);
        w.weights[3] += 1; /* another model */
        bt_model *other = bt_model_build(&c, find, &w);
        bt_session *o = bt_session_create(other);
        REQUIRE(o != NULL);
        CHECK_EQ(bt_session_load(o, state, size), TTT_STATE_WEIGHTS);
        bt_session *all[] = {a, b, f, o};
        for (size_t i = 0; i < 4; i++) bt_session_destroy(all[i]);
        bt_model_release(model);
        bt_model_release(other);
        free(state);
        free(damaged);
        free_weights(&w);
    }
}

static void draws(const bt_sampling *o, const float *logits, size_t n, size_t counts[VOCAB])
{
    bt_sampler s;
    REQUIRE(bt_sampler_init(&s, o, VOCAB));
    memset(counts, 0, VOCAB * sizeof *counts);
    for (size_t i = 0; i < n; i++) counts[bt_sampler_draw(&s, logits)]++;
    bt_sampler_free(&s);
}

static void sampling(void)
{
    enum { DRAWS = 20000 };
    float logits[VOCAB];
    size_t counts[VOCAB];
    bt_sampling o;
    for (size_t i = 0; i < VOCAB; i++) logits[i] = i < 4 ? logf((float)(4 - i)) : -30.0f;
    bt_sampling_init(&o);
    o.temperature = 1;
    o.top_p = 1;
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
    o.temperature = 0;
    draws(&o, logits, 10, counts);
    CHECK_EQ(counts[0], 10);
    bt_sampler s;
    o.repetition_penalty = 2;
    REQUIRE(bt_sampler_init(&s, &o, VOCAB));
    bt_sampler_note(&s, 0); /* ln 4 / 2 < ln 3 */
    CHECK_EQ(bt_sampler_draw(&s, logits), 1);
    bt_sampler_free(&s);
    o.temperature = -1;
    CHECK(bt_sampling_problem(&o) != NULL);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"definition", definition}, {"equal_bits", equal_bits},
        {"the_trainer_agrees", the_trainer_agrees},
        {"sessions_are_apart", sessions_are_apart}, {"states", states}, {"sampling", sampling},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
