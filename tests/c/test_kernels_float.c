/* test_kernels_float.c - the float kernels of every usable table against the scalar reference, to
 * the last bit, with operands against pages that may not be touched.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "kernel_reference.h"
#include "kernels/kernels.h"
#include "kernels/layout.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A padded operand: n floats, then zeros to a multiple of 16, against a guard page. */
static guarded padded_alloc(size_t n, bool at_end)
{
    size_t bytes = bt_round_up(n, 16) * sizeof(float);
    guarded g = guard_alloc(bytes, at_end);
    memset(g.bytes, 0, bytes);
    return g;
}

/* Ordinary, tiny or huge numbers with signed zeros between them; never NaN or infinite. */
static void fill_padded(rng *r, float *x, size_t n)
{
    static const float sizes[] = {1, 127e3f, 1e-8f, 1e-30f, 1e30f, 1e-42f};
    float size = sizes[rng_below(r, 6)];
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_float(r, -1, 1) * size;
        if (rng_below(r, 9) == 0) x[i] = rng_below(r, 2) ? 0.0f : -0.0f;
    }
}

/* From as the eighth of 19 tokens, the last of which have no group to be in; the others are others. */
static void compare_normalize(const bt_kernels *table, const float *from, size_t n, float scale,
                              bool integers, bool at_end)
{
    enum { TOKENS = 19, AT = 7 };
    size_t padded = bt_round_up(n, 16);
    guarded g = padded_alloc(TOKENS * padded, at_end);
    float *x = g.bytes, scales[TOKENS];
    float *expected = must_zero(TOKENS * padded * sizeof(float));
    for (size_t t = 0; t < TOKENS; t++) {
        scales[t] = t == AT ? scale : (float)t + 0.3f;
        for (size_t i = 0; i < n; i++)
            x[t * padded + i] = expected[t * padded + i] = t == AT      ? from[i]
                                                           : t % 5 == 4 ? 0
                                                                        : (float)(i * t + 1);
    }
    bt_normalize op = {.x = x,
                       .n = n,
                       .stride = padded,
                       .tokens = TOKENS,
                       .scales = scale == 1 ? NULL : scales,
                       .integers = integers};
    table->normalize(&op);
    for (size_t t = 0; t < TOKENS; t++)
        reference_normalize(expected + t * padded, n, op.scales ? scales[t] : 1);
    CHECK_SAME(x, expected, TOKENS * padded * sizeof(float)); /* with what is zero past n */
    free(expected);
    guard_free(&g);
}

static void check_normalize(const bt_kernels *table)
{
    rng r = {11};
    static const float scales[] = {1, 127, 1e-3f, 3.4e38f, 1.1754944e-38f, 1e-40f, 1.27e11f, 0.7f};
    float x[400];
    for (size_t n = 1; n <= 200; n++)
        for (int turn = 0; turn < 16; turn++) {
            float scale = scales[(n + (size_t)turn) % 8];
            bool integers = turn % 3 == 0;
            check_context("kernel=%s n=%zu scale=%g", table->name, n, (double)scale);
            fill_padded(&r, x, n);
            if (integers)
                for (size_t i = 0; i < n; i++)
                    x[i] = (float)((int32_t)rng_next(&r) >> rng_below(&r, 32)) + 0.0f;
            float largest = 0;
            for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(x[i] / scale));
            if (isinf(largest)) continue; /* the engine refuses such a projection before */
            compare_normalize(table, x, n, scale, integers, turn % 2);
        }
    /* norms on both sides of 1e-6, above which a vector is scaled to length 1 */
    for (uint32_t d = 0; d < 64; d++)
        for (size_t n = 1; n <= 49; n += 16) {
            memset(x, 0, sizeof x);
            x[n - 1] = float_of(bits_of(1e-6f) + d - 32);
            check_context("kernel=%s n=%zu x=%.9g", table->name, n, (double)x[n - 1]);
            compare_normalize(table, x, n, 1, false, true);
        }
}

/* Quotients as near to the middle of two floats as there are: for the significand b, those a for which
 * a 2^shift - b m, m odd, is small. They are where a quotient that is corrected could go wrong. */
static size_t near_middles(uint32_t b, float *a)
{
    size_t found = 0;
    uint32_t zeros = (uint32_t)__builtin_ctz(b), odd = b >> zeros, inverse = odd;
    for (int i = 0; i < 5; i++) inverse *= 2 - odd * inverse; /* modulo 2^32 */
    for (uint32_t shift = 24; shift <= 25; shift++)
        for (int32_t delta = -6; delta <= 6; delta++) {
            if (delta == 0 || zeros > 2 || delta % (1 << zeros) != 0) continue;
            uint32_t step = 1u << (shift - zeros);
            uint32_t m = (0u - (uint32_t)(delta / (1 << zeros))) * inverse & (step - 1);
            for (; m < 1u << 25; m += step) {
                uint64_t up = (uint64_t)b * m + (uint64_t)(int64_t)delta;
                if (m < 1u << 24 || m % 2 == 0 || up % (1ull << shift) != 0) continue;
                up >>= shift;
                if (up >= 1u << 23 && up < 1u << 24) a[found++] = (float)up;
            }
        }
    return found;
}

