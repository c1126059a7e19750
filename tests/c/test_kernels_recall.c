/* test_kernels_recall.c - the kernels of sessions with recall: every usable table gives the bits of
 * scalar code and of the other tables, against pages that may not be touched; and logarithms and
 * exponentials are accurate.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "kernel_reference.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1024 };
#define LEAST_NORMAL 0x1p-126f

/* What the first table gave, for the others. */
static struct {
    const bt_kernels *table;
    float values[MOST];
} first;

/* An operand that ends at a guard page, or begins at one. */
static float *operand(guarded *g, size_t n, bool at_end)
{
    *g = guard_alloc(n * sizeof(float), at_end);
    return g->bytes;
}

/* ---- logarithms ------------------------------------------------------------------------------ */

/* Units in the last place of the exact result between it and y. */
static double ulps(double exact, float y)
{
    float near = (float)exact;
    double unit = (double)nextafterf(fabsf(near), INFINITY) - (double)fabsf(near);
    return fabs((double)y - exact) / unit;
}

static void check_logarithms(const bt_kernels *table)
{
    enum { N = 4096 };
    uint32_t step = check_quick() ? 100003 : 997, end = bits_of(INFINITY);
    static uint32_t expected; /* a hash over all, of the first table */
    uint32_t hash = 0;
    double worst = 0;
    float *x = must_alloc(N * sizeof *x), *y = must_alloc(N * sizeof *y), worst_at = 0;
    for (uint32_t bits = bits_of(LEAST_NORMAL); bits < end - step * N; bits += step * N) {
        for (uint32_t i = 0; i < N; i++) x[i] = float_of(bits + i * step);
        table->logarithms(x, y, 0.0f, N);
        for (size_t i = 0; i < N; i++) {
            double off = ulps(log((double)x[i]), y[i]);
            if (off <= worst) continue;
            worst = off;
            worst_at = x[i];
        }
        hash = hash * 31 + fnv1a32(y, N * sizeof *y);
    }
    check_context("kernel=%s", table->name);
    check_note("%s: logarithms to %.2f ulp, at %a", table->name, worst, (double)worst_at);
    CHECK_AT_MOST(worst, 3);
    if (expected == 0) expected = hash;
    CHECK_EQ(hash, expected);
    free(x);
    free(y);
}

/* Below the smallest normal number it stands for all; sums are rounded once more; in place. */
static void check_logarithms_edges(const bt_kernels *table)
{
    static const float small[] = {0, -0.0f, 0x1p-149f, 0x1p-127f, -1, -INFINITY, LEAST_NORMAL};
    static const float adds[] = {0, 1, -30.5f, 87.25f, 1e-9f};
    rng r = {3};
    for (size_t n = 16; n <= 80; n += 16)
        for (size_t k = 0; k < 5; k++) {
            guarded g;
            float *x = operand(&g, n, k % 2), plain[80], expected[80];
            check_context("kernel=%s n=%zu add=%g", table->name, n, (double)adds[k]);
            for (size_t i = 0; i < n; i++) x[i] = i < 7 ? small[i] : rng_float(&r, 0, 1);
            table->logarithms(x, plain, 0.0f, n);
            for (size_t i = 0; i < n; i++) expected[i] = plain[i] + adds[k];
            table->logarithms(x, x, adds[k], n);
            CHECK_SAME(x, expected, n * sizeof *x);
            for (size_t i = 0; i < 7; i++) CHECK_SAME(&plain[i], &plain[6], sizeof *plain);
            CHECK_AT_MOST(fabs((double)plain[6] + 126 * log(2)), 1e-5);
            guard_free(&g);
        }
    float one[16], zero[16] = {0}, result[16];
    for (size_t i = 0; i < 16; i++) one[i] = 1;
    table->logarithms(one, result, 0.0f, 16);
    CHECK_SAME(result, zero, sizeof zero);
}

static void logarithms(void)
{
    each_table(check_logarithms);
    each_table(check_logarithms_edges);
}

/* ---- softmax --------------------------------------------------------------------------------- */

/* Sixteen partial sums by index, folded by a tree. */
static float fold(const float *x, size_t n)
{
    float part[16] = {0};
    for (size_t i = 0; i < n; i++) part[i % 16] += x[i];
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++) part[i] += part[i + half];
    return part[0];
}

