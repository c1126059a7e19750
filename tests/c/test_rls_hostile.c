/* test_rls_hostile.c - the rule rls over millions of hostile tokens: leverages stay in [0, 1], D in
 * (0, 1], everything finite, and P, rebuilt in double precision, positive definite.
 *
 * A run reads 10^6 tokens of each kind, more than 10^7 in all; BIT_TTT_HOSTILE_TOKENS is another
 * number of each.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 64, SMALL = DIM / 4, BLOCK = 64, ENTRIES = SMALL * (SMALL - 1) / 2, HEADER = 64 };

/* A kind of token, number t of its stream. */
typedef void kind(rng *r, size_t t, float *x);

static float pattern(size_t which, size_t i)
{
    return (float)((which * 7919 + i * 104729) % 255) - 127.0f;
}

static void constant(rng *r, size_t t, float *x)
{
    (void)r, (void)t;
    for (size_t i = 0; i < DIM; i++) x[i] = pattern(1, i);
}

static void alternating(rng *r, size_t t, float *x)
{
    (void)r;
    for (size_t i = 0; i < DIM; i++) x[i] = t % 2 ? pattern(1, i) : -pattern(2, i);
}

/* The smallest steps away from one direction that the quantiser lets through. */
static void collinear(rng *r, size_t t, float *x)
{
    constant(r, t, x);
    x[rng_below(r, DIM)] += 1.0f;
}

static void scaled(rng *r, size_t t, float *x)
{
    static const float scales[] = {1e18f, 1e-18f, 1e34f, 1, 1e-9f, 1e-7f};
    for (size_t i = 0; i < DIM; i++)
        x[i] = (pattern(3, i) + rng_float(r, -1, 1)) * scales[t % 6] / 127.0f;
}

static void zero(rng *r, size_t t, float *x)
{
    if (t % 1000 == 0) rng_fill(r, x, DIM);
    else memset(x, 0, DIM * sizeof *x);
}

static void denormal(rng *r, size_t t, float *x)
{
    (void)t;
    rng_fill(r, x, DIM);
    for (size_t i = 0; i < DIM; i++) x[i] *= 0x1p-130f;
}

/* Long silence, in which P grows back, between collinear tokens of a few directions. */
static void regrowth(rng *r, size_t t, float *x)
{
    size_t phase = t / 400;
    if (t % 400 >= 60) {
        memset(x, 0, DIM * sizeof *x);
        return;
    }
    for (size_t i = 0; i < DIM; i++) x[i] = pattern(1, i);
    x[phase % DIM] += (float)(1 + rng_below(r, 3));
}

static void extreme(rng *r, size_t t, float *x)
{
    (void)t;
    rng_fill_extreme(r, x, DIM);
    for (size_t i = 0; i < DIM; i++)
        if (fabsf(x[i]) > 1e36f) x[i] *= 1e-3f;
}

static kind *const kinds[] = {constant, alternating, collinear, scaled,
                              zero,     denormal,    regrowth,  extreme};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void mixed(rng *r, size_t t, float *x)
{
    kinds[t / 777 % KINDS](r, t, x);
}

/* ---- what must hold ------------------------------------------------------------------------- */

static float state_float(const uint8_t *state, size_t i)
{
    float value;
    memcpy(&value, state + HEADER + i * sizeof value, sizeof value);
    return value;
}

/* Cholesky's decomposition of P, with room for the rounding of U D U' to double. */
static bool positive_definite(double p[SMALL][SMALL])
{
    double trace = 0;
    for (size_t i = 0; i < SMALL; i++) trace += p[i][i];
    for (size_t i = 0; i < SMALL; i++) p[i][i] += 1e-13 * trace;
    for (size_t i = 0; i < SMALL; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = p[i][j];
            for (size_t k = 0; k < j; k++) sum -= p[i][k] * p[j][k];
            if (i == j && !(sum > 0)) return false;
            p[i][j] = i == j ? sqrt(sum) : sum / p[j][j];
        }
    return true;
}

