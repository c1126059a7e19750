/* test_layer_life.c - weights, seeds, clones, reset, and learning rates that diverge.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- weights -------------------------------------------------------------------------------- */

static int8_t *random_entries(rng *r, size_t count)
{
    int8_t *w = must_alloc(count);
    for (size_t i = 0; i < count; i++) w[i] = (int8_t)rng_ternary(r);
    return w;
}

static void weights_round_trip(void)
{
    rng r = {21};
    for (size_t dim = 4; dim <= 75; dim++) {
        size_t entries = dim * (dim / 4);
        int8_t *down = random_entries(&r, entries), *up = random_entries(&r, entries);
        int8_t *got_down = must_zero(entries), *got_up = must_zero(entries);
        void *layer = make_layer(dim, 0.1f, TTT_RECONSTRUCT, 1), *other = ttt_clone(layer);
        REQUIRE(other != NULL);
        uint64_t seeded = ttt_weights_fingerprint(layer);
        check_context("dim=%zu", dim);
        CHECK_EQ(ttt_set_weights(layer, down, up), TTT_OK);
        CHECK_EQ(ttt_get_weights(layer, got_down, got_up), TTT_OK);
        CHECK_SAME(got_down, down, entries);
        CHECK_SAME(got_up, up, entries);
        CHECK(ttt_weights_fingerprint(other) == seeded); /* the clone keeps its own */
        /* equal weights, equal fingerprint; one entry changed, another one */
        CHECK_EQ(ttt_set_weights(other, got_down, got_up), TTT_OK);
        CHECK(ttt_weights_fingerprint(other) == ttt_weights_fingerprint(layer));
        int8_t *changed = rng_below(&r, 2) ? got_down : got_up;
        size_t at = rng_below(&r, entries);
        changed[at] = (int8_t)(changed[at] == 1 ? -1 : changed[at] + 1);
        CHECK_EQ(ttt_set_weights(other, got_down, got_up), TTT_OK);
        CHECK(ttt_weights_fingerprint(other) != ttt_weights_fingerprint(layer));
        ttt_destroy(layer);
        ttt_destroy(other);
        free(down);
        free(up);
        free(got_down);
        free(got_up);
    }
}

/* Any entry that is not ternary, anywhere: refused, and weights and memory stay. */
static void weights_refused(void)
{
    enum { DIM = 9, ENTRIES = DIM * 2 };
    static const int8_t bad[] = {2, -2, 3, 127, -128, -127, 64};
    float *x = make_tokens(22, DIM, 5, 0), y[5 * DIM];
    int8_t w[2][ENTRIES] = {{0}};
    void *layer = make_layer(DIM, 0.1f, TTT_RECONSTRUCT, 1);
    CHECK_EQ(ttt_forward(layer, x, 5, y), TTT_OK);
    snapshot before = snapshot_take(layer);
    for (int matrix = 0; matrix < 2; matrix++)
        for (size_t at = 0; at < ENTRIES; at++)
            for (size_t k = 0; k < sizeof bad; k++) {
                check_context("matrix=%d at=%zu value=%d", matrix, at, bad[k]);
                w[matrix][at] = bad[k];
                CHECK_EQ(ttt_set_weights(layer, w[0], w[1]), TTT_INVALID_WEIGHTS);
                w[matrix][at] = 0;
            }
    snapshot_check(&before, layer);
    CHECK_EQ(ttt_set_weights(layer, w[0], w[1]), TTT_OK);
    CHECK_EQ(ttt_tokens_seen(layer), 0);
    float memory[4];
    CHECK_EQ(ttt_get_memory(layer, memory), TTT_OK);
    for (size_t i = 0; i < 4; i++) CHECK(memory[i] == 0);
    /* with weights of zero every token is a copy */
    CHECK_EQ(ttt_forward(layer, x, 5, y), TTT_OK);
    CHECK_SAME(y, x, sizeof y);
    ttt_destroy(layer);
    free(x);
}

