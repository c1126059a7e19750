/* test_rls.c - the rule rls: against recursive least squares in double precision with a dense P, and the
 * same bits on every kernel, in every split and with every number of threads.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "layer_reference.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- against the reference ------------------------------------------------------------------ */

typedef struct stream {
    size_t dim, tokens;
    ttt_objective objective;
    float forgetting, ridge;
    double tolerance; /* relative, of leverages; a hundredth of it, absolute, of W */
} stream;

/* Reads x in calls of one to seven tokens and compares each leverage and, at the end, W. */
static void compare(const stream *s, float *x)
{
    void *layer = make_rls(s->dim, s->objective, s->forgetting, s->ridge, 1);
    reference_layer r = reference_create(layer);
    double *residual = must_alloc(s->dim * sizeof *residual), worst = 0, worst_w = 0;
    float *y = must_alloc(s->dim * s->tokens * sizeof *y);
    float *surprise = must_alloc(s->tokens * sizeof *surprise);
    for (size_t t = 0, n = 1; t < s->tokens; t += n, n = n % 7 + 1) {
        if (n > s->tokens - t) n = s->tokens - t;
        size_t len = n * s->dim;
        REQUIRE(ttt_forward_ex(layer, x + t * s->dim, len, n, y + t * s->dim, len, surprise + t) ==
                TTT_OK);
    }
    for (size_t t = 0; t < s->tokens; t++) {
        double expected = reference_step(&r, x + t * s->dim, residual);
        double error = fabs((double)surprise[t] / expected - 1);
        check_context("dim=%zu objective=%d forgetting=%g token %zu", s->dim, (int)s->objective,
                      (double)s->forgetting, t);
        CHECK_AT_MOST(error, s->tolerance);
        worst = fmax(worst, error);
        /* Where no token has been, the reference forgets beyond P's first value. */
        for (size_t i = 0; t >= s->dim && i < s->dim; i++) {
            double is = (double)y[t * s->dim + i] - (double)x[t * s->dim + i];
            CHECK_AT_MOST(fabs(is - residual[i]), 0.02 + 0.02 * fabs(residual[i]));
        }
    }
    float *w = must_alloc(r.small * r.small * sizeof *w);
    CHECK_EQ(ttt_get_memory(layer, w), TTT_OK);
    for (size_t i = 0; i < r.small * r.small; i++) {
        double error = fabs((double)w[i] - r.w[i]);
        if (!(error <= worst_w)) worst_w = error; /* not fmax: gcc 12 fails on it for AArch64 */
    }
    CHECK_AT_MOST(worst_w, s->tolerance / 10);
    check_note("dim %zu, objective %d, forgetting %g: leverages within %.1e, W within %.1e", s->dim,
               (int)s->objective, (double)s->forgetting, worst, worst_w);
    ttt_destroy(layer);
    reference_free(&r);
    free(residual);
    free(y);
    free(surprise);
    free(w);
}

static void random_tokens(void)
{
    static const stream streams[] = {
        {16, 600, TTT_RECONSTRUCT, 0.95f, 0.005f, 0.01},
        {64, 600, TTT_RECONSTRUCT, 0.9995f, 0.005f, 0.01},
        {64, 600, TTT_PREDICT, 0.9995f, 0.005f, 0.01},
        {130, 700, TTT_RECONSTRUCT, 1, 0.1f, 0.01},
        {130, 700, TTT_PREDICT, 0.999f, 10, 0.01},
        {256, 900, TTT_PREDICT, 0.9995f, 0.005f, 0.01},
    };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        float *x = make_tokens(3 + i, streams[i].dim, streams[i].tokens, 0);
        compare(&streams[i], x);
        free(x);
    }
}

/* One direction and a little noise of all others. */
static void collinear(void)
{
    for (int objective = 0; objective < 2; objective++) {
        stream s = {64, 2000, (ttt_objective)objective, 1, 0.005f, 0.03};
        float *x = make_tokens(9, s.dim, s.tokens, 0), *base = make_tokens(8, s.dim, 1, 0);
        for (size_t t = 0; t < s.tokens; t++)
            for (size_t i = 0; i < s.dim; i++)
                x[t * s.dim + i] = base[i] + 0.03f * x[t * s.dim + i];
        compare(&s, x);
        free(x);
        free(base);
    }
}

/* One token for ever: 1 / (n + ridge) if nothing is forgotten, otherwise the inverse of the sum of the
 * weights of its n occurrences. */
