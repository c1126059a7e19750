/* test_layer.c - the layer's API: what it refuses, and that a refused call changes nothing.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- null pointers, sizes, configurations --------------------------------------------------- */

static void null_pointers(void)
{
    float x[8] = {0}, y[8];
    int8_t w[16] = {0};
    uint8_t state[256];
    uint64_t hash;
    void *layer = make_layer(8, 0.1f, TTT_RECONSTRUCT, 1);
    ttt_destroy(NULL);
    ttt_config_init(NULL);
    CHECK_EQ(ttt_create_from_config(NULL, NULL), TTT_NULL_POINTER);
    void *made = layer;
    CHECK_EQ(ttt_create_from_config(NULL, &made), TTT_NULL_POINTER);
    CHECK(made == NULL);
    CHECK_EQ(ttt_forward(NULL, x, 1, y), TTT_NULL_POINTER);
    CHECK_EQ(ttt_forward(layer, NULL, 1, y), TTT_NULL_POINTER);
    CHECK_EQ(ttt_forward(layer, x, 1, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_forward_ex(NULL, x, 8, 1, y, 8, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_forward_ex(layer, NULL, 8, 1, y, 8, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_forward_ex(layer, x, 8, 1, NULL, 8, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_set_weights(NULL, w, w), TTT_NULL_POINTER);
    CHECK_EQ(ttt_set_weights(layer, NULL, w), TTT_NULL_POINTER);
    CHECK_EQ(ttt_set_weights(layer, w, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_get_weights(NULL, w, w), TTT_NULL_POINTER);
    CHECK_EQ(ttt_get_weights(layer, NULL, w), TTT_NULL_POINTER);
    CHECK_EQ(ttt_get_weights(layer, w, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_reset(NULL), TTT_NULL_POINTER);
    CHECK(ttt_clone(NULL) == NULL);
    CHECK_EQ(ttt_state_size(NULL), 0);
    CHECK_EQ(ttt_save_state(NULL, state, sizeof state), TTT_NULL_POINTER);
    CHECK_EQ(ttt_save_state(layer, NULL, sizeof state), TTT_NULL_POINTER);
    CHECK_EQ(ttt_load_state(NULL, state, sizeof state), TTT_NULL_POINTER);
    CHECK_EQ(ttt_load_state(layer, NULL, 0), TTT_NULL_POINTER);
    CHECK_EQ(ttt_get_memory(NULL, x), TTT_NULL_POINTER);
    CHECK_EQ(ttt_get_memory(layer, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_conformance_hash(NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_set_kernel(NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_hidden_dim(NULL) + ttt_memory_dim(NULL) + ttt_threads(NULL), 0);
    CHECK_EQ(ttt_tokens_seen(NULL), 0);
    CHECK(ttt_weights_fingerprint(NULL) == 0);
    CHECK(ttt_inner_lr(NULL) == 0);
    CHECK_EQ(ttt_get_objective(NULL), TTT_RECONSTRUCT);
    CHECK_EQ(ttt_get_rule(NULL), TTT_GRADIENT);
    CHECK(ttt_forgetting(NULL) == 0 && ttt_ridge(NULL) == 0);
    CHECK_EQ(ttt_tokens_seen(layer), 0);
    CHECK_EQ(ttt_conformance_hash(&hash), TTT_OK);
    ttt_destroy(layer);
}

/* Creating with one field changed; the layer, if there is one, is destroyed. */
static int create_with(const ttt_config *config)
{
    void *layer = &layer;
    int status = ttt_create_from_config(config, &layer);
    CHECK((status == TTT_OK) == (layer != NULL));
    ttt_destroy(layer);
    return status;
}

static void hidden_dims(void)
{
    static const uint64_t bad[] = {0,          1,
                                   2,          3,
                                   65537,      1u << 20,
                                   1u << 31,   UINT32_MAX,
                                   UINT64_MAX, UINT64_MAX / 4,
                                   1ull << 32, (1ull << 32) + 64,
                                   1ull << 63};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ttt_config config;
        ttt_config_init(&config);
        config.hidden_dim = bad[i];
        check_context("hidden_dim=%llu", (unsigned long long)bad[i]);
        CHECK_EQ(create_with(&config), TTT_DIMENSION_MISMATCH);
        if (bad[i] <= SIZE_MAX) CHECK(ttt_create((size_t)bad[i], 0.1f) == NULL);
    }
    for (size_t dim = 4; dim <= 70; dim++) {
        void *layer = ttt_create(dim, 0.1f);
        check_context("hidden_dim=%zu", dim);
        REQUIRE(layer != NULL);
        CHECK_EQ(ttt_hidden_dim(layer), dim);
        CHECK_EQ(ttt_memory_dim(layer), dim / 4);
        ttt_destroy(layer);
    }
}

static void configurations(void)
{
    ttt_config good, config;
    ttt_config_init(&good);
    CHECK_EQ(good.size, sizeof good);
    CHECK_EQ(good.hidden_dim, 64);
    CHECK_EQ(good.objective, TTT_RECONSTRUCT);
    CHECK_EQ(good.seed, TTT_DEFAULT_SEED);
    CHECK_EQ(good.threads, 1);
    CHECK(good.inner_lr == 0.1f);
    CHECK_EQ(create_with(&good), TTT_OK);
    static const float rates[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        config = good;
        config.inner_lr = rates[i];
        CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
        CHECK(ttt_create(64, rates[i]) == NULL);
    }
    static const uint32_t counts[] = {0, TTT_MAX_THREADS + 1, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        config = good;
        config.threads = counts[i];
        CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
    }
    for (uint32_t objective = 2; objective != 0; objective <<= 1) {
        config = good;
        config.objective = objective;
        CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
    }
    static const uint32_t sizes[] = {0, 1, sizeof good - 1, sizeof good + 1, UINT32_MAX};
    for (size_t i = 0; i < 5; i++) {
        config = good;
        config.size = sizes[i];
        CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
    }
    config = good;
    config.threads = TTT_MAX_THREADS;
    CHECK_EQ(create_with(&config), TTT_OK);
}

static void properties(void)
{
    void *layer = make_layer(30, 0.25f, TTT_PREDICT, 3);
    float x[60], surprise[2];
    rng r = {1};
    rng_fill(&r, x, 60);
    CHECK_EQ(ttt_hidden_dim(layer), 30);
    CHECK_EQ(ttt_memory_dim(layer), 7);
    CHECK_EQ(ttt_get_objective(layer), TTT_PREDICT);
    CHECK_EQ(ttt_threads(layer), 3);
    CHECK(ttt_inner_lr(layer) == 0.25f);
    CHECK_EQ(ttt_tokens_seen(layer), 0);
    CHECK_EQ(ttt_forward_ex(layer, x, 60, 2, x, 60, surprise), TTT_OK);
    CHECK_EQ(ttt_forward(layer, x, 1, x), TTT_OK);
    CHECK_EQ(ttt_tokens_seen(layer), 3);
    ttt_destroy(layer);
}

/* ---- lengths and overlaps ------------------------------------------------------------------- */

static void lengths(void)
{
    enum { DIM = 64, SEQ = 3, LEN = DIM * SEQ };
    float *x = make_tokens(2, DIM, SEQ, 0), y[LEN], untouched[LEN];
    void *layer = make_layer(DIM, 0.1f, TTT_RECONSTRUCT, 1);
    memset(y, 0x5a, sizeof y);
    memset(untouched, 0x5a, sizeof y);
    snapshot before = snapshot_take(layer);
    static const size_t bad[] = {0, 1, LEN - 1, LEN + 1, LEN - DIM, LEN + DIM, SIZE_MAX, LEN * 4};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_context("length=%zu", bad[i]);
        CHECK_EQ(ttt_forward_ex(layer, x, bad[i], SEQ, y, LEN, NULL), TTT_DIMENSION_MISMATCH);
        CHECK_EQ(ttt_forward_ex(layer, x, LEN, SEQ, y, bad[i], NULL), TTT_DIMENSION_MISMATCH);
        CHECK_EQ(ttt_forward_ex(layer, x, bad[i], SEQ, y, bad[i], NULL), TTT_DIMENSION_MISMATCH);
    }
    /* products that wrap to a small length, to zero, or to the right length */
    static const size_t long_seqs[] = {0,
                                       SIZE_MAX,
                                       SIZE_MAX / 2,
                                       SIZE_MAX / 4,
                                       SIZE_MAX / DIM,
                                       SIZE_MAX / DIM + 1,
                                       SIZE_MAX / DIM + 1 + SEQ,
                                       SIZE_MAX / 4 / DIM,
                                       SIZE_MAX / 4 / DIM + 1,
                                       SIZE_MAX / 4 / DIM + 1 + SEQ,
                                       SIZE_MAX / 8 / DIM + 1};
    for (size_t i = 0; i < sizeof long_seqs / sizeof long_seqs[0]; i++) {
        size_t seq = long_seqs[i], len = seq * DIM;
        check_context("seq_len=%zu", seq);
        CHECK_EQ(ttt_forward_ex(layer, x, LEN, seq, y, LEN, NULL), TTT_DIMENSION_MISMATCH);
        CHECK_EQ(ttt_forward_ex(layer, x, len, seq, y, len, NULL), TTT_DIMENSION_MISMATCH);
        CHECK_EQ(ttt_forward(layer, x, seq, y), TTT_DIMENSION_MISMATCH);
    }
    CHECK_SAME(y, untouched, sizeof y);
    snapshot_check(&before, layer);
    ttt_destroy(layer);
    free(x);
}

static void overlaps(void)
{
    enum { DIM = 8, SEQ = 3, LEN = DIM * SEQ };
    float room[4 * LEN + SEQ], kept[4 * LEN + SEQ], expected[LEN];
    float *x = make_tokens(3, DIM, SEQ, 0), *in = room + LEN;
    void *layer = make_layer(DIM, 0.1f, TTT_RECONSTRUCT, 1);
    CHECK_EQ(ttt_forward(layer, x, SEQ, expected), TTT_OK);
    ttt_reset(layer);
    snapshot before = snapshot_take(layer);
    memset(room, 0, sizeof room);
    memcpy(in, x, LEN * sizeof *x);
    memcpy(kept, room, sizeof room);
    for (int shift = 1 - LEN; shift < LEN; shift++) {
        check_context("output %d floats from input", shift);
        if (shift != 0) CHECK_EQ(ttt_forward(layer, in, SEQ, in + shift), TTT_OVERLAP);
    }
    for (int shift = 1 - SEQ; shift < LEN; shift++) {
        check_context("surprise at %d", shift);
        float *out = in + LEN;
        CHECK_EQ(ttt_forward_ex(layer, in, LEN, SEQ, out, LEN, in + shift), TTT_OVERLAP);
        CHECK_EQ(ttt_forward_ex(layer, in, LEN, SEQ, out, LEN, out + shift), TTT_OVERLAP);
        CHECK_EQ(ttt_forward_ex(layer, in, LEN, SEQ, in, LEN, in + shift), TTT_OVERLAP);
    }
    CHECK_SAME(room, kept, sizeof room);
    snapshot_check(&before, layer);
    /* side by side, on both sides, is no overlap; in place gives the same */
    check_context("side by side");
    CHECK_EQ(ttt_forward_ex(layer, in, LEN, SEQ, in + LEN, LEN, in + 2 * LEN), TTT_OK);
    CHECK_SAME(in + LEN, expected, sizeof expected);
    ttt_reset(layer);
    CHECK_EQ(ttt_forward_ex(layer, in, LEN, SEQ, in - LEN, LEN, in + LEN), TTT_OK);
    CHECK_SAME(in - LEN, expected, sizeof expected);
    ttt_reset(layer);
    CHECK_EQ(ttt_forward_ex(layer, in, LEN, SEQ, in, LEN, in - SEQ), TTT_OK);
    CHECK_SAME(in, expected, sizeof expected);
    ttt_destroy(layer);
    free(x);
}

/* In place over many blocks, with both objectives and threads. */
static void in_place(void)
{
    enum { DIM = 96, SEQ = 333 };
    float *x = make_tokens(4, DIM, SEQ, 50), *y = must_alloc(DIM * SEQ * sizeof *y);
    for (int objective = 0; objective < 2; objective++)
        for (uint32_t threads = 1; threads <= 2; threads++) {
            void *layer = make_layer(DIM, 0.3f, (ttt_objective)objective, threads);
            float *same = must_copy(x, DIM * SEQ * sizeof *x);
            check_context("objective=%d threads=%u", objective, threads);
            CHECK_EQ(ttt_forward(layer, x, SEQ, y), TTT_OK);
            ttt_reset(layer);
            CHECK_EQ(ttt_forward(layer, same, SEQ, same), TTT_OK);
            CHECK_SAME(same, y, DIM * SEQ * sizeof *y);
            ttt_destroy(layer);
            free(same);
        }
    free(x);
    free(y);
}

/* ---- values --------------------------------------------------------------------------------- */

/* A call that must be refused with this status: output, surprise and memory stay, and what follows
 * is as if it had never been. */
static void check_refused(void *layer, const float *x, size_t seq, int status)
{
    size_t len = seq * ttt_hidden_dim(layer);
    float *y = must_alloc(len * sizeof *y), *surprise = must_alloc(seq * sizeof *surprise);
    float *in_place = must_copy(x, len * sizeof *x);
    snapshot before = snapshot_take(layer);
    memset(y, 0x5a, len * sizeof *y);
    memset(surprise, 0x5a, seq * sizeof *surprise);
    CHECK_EQ(ttt_forward_ex(layer, x, len, seq, y, len, surprise), status);
    CHECK_EQ(ttt_forward_ex(layer, in_place, len, seq, in_place, len, NULL), status);
    CHECK_SAME(in_place, x, len * sizeof *x);
    size_t changed = 0;
    for (size_t i = 0; i < len; i++) changed += bits_of(y[i]) != 0x5a5a5a5au;
    for (size_t i = 0; i < seq; i++) changed += bits_of(surprise[i]) != 0x5a5a5a5au;
    CHECK_EQ(changed, 0);
    snapshot_check(&before, layer);
    free(y);
    free(surprise);
    free(in_place);
}

static const uint32_t non_finite_bits[] = {0x7f800000u, 0xff800000u, 0x7fc00000u,
                                           0xffc00000u, 0x7f800001u, 0xffffffffu};

static void check_non_finite(size_t dim, size_t seq, const size_t *positions, size_t count)
{
    float *x = make_tokens(5, dim, seq, 0);
    void *layer = make_layer(dim, 0.1f, TTT_RECONSTRUCT, 2);
    float *y = must_alloc(dim * seq * sizeof *y), *again = must_alloc(dim * seq * sizeof *y);
    CHECK_EQ(ttt_forward(layer, x, seq, y), TTT_OK);
    void *witness = ttt_clone(layer);
    REQUIRE(witness != NULL);
    for (size_t k = 0; k < count; k++)
        for (size_t kind = 0; kind < 6; kind++) {
            size_t at = positions ? positions[k] : k;
            float kept = x[at];
            x[at] = float_of(non_finite_bits[kind]);
            check_context("kernel=%s dim=%zu seq=%zu bits %08x at %zu", ttt_kernel(), dim, seq,
                          non_finite_bits[kind], at);
            check_refused(layer, x, seq, TTT_NON_FINITE);
            x[at] = kept;
        }
    CHECK_EQ(ttt_forward(layer, x, seq, y), TTT_OK);
    CHECK_EQ(ttt_forward(witness, x, seq, again), TTT_OK);
    CHECK_SAME(y, again, dim * seq * sizeof *y);
    ttt_destroy(layer);
    ttt_destroy(witness);
    free(x);
    free(y);
    free(again);
}

/* Every position of small inputs; every block of a long one. */
static void non_finite(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    static const size_t far[] = {0, 31, 63 * 32, 64 * 32, 64 * 32 + 31, 150 * 32 + 5, 200 * 32 - 1};
    for (size_t i = 0; i < count; i++) {
        use_kernel(names[i]);
        check_non_finite(5, 3, NULL, 15);
        check_non_finite(33, 2, NULL, 66);
        check_non_finite(32, 200, far, sizeof far / sizeof far[0]);
    }
    use_best_kernel();
}

/* Up to the limit all is finite; above it the call is refused. */
static void too_large(void)
{
    static const size_t dims[] = {4, 5, 16, 67, 256};
    for (size_t k = 0; k < sizeof dims / sizeof dims[0]; k++)
        for (int objective = 0; objective < 2; objective++) {
            size_t dim = dims[k], len = 2 * dim;
            float *x = make_tokens(6, dim, 2, 0), *y = must_alloc(len * sizeof *y), surprise[2];
            void *layer = make_layer(dim, 0.5f, (ttt_objective)objective, 1);
            check_context("dim=%zu objective=%d", dim, objective);
            static const float large[] = {FLT_MAX, -FLT_MAX, FLT_MAX / 2};
            for (size_t i = 0; i < 3; i++) {
                float kept = x[len - 1];
                x[len - 1] = large[i];
                check_refused(layer, x, 2, TTT_INPUT_RANGE);
                x[len - 1] = kept;
            }
            float below = FLT_MAX / (1.02f * (float)dim);
            int8_t *ones = must_alloc(dim * (dim / 4));
            memset(ones, 1, dim * (dim / 4));
            CHECK_EQ(ttt_set_weights(layer, ones, ones), TTT_OK);
            for (size_t i = 0; i < len; i++) x[i] = below;
            CHECK_EQ(ttt_forward_ex(layer, x, len, 2, y, len, surprise), TTT_OK);
            CHECK(all_finite(y, len) && all_finite(surprise, 2));
            ttt_destroy(layer);
            free(x);
            free(y);
            free(ones);
        }
}

/* Zero, denormal and vanishing tokens, alone and among others, leave everything finite. */
static void tiny_values(void)
{
    enum { DIM = 24, SEQ = 90 };
    static const float sizes[] = {0, 1e-45f, 1e-39f, 1e-30f, 1e-10f, 1e-9f, 1.1e-9f, 1e-6f, 1};
    for (int objective = 0; objective < 2; objective++) {
        float *x = make_tokens(7, DIM, SEQ, 0), y[DIM * SEQ], surprise[SEQ];
        for (size_t i = 0; i < DIM * SEQ; i++) x[i] *= sizes[i / DIM % 9];
        void *layer = make_layer(DIM, 1, (ttt_objective)objective, 1);
        CHECK_EQ(ttt_forward_ex(layer, x, DIM * SEQ, SEQ, y, DIM * SEQ, surprise), TTT_OK);
        CHECK(all_finite(y, DIM * SEQ) && all_finite(surprise, SEQ));
        for (size_t i = 0; i < DIM; i++) CHECK(y[i] == 0); /* a zero token stays one */
        ttt_destroy(layer);
        free(x);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"null_pointers", null_pointers},
        {"hidden_dims", hidden_dims},
        {"configurations", configurations},
        {"properties", properties},
        {"lengths", lengths},
        {"overlaps", overlaps},
        {"in_place", in_place},
        {"non_finite", non_finite},
        {"too_large", too_large},
        {"tiny_values", tiny_values},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