static void *seeded_layer(size_t dim, uint64_t seed, uint32_t objective, float rate)
{
    ttt_config config;
    void *layer = NULL;
    ttt_config_init(&config);
    config.hidden_dim = dim;
    config.seed = seed;
    config.objective = objective;
    config.inner_lr = rate;
    REQUIRE(ttt_create_from_config(&config, &layer) == TTT_OK);
    return layer;
}

/* One seed, one set of weights, whatever else is configured; other seeds and sizes, others. */
static void seeds(void)
{
    static const uint64_t some[] = {0, 1, 2, 3, 1u << 31, 1ull << 32, 1ull << 63, UINT64_MAX};
    uint64_t prints[2 * 8];
    for (size_t i = 0; i < 8; i++) {
        void *a = seeded_layer(64, some[i], TTT_RECONSTRUCT, 0.1f);
        void *b = seeded_layer(64, some[i], TTT_PREDICT, 0.7f);
        void *c = seeded_layer(65, some[i], TTT_RECONSTRUCT, 0.1f);
        prints[i] = ttt_weights_fingerprint(a);
        prints[8 + i] = ttt_weights_fingerprint(c);
        CHECK(ttt_weights_fingerprint(b) == prints[i]);
        ttt_destroy(a);
        ttt_destroy(b);
        ttt_destroy(c);
    }
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < i; j++) CHECK(prints[i] != prints[j]);
    void *original = ttt_create(64, 0.1f);
    void *same = seeded_layer(64, TTT_DEFAULT_SEED, TTT_RECONSTRUCT, 0.1f);
    CHECK(ttt_weights_fingerprint(original) == ttt_weights_fingerprint(same));
    ttt_destroy(original);
    ttt_destroy(same);
}

/* A third of each value, in both matrices, and the matrices are not each other's. */
static void seeds_balanced(void)
{
    enum { DIM = 256, ENTRIES = DIM * DIM / 4 };
    for (uint64_t seed = 0; seed < 4; seed++) {
        void *layer = seeded_layer(DIM, seed, TTT_RECONSTRUCT, 0.1f);
        int8_t *w[2] = {must_alloc(ENTRIES), must_alloc(ENTRIES)};
        CHECK_EQ(ttt_get_weights(layer, w[0], w[1]), TTT_OK);
        size_t equal = 0;
        for (int matrix = 0; matrix < 2; matrix++) {
            size_t counts[3] = {0};
            for (size_t i = 0; i < ENTRIES; i++) counts[w[matrix][i] + 1]++;
            for (int v = 0; v < 3; v++) {
                check_context("seed=%llu matrix=%d value=%d", (unsigned long long)seed, matrix, v);
                /* six standard deviations of a fair die with three sides */
                CHECK_AT_MOST(fabs((double)counts[v] - ENTRIES / 3.0),
                              6 * sqrt(ENTRIES * 2.0 / 9.0));
            }
        }
        for (size_t i = 0; i < ENTRIES; i++) equal += w[0][i] == w[1][i];
        CHECK_AT_MOST(fabs((double)equal - ENTRIES / 3.0), 6 * sqrt(ENTRIES * 2.0 / 9.0));
        ttt_destroy(layer);
        free(w[0]);
        free(w[1]);
    }
}

/* ---- clone and reset ------------------------------------------------------------------------ */

