/* test_session.c - a model reading: logits against an independent double-precision definition, and
 * equal bits for every kernel and split; the trainer sees the same model; isolation, forks, frozen
 * memories, saved states.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_reference.h"
#include "model_support.h"
#include "support.h"

#include "base/bytes.h"
#include "base/crc32c.h"

#include "model/session.h"
#include "train/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void read_ids(bitllama_session *s, const uint32_t *ids, size_t n)
{
    CHECK_EQ(bitllama_session_read(s, ids, n, NULL, NULL), TTT_OK);
}

/* Both sessions expect the same of the next token. */
static void check_alike(bitllama_session *a, bitllama_session *b)
{
    float left[VOCAB], right[VOCAB];
    CHECK_EQ(bitllama_session_logits(a, left), TTT_OK);
    CHECK_EQ(bitllama_session_logits(b, right), TTT_OK);
    CHECK_SAME(left, right, sizeof left);
}

static uint8_t *save(const bitllama_session *s, size_t *size)
{
    *size = bitllama_session_state_size(s);
    uint8_t *state = must_alloc(*size);
    CHECK_EQ(bitllama_session_save(s, state, *size), TTT_OK);
    return state;
}

/* A rounding that falls the other way moves an int8 by one step, so the logits agree to about a
 * step: 1/127 of the largest. Without int8 activations there are no such steps. */
static void definition(void)
{
    uint32_t ids[TOKENS];
    make_ids(ids);
    for (int i = 0; i < 12; i++) {
        bt_model_config c = config_of((bt_mixer)(i % 3));
        c.unscaled = i / 3 % 2 != 0;
        c.float_activations = i >= 6;
        weights w = make_weights(&c);
        bt_model *model = build_model(&w);
        for (size_t n = 1; n <= 90; n += 29) {
            double logits[VOCAB], worst = 0, largest = 0;
            float own[VOCAB];
            reference_logits(&c, find_weights, &w, ids, n, logits);
            bitllama_session *s = open_session(model);
            read_ids(s, ids, n);
            CHECK_EQ(bitllama_session_logits(s, own), TTT_OK);
            for (size_t k = 0; k < VOCAB; k++) {
                double error = fabs(logits[k] - (double)own[k]), size = fabs(logits[k]);
                if (error > worst) worst = error; /* two fmax here crash GCC 12 for AArch64 */
                if (size > largest) largest = size;
            }
            check_context("mixer=%d unscaled=%d float=%d tokens=%zu error=%g of %g", i % 3,
                          c.unscaled, c.float_activations, n, worst, largest);
            CHECK_AT_MOST(worst / largest, c.float_activations ? 1e-4 : 0.02);
            bitllama_session_destroy(s);
        }
        bitllama_release(model);
        free_weights(&w);
    }
}

typedef struct {
    float logits[VOCAB], logprobs[TOKENS], surprise[TOKENS];
} outputs;