/* Returns the largest |U|. */
static double check_state(const void *layer)
{
    size_t size = ttt_state_size(layer);
    uint8_t *state = must_alloc(size);
    double u[SMALL][SMALL] = {{0}}, p[SMALL][SMALL] = {{0}}, largest = 0;
    size_t at = 0;
    CHECK_EQ(ttt_save_state(layer, state, size), TTT_OK);
    for (size_t i = 0; i < (size - HEADER) / sizeof(float); i++)
        CHECK(isfinite(state_float(state, i)));
    for (size_t j = 0; j < SMALL; j++) {
        for (size_t i = 0; i < j; i++) u[i][j] = (double)state_float(state, at++);
        for (size_t i = 0; i < j; i++) largest = fmax(largest, fabs(u[i][j]));
        u[j][j] = 1;
    }
    for (size_t j = 0; j < SMALL; j++) {
        double d = (double)state_float(state, ENTRIES + j);
        CHECK(d > 0 && d <= 1);
        for (size_t i = 0; i <= j; i++)
            for (size_t k = 0; k <= j; k++) p[i][k] += u[i][j] * d * u[k][j];
    }
    CHECK(positive_definite(p));
    free(state);
    return largest;
}

static size_t wanted_tokens(void)
{
    const char *text = getenv("BIT_TTT_HOSTILE_TOKENS");
    return text ? (size_t)strtoull(text, NULL, 10) : check_quick() ? 100000 : 1000000;
}

/* Reads tokens of a kind with both objectives; by turns one a call and a block a call. */
static void torture(const char *name, kind *make, float forgetting, float ridge, size_t tokens)
{
    float x[BLOCK * DIM], y[BLOCK * DIM], surprise[BLOCK];
    for (int objective = 0; objective < 2; objective++) {
        void *layer = make_rls(DIM, (ttt_objective)objective, forgetting, ridge, 1);
        rng r = {7};
        double largest = 0;
        bool good = true;
        check_context("%s objective=%d forgetting=%g ridge=%g", name, objective, (double)forgetting,
                      (double)ridge);
        for (size_t t = 0, turn = 0; t < tokens; turn++) {
            size_t n = turn % 16 < 15 ? BLOCK : 1;
            for (size_t i = 0; i < n; i++) make(&r, t + i, x + i * DIM);
            good = good && ttt_forward_ex(layer, x, n * DIM, n, y, n * DIM, surprise) == TTT_OK;
            for (size_t i = 0; i < n; i++) good = good && surprise[i] >= 0 && surprise[i] <= 1;
            good = good && all_finite(y, n * DIM);
            if (turn % 997 == 0) largest = fmax(largest, check_state(layer));
            t += n;
        }
        CHECK(good);
        largest = fmax(largest, check_state(layer));
        check_note("%s, objective %d, forgetting %g, ridge %g: |U| at most %.3g", name, objective,
                   (double)forgetting, (double)ridge, largest);
        ttt_destroy(layer);
    }
}

static const float settings[][2] = {{0.9995f, 0.005f}, {1, 1e-6f}, {0.9000001f, 1e-6f}, {1, 1e6f}};

static void each_kind(void)
{
    static const char *const names[] = {"constant", "alternating", "collinear", "scaled",
                                        "zero",     "denormal",    "regrowth",  "extreme"};
    for (size_t i = 0; i < KINDS; i++)
        for (size_t k = 0; k < 4; k++)
            torture(names[i], kinds[i], settings[k][0], settings[k][1],
                    wanted_tokens() / (k ? 64 : 16));
}

static void all_kinds(void)
{
    for (size_t k = 0; k < 4; k++)
        torture("mixed", mixed, settings[k][0], settings[k][1], wanted_tokens() / (k ? 4 : 1));
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"each_kind", each_kind}, {"all_kinds", all_kinds}};
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