/* A clone goes on like its origin, and neither sees what the other reads. */
static void clones(void)
{
    enum { DIM = 40, SEQ = 70, LEN = DIM * SEQ };
    static const float rates[] = {0.2f, 2.1f}; /* one that may diverge keeps a backup */
    float *x = make_tokens(23, DIM, SEQ, 9), *other = make_tokens(24, DIM, SEQ, 0);
    float a[LEN], b[LEN];
    for (int objective = 0; objective < 2; objective++)
        for (int k = 0; k < 2; k++) {
            check_context("objective=%d rate=%g", objective, (double)rates[k]);
            void *layer = make_layer(DIM, rates[k], (ttt_objective)objective, 2);
            CHECK_EQ(ttt_forward(layer, x, 7, a), TTT_OK);
            void *clone = ttt_clone(layer), *late = ttt_clone(layer);
            REQUIRE(clone && late);
            CHECK_EQ(ttt_threads(clone), 2);
            CHECK_EQ(ttt_get_objective(clone), objective);
            CHECK(ttt_inner_lr(clone) == rates[k]);
            snapshot was = snapshot_take(layer);
            snapshot_check(&was, clone);
            was = snapshot_take(layer);
            CHECK_EQ(ttt_forward(clone, other, 9, b), TTT_OK);
            snapshot_check(&was, layer);
            CHECK_EQ(ttt_forward(layer, x, 9, a), TTT_OK);
            ttt_destroy(layer); /* the others live on without it */
            CHECK_EQ(ttt_forward(late, x, 9, b), TTT_OK);
            CHECK_SAME(a, b, 9 * DIM * sizeof *a);
            CHECK_EQ(ttt_reset(clone), TTT_OK);
            ttt_destroy(clone);
            CHECK_EQ(ttt_forward(late, x, 3, b), TTT_OK);
            ttt_destroy(late);
        }
    free(x);
    free(other);
}

static void reset(void)
{
    enum { DIM = 33, SEQ = 100, LEN = DIM * SEQ };
    float *x = make_tokens(25, DIM, SEQ, 0), *other = make_tokens(26, DIM, SEQ, 0);
    float a[LEN], b[LEN], memory[64];
    for (int objective = 0; objective < 2; objective++) {
        void *layer = make_layer(DIM, 0.9f, (ttt_objective)objective, 1);
        void *fresh = make_layer(DIM, 0.9f, (ttt_objective)objective, 1);
        check_context("objective=%d", objective);
        snapshot empty = snapshot_take(fresh);
        CHECK_EQ(ttt_forward(layer, other, SEQ, a), TTT_OK);
        CHECK_EQ(ttt_reset(layer), TTT_OK);
        snapshot_check(&empty, layer);
        CHECK_EQ(ttt_get_memory(layer, memory), TTT_OK);
        for (size_t i = 0; i < 64; i++) CHECK(memory[i] == 0);
        CHECK_EQ(ttt_forward(layer, x, SEQ, a), TTT_OK);
        CHECK_EQ(ttt_forward(fresh, x, SEQ, b), TTT_OK);
        CHECK_SAME(a, b, sizeof a);
        snapshot end = snapshot_take(layer);
        snapshot_check(&end, fresh);
        ttt_destroy(layer);
        ttt_destroy(fresh);
    }
    free(x);
    free(other);
}

/* ---- divergence ----------------------------------------------------------------------------- */

enum { WILD_DIM = 16, WILD_SEQ = 130, WILD_LEN = WILD_DIM * WILD_SEQ };

/* Reads the tokens over and over, `seq` in a call, until a call is refused; checks it like any
 * refusal. Returns the calls that went well. */
static size_t feed_until_diverged(void *layer, const float *x, size_t seq)
{
    size_t len = seq * WILD_DIM, calls = 0;
    float *y = must_alloc(len * sizeof *y), *surprise = must_alloc(seq * sizeof *surprise);
    int status = TTT_OK;
    while (calls < 3000) {
        snapshot before = snapshot_take(layer);
        memset(y, 0x5a, len * sizeof *y);
        memset(surprise, 0x5a, seq * sizeof *surprise);
        const float *from = x + calls * seq % (WILD_SEQ / seq * seq) * WILD_DIM;
        status = ttt_forward_ex(layer, from, len, seq, y, len, surprise);
        if (status != TTT_OK) {
            size_t changed = 0;
            for (size_t i = 0; i < len; i++) changed += bits_of(y[i]) != 0x5a5a5a5au;
            for (size_t i = 0; i < seq; i++) changed += bits_of(surprise[i]) != 0x5a5a5a5au;
            CHECK_EQ(changed, 0);
            snapshot_check(&before, layer);
            break;
        }
        free(before.state);
        CHECK(all_finite(y, len) && all_finite(surprise, seq));
        calls++;
    }
    CHECK_EQ(status, TTT_DIVERGED);
    free(y);
    free(surprise);
    return calls;
}