static void equal_bits(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    uint32_t ids[TOKENS];
    make_ids(ids);
    rng r = {2};
    for (int i = 0; i < 6; i++) {
        bt_model_config c = config_of((bt_mixer)(i % 3));
        c.float_activations = i >= 3;
        weights w = make_weights(&c);
        bt_model *model = build_model(&w);
        outputs first, again;
        for (size_t k = 0; k < count; k++)
            for (int split = 0; split < 3; split++) {
                check_context("mixer=%d kernel=%s split=%d", i % 3, names[k], split);
                use_kernel(names[k]);
                bitllama_session *s = open_session(model);
                for (size_t t = 0, n; t < TOKENS; t += n) {
                    n = split ? 1 + rng_below(&r, 70) : TOKENS;
                    n = n > TOKENS - t ? TOKENS - t : n;
                    CHECK_EQ(bitllama_session_read(s, ids + t, n, again.logprobs + t,
                                                   again.surprise + t),
                             TTT_OK);
                }
                CHECK_EQ(bitllama_session_logits(s, again.logits), TTT_OK);
                if (k == 0 && split == 0) first = again;
                CHECK_SAME(&first, &again, sizeof again);
                bitllama_session_destroy(s);
            }
        CHECK_AT_MOST(fabs((double)first.logprobs[0] + log(VOCAB)), 1e-5);
        CHECK(all_finite(first.surprise, TOKENS));
        bitllama_release(model);
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
        memcpy(net.weights, w.values, w.params.floats * sizeof(float));
        bt_net_refresh(&net);
        size_t count;
        double loss = bt_net_run(&net, ids, targets, false, 1, &count), sum = 0;
        bt_model *model = build_model(&w);
        bitllama_session *s = open_session(model);
        float logprobs[TOKENS];
        CHECK_EQ(bitllama_session_read(s, ids, TOKENS, logprobs, NULL), TTT_OK);
        for (size_t i = 1; i < TOKENS; i++) sum -= (double)logprobs[i];
        check_context("mixer=%d loss=%g session=%g", mixer, loss, sum / (TOKENS - 1));
        CHECK_AT_MOST(fabs(loss - sum / (TOKENS - 1)), 2e-3);
        bitllama_session_destroy(s);
        bitllama_release(model);
        bt_net_free(&net);
        free_weights(&w);
    }
}

static void sessions_are_apart(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    bitllama_session *a = open_session(model), *b = open_session(model), *f = NULL;
    CHECK(bitllama_share(model) == model);
    bitllama_release(model);
    bitllama_release(model); /* the sessions keep it alive */
    uint32_t ids[TOKENS];
    make_ids(ids);
    float alone[VOCAB], now[VOCAB];
    read_ids(a, ids, 30);
    CHECK_EQ(bitllama_session_logits(a, alone), TTT_OK);
    read_ids(b, ids + 50, 60);
    CHECK_EQ(bitllama_session_logits(a, now), TTT_OK);
    CHECK_SAME(alone, now, sizeof alone);
    CHECK_EQ(bitllama_session_reset(b), TTT_OK);
    CHECK_EQ(bitllama_session_tokens(b), 0);
    read_ids(b, ids, 30);
    check_alike(a, b);
    CHECK_EQ(bitllama_session_fork(a, &f), TTT_OK);
    read_ids(a, ids + 30, 40); /* the fork stays where it was */
    check_alike(b, f);
    bitllama_session_destroy(a);
    read_ids(b, ids + 30, 40);
    read_ids(f, ids + 30, 40);
    check_alike(b, f);
    bitllama_session_destroy(b);
    bitllama_session_destroy(f);
    free_weights(&w);
}