static void check_quotients(const bt_kernels *table)
{
    uint32_t step = check_quick() ? 1009 : 13;
    float a[256];
    check_context("kernel=%s", table->name);
    for (uint32_t b = 1u << 23; b < 1u << 24; b += step) {
        size_t n = near_middles(b, a);
        if (n == 0) continue;
        float x[256], scale = (float)b * 0x1p-20f;
        /* sixteen a token, as many tokens as fill a group */
        float scales[16];
        for (size_t i = 0; i < 16; i++) scales[i] = scale;
        for (size_t i = 0; i < 256; i++) x[i] = a[i % n];
        bt_normalize op = {
            .x = x, .n = 16, .stride = 16, .tokens = 16, .scales = scales, .integers = true};
        table->normalize(&op);
        float expected[256];
        for (size_t i = 0; i < 256; i++) expected[i] = a[i % n];
        for (size_t t = 0; t < 16; t++) reference_normalize(expected + 16 * t, 16, scale);
        CHECK_SAME(x, expected, sizeof x);
    }
}

static void quotients(void)
{
    each_table(check_quotients);
}

static void normalize(void)
{
    each_table(check_normalize);
}

static void check_distance2(const bt_kernels *table)
{
    rng r = {12};
    for (size_t n = 1; n <= 260; n++)
        for (int turn = 0; turn < 6; turn++) {
            guarded x = padded_alloc(n, turn % 2), y = padded_alloc(n, turn % 2);
            check_context("kernel=%s n=%zu turn=%d", table->name, n, turn);
            fill_padded(&r, x.bytes, n);
            fill_padded(&r, y.bytes, n);
            if (turn == 5) memcpy(y.bytes, x.bytes, n * sizeof(float));
            float got = table->distance2(x.bytes, y.bytes, n);
            float expected = reference_distance2(x.bytes, y.bytes, n);
            CHECK_SAME(&got, &expected, sizeof got);
            guard_free(&x);
            guard_free(&y);
        }
}

static void distance2(void)
{
    each_table(check_distance2);
}

/* ---- memory pass ---------------------------------------------------------------------------- */

typedef struct pass {
    size_t dim, tokens, stride;
    float rate;
    guarded state, q, target, r; /* for the kernel */
    float *expected_state, *expected_r;
} pass;

/* Padded rows [rows][stride] with the first dim of each filled. */
static void fill_rows(rng *r, float *x, size_t rows, size_t stride, size_t dim, bool extreme)
{
    for (size_t t = 0; t < rows; t++) {
        if (extreme) fill_padded(r, x + t * stride, dim);
        else rng_fill(r, x + t * stride, dim);
    }
}

static pass make_pass(size_t dim, size_t tokens, rng *r, bool extreme)
{
    pass p = {.dim = dim, .tokens = tokens, .rate = rng_float(r, -0.5f, 2)};
    p.stride = bt_round_up(dim, 16) + 16 * rng_below(r, 3);
    bool at_end = rng_below(r, 2);
    p.state = padded_alloc(bt_tile_count(dim) * bt_tile_floats(dim), at_end);
    p.q = padded_alloc((tokens + 1) * p.stride, at_end);
    p.target = padded_alloc(tokens * p.stride, at_end);
    p.r = padded_alloc((tokens + 1) * p.stride, at_end);
    p.expected_state = must_zero(dim * dim * sizeof(float));
    fill_rows(r, p.q.bytes, tokens + 1, p.stride, dim, extreme);
    fill_rows(r, p.target.bytes, tokens, p.stride, dim, extreme);
    fill_rows(r, p.r.bytes, 1, p.stride, dim, extreme);
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j < dim; j++) {
            float v = rng_below(r, 20) ? rng_float(r, -1, 1) : -0.0f;
            p.expected_state[i * dim + j] = v;
            ((float *)p.state.bytes)[bt_state_index(dim, i, j)] = v;
        }
    p.expected_r = must_copy(p.r.bytes, (tokens + 1) * p.stride * sizeof(float));
    return p;
}

static void free_pass(pass *p)
{
    guard_free(&p->state);
    guard_free(&p->q);
    guard_free(&p->target);
    guard_free(&p->r);
    free(p->expected_state);
    free(p->expected_r);
}

/* Overflow makes infinities and then NaNs, whose bits are nobody's promise: only where they stand
 * is compared. */
static bool same_number(float a, float b)
{
    return bits_of(a) == bits_of(b) || (isnan(a) && isnan(b));
}