static void check_divergence(float rate, ttt_objective objective, size_t seq, uint32_t threads)
{
    float *x = make_tokens(27, WILD_DIM, WILD_SEQ, 4), first[WILD_DIM], again[WILD_DIM];
    void *layer = make_layer(WILD_DIM, rate, objective, threads);
    check_context("rate=%g objective=%d seq=%zu kernel=%s", (double)rate, objective, seq,
                  ttt_kernel());
    CHECK_EQ(ttt_forward(layer, x, 1, first), TTT_OK);
    CHECK_EQ(ttt_reset(layer), TTT_OK);
    size_t calls = feed_until_diverged(layer, x, seq);
    /* what was refused is refused again; a state of before goes elsewhere and back */
    CHECK_EQ(feed_until_diverged(layer, x + calls * seq % (WILD_SEQ / seq * seq) * WILD_DIM, seq),
             0);
    size_t size = ttt_state_size(layer);
    void *state = must_alloc(size), *other = make_layer(WILD_DIM, rate, objective, 1);
    CHECK_EQ(ttt_save_state(layer, state, size), TTT_OK);
    CHECK_EQ(ttt_load_state(other, state, size), TTT_OK);
    snapshot was = snapshot_take(layer);
    snapshot_check(&was, other);
    CHECK_EQ(ttt_reset(layer), TTT_OK);
    CHECK_EQ(ttt_forward(layer, x, 1, again), TTT_OK);
    CHECK_SAME(again, first, sizeof first);
    ttt_destroy(layer);
    ttt_destroy(other);
    free(state);
    free(x);
}

static void divergence(void)
{
    static const float rates[] = {2.5f, -0.1f, -3, 100, 1e30f, -1e30f, 3e38f, -3.4e38f};
    static const size_t lengths[] = {1, 7, 65, 130};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        for (int objective = 0; objective < 2; objective++)
            for (size_t k = 0; k < 4; k++)
                check_divergence(rates[i], (ttt_objective)objective, lengths[k],
                                 (uint32_t)(k % 2 + 1));
}

/* Rates between 0 and 2 never diverge, however long the input repeats itself. */
static void stable_rates(void)
{
    static const float rates[] = {0, 1e-45f, 1e-6f, 0.1f, 1, 1.9f, 1.99f, 1.9999f};
    enum { DIM = 12 };
    size_t tokens = check_quick() ? 2000 : 20000;
    float *x = make_tokens(28, DIM, tokens, 17), *y = must_alloc(DIM * tokens * sizeof *y);
    float *surprise = must_alloc(tokens * sizeof *surprise);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        for (int objective = 0; objective < 2; objective++) {
            size_t len = DIM * tokens;
            void *layer = make_layer(DIM, rates[i], (ttt_objective)objective, 1);
            check_context("rate=%.9g objective=%d", (double)rates[i], objective);
            CHECK_EQ(ttt_forward_ex(layer, x, len, tokens, y, len, surprise), TTT_OK);
            CHECK(all_finite(y, len) && all_finite(surprise, tokens));
            ttt_destroy(layer);
        }
    free(x);
    free(y);
    free(surprise);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"weights_round_trip", weights_round_trip},
        {"weights_refused", weights_refused},
        {"seeds", seeds},
        {"seeds_balanced", seeds_balanced},
        {"clones", clones},
        {"reset", reset},
        {"divergence", divergence},
        {"stable_rates", stable_rates},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