/* A refused token changes nothing, wherever it stands. */
static void invalid_tokens(void)
{
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    bitllama_session *s = open_session(model);
    uint32_t ids[TOKENS];
    float logprobs[TOKENS] = {7}, untouched[TOKENS] = {7};
    size_t size;
    make_ids(ids);
    read_ids(s, ids, 20);
    uint8_t *before = save(s, &size), *after;
    for (size_t at = 0; at < TOKENS; at += 29) {
        uint32_t kept = ids[at];
        ids[at] = at % 2 ? VOCAB : UINT32_MAX;
        CHECK_EQ(bitllama_session_read(s, ids, TOKENS, logprobs, NULL), TTT_INVALID_TOKEN);
        ids[at] = kept;
    }
    CHECK_SAME(logprobs, untouched, sizeof logprobs);
    after = save(s, &size);
    CHECK_SAME(before, after, size);
    CHECK_EQ(bitllama_session_read(s, NULL, 0, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_read(s, NULL, 1, NULL, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_read(NULL, ids, 1, NULL, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_logits(s, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_draw(s, NULL, ids), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_reset(NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_freeze(NULL, 1), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_state_size(NULL), 0);
    CHECK_EQ(bitllama_session_tokens(NULL), 0);
    bitllama_session_destroy(NULL);
    free(before);
    free(after);
    bitllama_session_destroy(s);
    bitllama_release(model);
    free_weights(&w);
}

/* Bytes of the first layer's S of two states differ. */
static bool memories_differ(const uint8_t *a, const uint8_t *b, const bt_model_config *c)
{
    size_t floats = bt_mixer_width(c, 0) * bt_mixer_head(c, 0);
    for (size_t i = 0; i < floats; i++) { /* zeros of either sign are equal */
        float x, y;
        memcpy(&x, a + 64 + 256 + 4 * i, sizeof x);
        memcpy(&y, b + 64 + 256 + 4 * i, sizeof y);
        if (x != y) return true;
    }
    return false;
}

/* Frozen, S stays as it is but the text goes on; what was read then is not learned later either;
 * a session that learned nothing cannot tell a passage that it reads again. */
static void frozen(void)
{
    uint32_t ids[TOKENS];
    make_ids(ids);
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = build_model(&w);
        bitllama_session *s = open_session(model), *f;
        float surprise[TOKENS];
        size_t size;
        check_context("mixer=%d", mixer);
        CHECK_EQ(bitllama_session_freeze(s, 1), TTT_OK);
        CHECK_EQ(bitllama_session_read(s, ids, TOKENS, NULL, surprise), TTT_OK);
        for (size_t t = 0; t < TOKENS; t++) CHECK(surprise[t] == 1.0f); /* nothing foreseen */
        bitllama_session_reset(s);
        CHECK_EQ(bitllama_session_freeze(s, 0), TTT_OK);
        read_ids(s, ids, 60);
        CHECK_EQ(bitllama_session_freeze(s, 1), TTT_OK);
        uint8_t *before = save(s, &size), *after;
        CHECK_EQ(bitllama_session_fork(s, &f), TTT_OK); /* frozen too */
        read_ids(s, ids + 60, 20);
        read_ids(f, ids + 60, 7);
        read_ids(f, ids + 67, 13);
        check_alike(s, f);
        after = save(s, &size);
        CHECK(!memories_differ(before, after, &c));
        CHECK_EQ(bitllama_session_tokens(s), 80);
        free(after);
        CHECK_EQ(bitllama_session_freeze(s, 0), TTT_OK);
        after = save(s, &size);
        CHECK(!memories_differ(before, after, &c));
        read_ids(s, ids + 80, 2);
        free(after);
        after = save(s, &size);
        CHECK(memories_differ(before, after, &c));
        bitllama_session_destroy(s);
        bitllama_session_destroy(f);
        bitllama_release(model);
        free(before);
        free(after);
        free_weights(&w);
    }
}

/* The second reading of a passage surprises the memories less than its first. */
static void surprise_falls(void)
{
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    bitllama_session *s = open_session(model);
    uint32_t ids[TOKENS];
    float surprise[TOKENS];
    double first = 0, second = 0;
    make_ids(ids);
    CHECK_EQ(bitllama_session_read(s, ids, TOKENS, NULL, surprise), TTT_OK);
    CHECK(surprise[0] == 1.0f);
    for (size_t i = 5; i < 30; i++) {
        first += (double)surprise[i];
        second += (double)surprise[40 + i];
    }
    check_note("surprise of a passage: %.3f, then %.3f", first / 25, second / 25);
    CHECK(second < 0.95 * first);
    bitllama_session_destroy(s);
    bitllama_release(model);
    free_weights(&w);
}

static void refuse_damage(bitllama_session *b, const uint8_t *state, size_t size)
{
    uint8_t *damaged = must_alloc(size);
    for (size_t cut = 0; cut < size; cut += cut < 80 ? 1 : 997)
        CHECK_EQ(bitllama_session_load(b, state, cut), TTT_STATE_DAMAGED);
    for (size_t bit = 0; bit < 8 * size; bit += bit < 8 * 80 ? 1 : 131) {
        memcpy(damaged, state, size);
        damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(bitllama_session_load(b, damaged, size), TTT_STATE_DAMAGED);
    }
    for (uint8_t version = 0; version < 4; version++) { /* 2 is with recall */
        memcpy(damaged, state, size);
        damaged[8] = version;
        bt_put_u32(damaged + 60, bt_crc32c(damaged, 60));
        if (version != 1)
            CHECK_EQ(bitllama_session_load(b, damaged, size),
                     version < 3 ? TTT_STATE_DAMAGED : TTT_STATE_VERSION);
    }
    free(damaged);
}

/* Draws and reads n tokens. */
static void generate(bitllama_session *s, uint32_t *ids, size_t n)
{
    bitllama_sampling o;
    bitllama_sampling_init(&o);
    o.repetition_penalty = 1.3f;
    o.temperature = 1.5f;
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(bitllama_session_draw(s, &o, &ids[i]), TTT_OK);
        read_ids(s, &ids[i], 1);
    }
}

/* Reads half, saves, loads into another session and forks; all three go on alike. */
static void states(void)
{
    uint32_t ids[TOKENS], drawn[3][40];
    make_ids(ids);
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = build_model(&w);
        bitllama_session *a = open_session(model), *b = open_session(model), *f = NULL;
        size_t size;
        read_ids(a, ids, 75);
        uint8_t *state = save(a, &size);
        CHECK_EQ(bitllama_session_save(a, state, size - 1), TTT_BUFFER_SIZE);
        read_ids(b, ids + 9, 5);
        refuse_damage(b, state, size);
        CHECK_EQ(bitllama_session_tokens(b), 5);
        CHECK_EQ(bitllama_session_load(b, state, size), TTT_OK);
        CHECK_EQ(bitllama_session_fork(a, &f), TTT_OK);
        check_alike(a, b);
        bitllama_session *all[] = {a, b, f};
        for (size_t i = 0; i < 3; i++) generate(all[i], drawn[i], 40);
        CHECK_SAME(drawn[0], drawn[1], sizeof drawn[0]);
        CHECK_SAME(drawn[0], drawn[2], sizeof drawn[0]);
        for (size_t i = 0; i < 3; i++) read_ids(all[i], ids + 75, 75);
        check_alike(a, b);
        check_alike(a, f);
        CHECK_EQ(bitllama_session_tokens(b), TOKENS + 40);
        CHECK_EQ(bitllama_session_state_size(b), size);
        w.values[3] += 1; /* another model */
        bt_model *other = build_model(&w);
        bitllama_session *o = open_session(other);
        CHECK_EQ(bitllama_session_load(o, state, size), TTT_STATE_WEIGHTS);
        bitllama_session_destroy(o);
        for (size_t i = 0; i < 3; i++) bitllama_session_destroy(all[i]);
        bitllama_release(model);
        bitllama_release(other);
        free(state);
        free_weights(&w);
    }
}

static void bad_options(void)
{
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    bitllama_session *s = open_session(model);
    for (int i = 0; i < 12; i++) {
        bitllama_sampling o;
        uint32_t token = 77;
        bitllama_sampling_init(&o);
        CHECK_EQ(bitllama_session_draw(s, &o, &token), TTT_OK); /* of an empty session too */
        CHECK(token < VOCAB);
        float bad[] = {-1, 101, NAN, 0, 1.5f, NAN, -0.1f, 1.1f, 0.9f, 11, -1};
        if (i < 3) o.temperature = bad[i];
        else if (i < 6) o.top_p = bad[i];
        else if (i < 8) o.min_p = bad[i];
        else if (i < 11) o.repetition_penalty = bad[i];
        else o.size--;
        check_context("option %d", i);
        token = 77;
        CHECK_EQ(bitllama_session_draw(s, &o, &token), TTT_INVALID_OPTION);
        CHECK_EQ(token, 77);
    }
    bitllama_session_destroy(s);
    bitllama_release(model);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"definition", definition},
        {"equal_bits", equal_bits},
        {"the_trainer_agrees", the_trainer_agrees},
        {"sessions_are_apart", sessions_are_apart},
        {"invalid_tokens", invalid_tokens},
        {"frozen", frozen},
        {"surprise_falls", surprise_falls},
        {"states", states},
        {"bad_options", bad_options},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