static void check_one_softmax(const bt_kernels *table, rng *r, size_t n, float size)
{
    guarded gx, gb, gp;
    float *x = operand(&gx, n, true), *bias = operand(&gb, n, false), *p = operand(&gp, n, true);
    float sharpness = rng_float(r, 0.25f, 1.5f), largest = -INFINITY, found = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_float(r, -size, size);
        bias[i] = rng_float(r, -1, 1) * (i % 3 ? 0.1f : 20.0f);
    }
    for (size_t i = 0; i < n; i++) largest = fmaxf(largest, x[i] * sharpness + bias[i]);
    float total = table->adapted_softmax(x, bias, sharpness, p, n, &found);
    CHECK_SAME(&largest, &found, sizeof found);
    float sum = fold(p, n);
    CHECK_SAME(&total, &sum, sizeof sum);
    CHECK(total >= 1);
    for (size_t i = 0; i < n; i++) {
        double exponent = (double)(x[i] * sharpness + bias[i] - largest);
        if (exponent > -87) CHECK_AT_MOST(ulps(exp(exponent), p[i]), 3);
        else CHECK(p[i] >= 0 && p[i] < 2e-38f);
    }
    if (first.table == table) memcpy(first.values, p, n * sizeof *p);
    else CHECK_SAME(p, first.values, n * sizeof *p);
    guard_free(&gx);
    guard_free(&gb);
    guard_free(&gp);
}

static void check_softmax(const bt_kernels *table)
{
    static const float sizes[] = {0, 1e-3f, 5, 60, 1e4f};
    for (size_t n = 16; n <= MOST; n += n < 96 ? 16 : 464)
        for (size_t k = 0; k < 5; k++) {
            rng r = {n + k}, again = r;
            check_context("kernel=%s n=%zu size=%g", table->name, n, (double)sizes[k]);
            use_best_kernel();
            first.table = bt_kernels_active();
            check_one_softmax(first.table, &r, n, sizes[k]);
            use_kernel(table->name);
            if (table != first.table) check_one_softmax(table, &again, n, sizes[k]);
        }
}

static void adapted_softmax(void)
{
    each_table(check_softmax);
}

/* ---- element by element ---------------------------------------------------------------------- */

static void check_mix_counts(const bt_kernels *table)
{
    rng r = {5};
    for (size_t n = 16; n <= MOST; n += n < 96 ? 16 : 464)
        for (int turn = 0; turn < 8; turn++) {
            guarded gp, gc;
            float *p = operand(&gp, n, turn % 2), *expected = must_alloc(n * sizeof *expected);
            uint32_t *counts = (uint32_t *)(void *)operand(&gc, n, turn % 2);
            bt_mix_counts op = {counts,
                                turn < 2 ? 1.0f : rng_float(&r, 0, 1),
                                rng_float(&r, 0, 1),
                                turn == 3 ? 0.0f : 0.8f,
                                rng_float(&r, 0, 0.01f),
                                rng_float(&r, 0, 1)};
            for (size_t i = 0; i < n; i++) {
                counts[i] =
                    rng_below(&r, 3) ? 0 : (uint32_t)rng_next(&r) >> (8 + rng_below(&r, 24));
                p[i] = rng_float(&r, 0, 1) * (i % 5 ? 1e-3f : 1e-38f);
                float left = (float)counts[i] - op.discount;
                if (left < 0) left = 0;
                expected[i] = (p[i] * op.scale * op.keep + left * op.gain) * op.rest;
            }
            check_context("kernel=%s n=%zu turn=%d", table->name, n, turn);
            table->mix_counts(&op, p, p, n);
            CHECK_SAME(p, expected, n * sizeof *p);
            guard_free(&gp);
            guard_free(&gc);
            free(expected);
        }
}

static void mix_counts(void)
{
    each_table(check_mix_counts);
}

static void check_adapt_bias(const bt_kernels *table)
{
    rng r = {6};
    for (size_t n = 16; n <= MOST; n += n < 96 ? 16 : 464)
        for (int turn = 0; turn < 8; turn++) {
            guarded gp, gb;
            float *p = operand(&gp, n, turn % 2), *bias = operand(&gb, n, turn % 2);
            float *expected = must_alloc(n * sizeof *expected), limit = 20;
            float scale = rng_float(&r, 0, 1), rate = rng_float(&r, -1e-6f, 0.4f);
            if (turn > 5) rate *= 100;
            for (size_t i = 0; i < n; i++) {
                p[i] = rng_float(&r, 0, 1);
                bias[i] = i % 7 ? rng_float(&r, -20, 20) : i % 2 ? -20.0f : 20.0f;
                float moved = bias[i] - p[i] * scale * rate;
                expected[i] = moved < -limit ? -limit : moved > limit ? limit : moved;
            }
            check_context("kernel=%s n=%zu turn=%d", table->name, n, turn);
            table->adapt_bias(bias, p, scale, rate, limit, n);
            CHECK_SAME(bias, expected, n * sizeof *bias);
            guard_free(&gp);
            guard_free(&gb);
            free(expected);
        }
}

static void adapt_bias(void)
{
    each_table(check_adapt_bias);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"logarithms", logarithms},
        {"adapted_softmax", adapted_softmax},
        {"mix_counts", mix_counts},
        {"adapt_bias", adapt_bias},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