/* Rows past dim of a tile may hold anything that is zero; all others stand in the reference. */
static void compare_pass(const pass *p, size_t row_begin, size_t row_end)
{
    size_t wrong_state = 0, wrong_r = 0, padding = 0;
    const float *state = p->state.bytes, *r = p->r.bytes;
    for (size_t i = 0; i < p->dim; i++)
        for (size_t j = 0; j < p->dim; j++)
            wrong_state += !same_number(state[bt_state_index(p->dim, i, j)],
                                        p->expected_state[i * p->dim + j]);
    for (size_t t = 0; t <= p->tokens; t++)
        for (size_t i = 0; i < p->stride; i++) {
            if (i < p->dim)
                wrong_r += !same_number(r[t * p->stride + i], p->expected_r[t * p->stride + i]);
            else padding += r[t * p->stride + i] != 0;
        }
    check_context("dim=%zu tokens=%zu stride=%zu rows %zu to %zu", p->dim, p->tokens, p->stride,
                  row_begin, row_end);
    CHECK_EQ(wrong_state, 0);
    CHECK_EQ(wrong_r, 0);
    CHECK_EQ(padding, 0);
}

/* The kernel on tiles [0, cut) and the reference on their rows; then both on the rest. */
static void run_pass(const bt_kernels *table, pass *p, size_t cut)
{
    size_t tiles = bt_tile_count(p->dim), bounds[3] = {0, cut, tiles};
    bt_memory op = {.state = p->state.bytes,
                    .q = p->q.bytes,
                    .key = p->q.bytes,
                    .target = p->target.bytes,
                    .r = p->r.bytes,
                    .stride = p->stride,
                    .target_stride = p->stride,
                    .dim = p->dim,
                    .tokens = p->tokens,
                    .rate = p->rate};
    for (int part = 0; part < 2; part++) {
        size_t begin = bounds[part] * BT_ROWS, end = bounds[part + 1] * BT_ROWS;
        reference_pass reference = {.state = p->expected_state,
                                    .r = p->expected_r,
                                    .q = p->q.bytes,
                                    .target = p->target.bytes,
                                    .stride = p->stride,
                                    .dim = p->dim,
                                    .tokens = p->tokens,
                                    .row_begin = begin,
                                    .row_end = end < p->dim ? end : p->dim,
                                    .rate = p->rate};
        table->memory(&op, bounds[part], bounds[part + 1]);
        reference_memory(&reference);
        compare_pass(p, begin, reference.row_end);
    }
}

static void check_memory(const bt_kernels *table)
{
    rng r = {13};
    size_t step = check_quick() ? 7 : 1;
    for (size_t dim = 1; dim <= 70; dim += step)
        for (int turn = 0; turn < 4; turn++) {
            pass p = make_pass(dim, rng_below(&r, 17) + 1, &r, turn == 3);
            run_pass(table, &p, rng_below(&r, bt_tile_count(dim) + 1));
            free_pass(&p);
        }
    static const size_t large[] = {128, 250, 256, 257, 512, 1000};
    for (size_t i = 0; i < (check_quick() ? 3 : 6); i++) {
        pass p = make_pass(large[i], i % 2 ? 65 : 5, &r, false);
        run_pass(table, &p, rng_below(&r, bt_tile_count(large[i]) + 1));
        free_pass(&p);
    }
}

static void memory(void)
{
    each_table(check_memory);
}

/* No tokens and no tiles touch nothing. */
static void check_memory_empty(const bt_kernels *table)
{
    rng r = {14};
    pass p = make_pass(20, 0, &r, false);
    run_pass(table, &p, 1);
    free_pass(&p);
    p = make_pass(20, 3, &r, false);
    bt_memory op = {.state = p.state.bytes,
                    .q = p.q.bytes,
                    .key = p.q.bytes,
                    .target = p.target.bytes,
                    .r = p.r.bytes,
                    .stride = p.stride,
                    .target_stride = p.stride,
                    .dim = p.dim,
                    .tokens = p.tokens,
                    .rate = p.rate};
    table->memory(&op, 1, 1);
    compare_pass(&p, 0, 0);
    free_pass(&p);
}

static void memory_empty(void)
{
    each_table(check_memory_empty);
}

/* What is finite comes out within half a step of the largest; one number that is not makes all NaN, as
 * int8 has nothing for it. */
static void check_fake_quantize(const bt_kernels *table)
{
    enum { N = 80 };
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    rng r = {15};
    float x[N], y[N];
    for (size_t n = 16; n <= N; n += 16)
        for (size_t turn = 0; turn < 20; turn++) {
            float largest = 0;
            rng_fill(&r, x, n);
            for (size_t i = 0; i < n; i++) x[i] *= turn % 4 ? 3.0f : 1e30f;
            for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(x[i]));
            table->fake_quantize(x, y, n);
            for (size_t i = 0; i < n; i++) {
                double steps = (double)y[i] * 127.0 / (double)largest;
                CHECK_AT_MOST(fabs(steps - (double)x[i] * 127.0 / (double)largest), 0.50001);
                CHECK_AT_MOST(fabs(steps - round(steps)), 1e-4);
            }
            x[rng_below(&r, n)] = wrong[turn % 3];
            table->fake_quantize(x, y, n);
            for (size_t i = 0; i < n; i++) CHECK(isnan(y[i]));
        }
}

static void fake_quantize(void)
{
    each_table(check_fake_quantize);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"normalize", normalize}, {"fake_quantize", fake_quantize},
        {"quotients", quotients}, {"distance2", distance2},
        {"memory", memory},       {"memory_empty", memory_empty},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