static void one_token(void)
{
    static const float forgetting[] = {1, 0.9995f, 0.95f};
    size_t tokens = check_quick() ? 3000 : 50000;
    for (size_t k = 0; k < 3; k++) {
        void *layer = make_rls(64, TTT_RECONSTRUCT, forgetting[k], 0.005f, 1);
        float *x = make_tokens(5, 64, 1, 0), y[64], surprise;
        double weights = 0, ridge = (double)0.005f, worst = 0;
        for (size_t n = 1; n <= tokens; n++) {
            double f = (double)forgetting[k];
            weights = weights * f + 1;
            ridge *= f;
            CHECK_EQ(ttt_forward_ex(layer, x, 64, 1, y, 64, &surprise), TTT_OK);
            check_context("forgetting %g, token %zu", f, n);
            double error = fabs((double)surprise * (weights + ridge) - 1);
            if (error > worst) CHECK_AT_MOST(error, 0.01);
            worst = fmax(worst, error);
        }
        check_note("forgetting %g: within %.1e in %zu tokens", (double)forgetting[k], worst,
                   tokens);
        ttt_destroy(layer);
        free(x);
    }
}

/* A token without a direction has leverage 0, and P only forgets. */
static void zero_tokens(void)
{
    void *layer = make_rls(16, TTT_RECONSTRUCT, 0.95f, 0.5f, 1);
    float x[16], zero[16] = {0}, y[16], first, second, later, surprise, w[16];
    rng r = {4};
    rng_fill(&r, x, 16);
    CHECK_EQ(ttt_forward_ex(layer, zero, 16, 1, y, 16, &surprise), TTT_OK);
    CHECK(surprise == 0);
    CHECK_SAME(y, zero, sizeof y);
    CHECK_EQ(ttt_forward_ex(layer, x, 16, 1, y, 16, &first), TTT_OK);
    CHECK_AT_MOST(fabs((double)first - 1 / (1 + 0.95 * 0.5)), 1e-6);
    CHECK_SAME(y, x, sizeof x); /* nothing was known of it */
    void *twin = ttt_clone(layer);
    CHECK_EQ(ttt_forward_ex(twin, x, 16, 1, y, 16, &second), TTT_OK);
    ttt_destroy(twin);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(ttt_forward_ex(layer, zero, 16, 1, y, 16, &surprise), TTT_OK);
    CHECK(surprise == 0);
    CHECK_EQ(ttt_forward_ex(layer, x, 16, 1, y, 16, &later), TTT_OK);
    check_note("leverage %.3f, at once %.3f, much later %.3f", (double)first, (double)second,
               (double)later);
    CHECK(later > second && later < first);
    CHECK_EQ(ttt_reset(layer), TTT_OK);
    CHECK_EQ(ttt_get_memory(layer, w), TTT_OK);
    for (size_t i = 0; i < 16; i++) CHECK(w[i] == 0);
    ttt_destroy(layer);
}

/* ---- the same bits -------------------------------------------------------------------------- */

/* What reading makes in calls of `length` tokens: outputs, surprises, W and the state. The caller frees. */
static float *results(size_t dim, int objective, uint32_t threads, size_t length, size_t *floats)
{
    enum { TOKENS = 140 };
    void *layer = make_rls(dim, (ttt_objective)objective, 0.999f, 0.01f, threads);
    size_t d = dim / 4, state = ttt_state_size(layer), len = TOKENS * dim;
    *floats = len + TOKENS + d * d + state / sizeof(float);
    float *x = make_tokens(dim, dim, TOKENS, 37), *y = must_zero(*floats * sizeof *y);
    memset(x + 5 * dim, 0, dim * sizeof *x);
    for (size_t i = 0; i < dim; i++) x[7 * dim + i] *= 0x1p-120f;
    for (size_t t = 0, n; t < TOKENS; t += n) {
        n = length < TOKENS - t ? length : TOKENS - t;
        CHECK_EQ(ttt_forward_ex(layer, x + t * dim, n * dim, n, y + t * dim, n * dim, y + len + t),
                 TTT_OK);
    }
    CHECK_EQ(ttt_get_memory(layer, y + len + TOKENS), TTT_OK);
    CHECK_EQ(ttt_save_state(layer, y + len + TOKENS + d * d, state), TTT_OK);
    ttt_destroy(layer);
    free(x);
    return y;
}

static void same_bits(void)
{
    static const size_t dims[] = {4, 5, 17, 64, 67, 128, 130, 260, 512};
    const char *names[8];
    size_t count = usable_kernels(names), floats;
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++)
        for (int objective = 0; objective < 2; objective++) {
            use_kernel(names[0]);
            float *first = results(dims[i], objective, 1, 140, &floats);
            for (size_t k = 0; k < count; k++)
                for (uint32_t threads = 1; threads <= 3; threads++) {
                    use_kernel(names[k]);
                    size_t length = (size_t[]){10, 1, 100}[(k + threads) % 3], same;
                    check_context("dim=%zu objective=%d kernel=%s threads=%u length=%zu", dims[i],
                                  objective, names[k], threads, length);
                    float *other = results(dims[i], objective, threads, length, &same);
                    CHECK_SAME(other, first, floats * sizeof *first);
                    free(other);
                }
            free(first);
        }
    use_best_kernel();
}

/* ---- options, refusals ---------------------------------------------------------------------- */

static int create_with(const ttt_config *config)
{
    void *layer = NULL;
    int status = ttt_create_from_config(config, &layer);
    CHECK((status == TTT_OK) == (layer != NULL));
    ttt_destroy(layer);
    return status;
}

static void configurations(void)
{
    static const float no_forgetting[] = {0, 0.9f, 0.5f, -1, 1.0000001f, 2, NAN, INFINITY};
    static const float no_ridge[] = {0, -0.005f, 9e-7f, 1.1e6f, NAN, INFINITY, -INFINITY, FLT_MIN};
    ttt_config good, config;
    ttt_config_init(&good);
    CHECK(good.rule == TTT_GRADIENT && good.forgetting == 0.9995f && good.ridge == 0.005f);
    CHECK_EQ(good.reserved, 0);
    for (uint32_t rule = 0; rule < 2; rule++)
        for (size_t i = 0; i < 8; i++) {
            config = good;
            config.rule = rule;
            CHECK_EQ(create_with(&config), TTT_OK);
            config.forgetting = no_forgetting[i];
            CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
            config.forgetting = 1;
            config.ridge = no_ridge[i];
            CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
            config.ridge = i % 2 ? 1e-6f : 1e6f;
            CHECK_EQ(create_with(&config), TTT_OK);
            config.reserved = 1;
            CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
        }
    for (uint32_t rule = 2; rule != 0; rule <<= 1) {
        config = good;
        config.rule = rule;
        CHECK_EQ(create_with(&config), TTT_INVALID_CONFIG);
    }
    /* The struct as it was before there were rules: what lies behind it is not read. */
    void *layer = NULL;
    config = good;
    config.size = 32;
    config.rule = config.reserved = 77;
    config.forgetting = config.ridge = NAN;
    REQUIRE(ttt_create_from_config(&config, &layer) == TTT_OK);
    CHECK_EQ(ttt_get_rule(layer), TTT_GRADIENT);
    CHECK(ttt_forgetting(layer) == 0.9995f && ttt_ridge(layer) == 0.005f);
    ttt_destroy(layer);
}

/* A call that fails changes nothing; the learning rate does not count. */
static void refusals(void)
{
    enum { DIM = 64, SEQ = 100 };
    for (int objective = 0; objective < 2; objective++) {
        void *layer = make_rls(DIM, (ttt_objective)objective, 0.9995f, 0.005f, 1);
        float *x = make_tokens(6, DIM, SEQ, 0), *y = must_zero(DIM * SEQ * sizeof *y);
        float bad[] = {NAN, INFINITY, 1e37f};
        CHECK_EQ(ttt_forward(layer, x, SEQ, y), TTT_OK);
        memset(y, 0, DIM * SEQ * sizeof *y);
        for (size_t i = 0; i < 3; i++) {
            snapshot before = snapshot_take(layer);
            float kept = x[DIM * SEQ - 1];
            x[DIM * SEQ - 1] = bad[i];
            CHECK_EQ(ttt_forward(layer, x, SEQ, y), i < 2 ? TTT_NON_FINITE : TTT_INPUT_RANGE);
            x[DIM * SEQ - 1] = kept;
            for (size_t k = 0; k < DIM * SEQ; k++) CHECK(y[k] == 0);
            snapshot_check(&before, layer);
        }
        ttt_destroy(layer);
        free(x);
        free(y);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"random_tokens", random_tokens}, {"collinear", collinear},
        {"one_token", one_token},         {"zero_tokens", zero_tokens},
        {"same_bits", same_bits},         {"configurations", configurations},
        {"refusals", refusals},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
