/* test_kernels.c - the integer kernels of every usable table against the scalar reference, to the
 * last bit, with operands against pages that may not be touched.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "kernel_reference.h"
#include "kernels/kernels.h"
#include "kernels/layout.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- absmax --------------------------------------------------------------------------------- */

static void check_absmax(const bt_kernels *table)
{
    rng r = {1};
    for (size_t n = 0; n <= 130; n++)
        for (int at_end = 0; at_end < 2; at_end++) {
            guarded g = guard_alloc(n * sizeof(float), at_end);
            float *x = g.bytes;
            check_context("kernel=%s n=%zu at_end=%d", table->name, n, at_end);
            rng_fill_extreme(&r, x, n);
            CHECK_EQ(table->absmax_bits(x, n), reference_absmax_bits(x, n));
            /* the largest at each place in turn, positive and negative, finite or not */
            static const uint32_t large[] = {0x7f7fffffu, 0xff7fffffu, 0x7f800000u, 0xff800000u,
                                             0x7fc00000u, 0xffffffffu, 0x7f800001u};
            for (size_t i = 0; i < n; i++) {
                float kept = x[i];
                x[i] = float_of(large[(i + n) % 7]);
                CHECK_EQ(table->absmax_bits(x, n), bits_of(x[i]) & 0x7fffffffu);
                x[i] = kept;
            }
            guard_free(&g);
        }
}

static void absmax(void)
{
    each_table(check_absmax);
}

/* ---- quantize ------------------------------------------------------------------------------- */

/* Where the kernel keeps an activation: those of two bytes keep each quad as 0 2 1 3. */
static size_t place_of(const bt_kernels *table, size_t i)
{
    static const size_t place[4] = {0, 2, 1, 3};
    return table->activation_size == 1 ? i : i / 4 * 4 + place[i % 4];
}

static int32_t stored(const bt_kernels *table, const void *act, size_t i)
{
    size_t at = place_of(table, i);
    return table->activation_size == 1 ? ((const int8_t *)act)[at] : ((const int16_t *)act)[at];
}

static void store(const bt_kernels *table, void *act, size_t i, int value)
{
    size_t at = place_of(table, i);
    if (table->activation_size == 1) ((int8_t *)act)[at] = (int8_t)value;
    else ((int16_t *)act)[at] = (int16_t)value;
}

static void compare_token(const bt_kernels *table, const bt_quantize *op, size_t t)
{
    const float *x = op->x + t * op->stride;
    float largest = 0;
    for (size_t i = 0; i < op->n; i++) largest = fmaxf(largest, fabsf(x[i]));
    float scale = largest > 1e-9f ? 127.0f / largest : 1.0f;
    float step = largest > 1e-9f ? largest / 127.0f : 1.0f;
    int64_t sum = 0;
    size_t wrong = 0, padded = bt_round_up(op->n, BT_CHUNK);
    const char *act = (const char *)op->activations + t * padded * table->activation_size;
    for (size_t i = 0; i < padded; i++) {
        int32_t expected = i < op->n ? reference_round(x[i] * scale) : 0;
        sum += expected;
        if (stored(table, act, i) != expected && wrong++ < 3)
            check_note("token %zu x %.9g scale %.9g: %d, not %d", t, i < op->n ? (double)x[i] : 0,
                       (double)scale, stored(table, act, i), expected);
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(op->sums[t], sum);
    CHECK_SAME(op->scales + t, &scale, sizeof scale);
    CHECK_SAME(op->steps + t, &step, sizeof step);
}

#define MOST_TOKENS 19

static void compare_quantized(const bt_kernels *table, const float *x, size_t n, size_t stride,
                              size_t tokens, void *act)
{
    int32_t sums[MOST_TOKENS];
    float scales[MOST_TOKENS], steps[MOST_TOKENS];
    bt_quantize op = {.x = x,
                      .n = n,
                      .stride = stride,
                      .tokens = tokens,
                      .activations = act,
                      .sums = sums,
                      .scales = scales,
                      .steps = steps};
    memset(act, 0x55, tokens * bt_round_up(n, BT_CHUNK) * table->activation_size);
    table->quantize(&op);
    for (size_t t = 0; t < tokens; t++) compare_token(table, &op, t);
    int32_t again[MOST_TOKENS];
    op.scales = op.steps = NULL; /* not asked for */
    op.sums = again;
    table->quantize(&op);
    CHECK_SAME(again, sums, tokens * sizeof *sums);
}

static void check_quantize_shapes(const bt_kernels *table)
{
    rng r = {2};
    static const float sizes[] = {1,      127,   0x1p20f, 2,      1.00007f,
                                  423.3f, 1e-9f, 1e-12f,  1e-41f, 3e38f};
    for (size_t n = 0; n <= 140; n++)
        for (int at_end = 0; at_end < 2; at_end++) {
            size_t tokens = n % 20 ? n % 20 : 1, stride = n + (n % 3 ? 16 : 0);
            size_t bytes = tokens * bt_round_up(n, BT_CHUNK) * table->activation_size;
            size_t floats = (tokens - 1) * stride + n;
            guarded in = guard_alloc(floats * sizeof(float), at_end);
            guarded out = guard_alloc(bytes, at_end);
            float *x = in.bytes;
            check_context("kernel=%s n=%zu at_end=%d", table->name, n, at_end);
            for (size_t i = 0; i < floats; i++)
                x[i] = rng_float(&r, -1, 1) * sizes[(n + (stride ? i / stride : 0)) % 10];
            compare_quantized(table, x, n, stride, tokens, out.bytes);
            for (size_t i = 0; i < floats; i++) x[i] = (rng_next(&r) & 1 ? 127 : -127);
            compare_quantized(table, x, n, stride, tokens, out.bytes);
            rng_fill_extreme(&r, x, floats);
            for (size_t i = 0; i < floats; i++)
                if (!isfinite(x[i])) x[i] = -0.0f;
            compare_quantized(table, x, n, stride, tokens, out.bytes);
            guard_free(&in);
            guard_free(&out);
        }
}

/* Tokens so long that they are not taken together. */
static void check_quantize_long(const bt_kernels *table)
{
    rng r = {9};
    for (size_t n = 250; n <= 1100; n += 85) {
        enum { TOKENS = 18 };
        float *x = must_alloc(TOKENS * n * sizeof *x);
        void *act = must_alloc(TOKENS * bt_round_up(n, BT_CHUNK) * table->activation_size);
        check_context("kernel=%s n=%zu", table->name, n);
        for (size_t i = 0; i < TOKENS * n; i++) x[i] = rng_float(&r, -1, 1) * (float)(1 + i / n);
        compare_quantized(table, x, n, n, TOKENS, act);
        free(x);
        free(act);
    }
}

static void quantize_shapes(void)
{
    each_table(check_quantize_shapes);
    each_table(check_quantize_long);
}

/* A token that is not finite is zeros and a step that shows it; those beside it are as ever. */
static void check_quantize_diverged(const bt_kernels *table)
{
    enum { N = 150, TOKENS = 11 };
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    float x[TOKENS * N], scales[TOKENS], steps[TOKENS];
    int32_t sums[TOKENS];
    int16_t act[TOKENS * 160];
    rng r = {8};
    for (size_t place = 0; place < N; place += 7) {
        size_t token = place % TOKENS;
        check_context("kernel=%s place=%zu", table->name, place);
        for (size_t i = 0; i < TOKENS * N; i++) x[i] = rng_float(&r, -3, 3);
        x[token * N + place] = bad[place % 3];
        bt_quantize op = {.x = x,
                          .n = N,
                          .stride = N,
                          .tokens = TOKENS,
                          .activations = act,
                          .sums = sums,
                          .scales = scales,
                          .steps = steps};
        memset(act, 0x55, sizeof act);
        table->quantize(&op);
        for (size_t t = 0; t < TOKENS; t++)
            if (t != token) compare_token(table, &op, t);
        CHECK(isnan(scales[token]) && isnan(steps[token]));
        CHECK_EQ(sums[token], 0);
        const char *zeros = (const char *)act + token * 160 * table->activation_size;
        for (size_t i = 0; i < 160; i++) CHECK_EQ(stored(table, zeros, i), 0);
    }
}

static void quantize_diverged(void)
{
    each_table(check_quantize_diverged);
}

#define BATCH 4096

/* Every stride-th float of [-127, 127]; the scale is 1, as 127 is among them. */
static void check_quantize_values(const bt_kernels *table)
{
    const uint32_t limit = bits_of(127.0f), stride = check_quick() ? 40009 : 211;
    float *x = must_alloc(BATCH * sizeof(float));
    void *act = must_alloc(BATCH * table->activation_size);
    size_t used = 0;
    check_context("kernel=%s sweep", table->name);
    for (uint32_t bits = 0; bits <= limit; bits += stride) {
        x[used++] = float_of(bits);
        x[used++] = float_of(bits | 0x80000000u);
        if (used == BATCH - 2 || bits > limit - stride) {
            x[used++] = 127;
            compare_quantized(table, x, used, used, 1, act);
            used = 0;
        }
    }
    /* 40 floats on both sides of each tie, and of each whole number */
    for (uint32_t half = 0; half < 254; half++) {
        uint32_t middle = bits_of((float)half * 0.5f);
        used = 0;
        x[used++] = -127;
        for (uint32_t d = 0; d <= 80; d++)
            if (middle + d >= 40) {
                x[used++] = float_of(middle + d - 40);
                x[used++] = float_of((middle + d - 40) | 0x80000000u);
            }
        compare_quantized(table, x, used, used, 1, act);
    }
    free(x);
    free(act);
}

static void quantize_values(void)
{
    each_table(check_quantize_values);
}

/* ---- ternary product ------------------------------------------------------------------------ */

typedef enum { RANDOM, ALL_LARGEST, ALL_SMALLEST, ALTERNATING, KINDS } pattern;

typedef struct product {
    reference_product expected; /* w, q, multipliers, residual, out are owned */
    size_t rows, cols, tokens, out_stride;
    bool with_residual, at_end;
    pattern kind;
} product;

static int weight_of(pattern kind, rng *r, size_t k)
{
    if (kind == ALL_LARGEST) return 1;
    if (kind == ALL_SMALLEST) return -1;
    if (kind == ALTERNATING) return k % 2 ? 1 : -1;
    return rng_ternary(r);
}

static int activation_of(pattern kind, rng *r, size_t k)
{
    if (kind == ALL_LARGEST) return 127;
    if (kind == ALL_SMALLEST) return -127;
    if (kind == ALTERNATING) return k % 2 ? 127 : -127;
    return (int)rng_below(r, 255) - 127;
}

static void fill_product(product *p, rng *r)
{
    reference_product *e = &p->expected;
    size_t outputs = p->tokens * p->out_stride;
    int8_t *w = must_alloc(p->rows * p->cols), *q = must_alloc(p->tokens * p->cols);
    float *multipliers = must_alloc(p->tokens * sizeof(float));
    float *residual = must_alloc(outputs * sizeof(float));
    for (size_t i = 0; i < p->rows * p->cols; i++)
        w[i] = (int8_t)weight_of(p->kind, r, i % p->cols);
    for (size_t i = 0; i < p->tokens * p->cols; i++)
        q[i] = (int8_t)activation_of(p->kind, r, i % p->cols);
    static const float some[] = {1, 0.0078125f, -3.7e-5f, 1e-42f, 1e30f, 0};
    for (size_t t = 0; t < p->tokens; t++)
        multipliers[t] = rng_below(r, 2) ? rng_float(r, -1, 1) : some[rng_below(r, 6)];
    rng_fill(r, residual, outputs);
    e->w = w;
    e->q = q;
    e->multipliers = multipliers;
    e->residual = p->with_residual ? residual : NULL;
    e->out = must_copy(residual, outputs * sizeof(float)); /* what it may not write stays this */
    e->rows = p->rows;
    e->cols = p->cols;
    e->tokens = p->tokens;
    e->out_stride = p->out_stride;
    reference_matmul(e);
    if (!p->with_residual) free(residual);
}

static void free_product(product *p)
{
    free((void *)p->expected.w);
    free((void *)p->expected.q);
    free((void *)p->expected.multipliers);
    free((void *)p->expected.residual);
    free(p->expected.out);
}

/* The weights as panels, against a guard page. */
static guarded pack_weights(const product *p, bt_ternary *w)
{
    guarded panels = guard_alloc(bt_ternary_bytes(p->rows, p->cols), p->at_end);
    bt_ternary_clear(panels.bytes, p->rows, p->cols);
    for (size_t i = 0; i < p->rows; i++)
        for (size_t k = 0; k < p->cols; k++)
            bt_ternary_set(panels.bytes, p->cols, i, k, p->expected.w[i * p->cols + k]);
    bt_ternary_view(w, panels.bytes, p->rows, p->cols);
    return panels;
}

/* The activations as the table's quantize would store them. */
static guarded pack_activations(const bt_kernels *table, const product *p, int32_t *sums)
{
    size_t stride = bt_round_up(p->cols, BT_CHUNK) * table->activation_size;
    guarded act = guard_alloc(p->tokens * stride, p->at_end);
    memset(act.bytes, 0, p->tokens * stride);
    for (size_t t = 0; t < p->tokens; t++) {
        sums[t] = 0;
        for (size_t k = 0; k < p->cols; k++) {
            int value = p->expected.q[t * p->cols + k];
            store(table, (char *)act.bytes + t * stride, k, value);
            sums[t] += value;
        }
    }
    return act;
}

/* The last row of out ends at the page's end: what the stride leaves over is not even there. */
static void compare_product(const bt_kernels *table, const product *p, bool in_place)
{
    bt_ternary w;
    int32_t *sums = must_alloc(p->tokens * sizeof *sums);
    guarded panels = pack_weights(p, &w), act = pack_activations(table, p, sums);
    size_t floats = (p->tokens - 1) * p->out_stride + p->rows;
    guarded out = guard_alloc(floats * sizeof(float), p->at_end);
    guarded residual = guard_alloc(floats * sizeof(float), p->at_end);
    const float *from = p->expected.residual;
    if (from) memcpy(residual.bytes, from, floats * sizeof(float));
    memset(out.bytes, 0, floats * sizeof(float));
    /* between the rows stands what the expected output holds there */
    for (size_t t = 0; t < p->tokens; t++)
        for (size_t i = p->rows; i < p->out_stride && t + 1 < p->tokens; i++)
            ((float *)out.bytes)[t * p->out_stride + i] = p->expected.out[t * p->out_stride + i];
    if (in_place) memcpy(out.bytes, from, floats * sizeof(float));
    bt_matmul op = {.w = &w,
                    .activations = act.bytes,
                    .sums = sums,
                    .multipliers = p->expected.multipliers,
                    .residual = in_place ? out.bytes
                                : from   ? residual.bytes
                                         : NULL,
                    .out = out.bytes,
                    .out_stride = p->out_stride,
                    .tokens = p->tokens};
    table->matmul(&op);
    CHECK_SAME(out.bytes, p->expected.out, floats * sizeof(float));
    guard_free(&panels);
    guard_free(&act);
    guard_free(&out);
    guard_free(&residual);
    free(sums);
}

static void check_product(const bt_kernels *table, product p, rng *r)
{
    check_context("kernel=%s rows=%zu cols=%zu tokens=%zu stride=%zu residual=%d at_end=%d kind=%d",
                  table->name, p.rows, p.cols, p.tokens, p.out_stride, p.with_residual, p.at_end,
                  (int)p.kind);
    fill_product(&p, r);
    compare_product(table, &p, false);
    if (p.with_residual) compare_product(table, &p, true);
    free_product(&p);
}

/* Every rows x cols, the other parameters taking turns; every token count for some. */
static void check_matmul_grid(const bt_kernels *table)
{
    rng r = {3};
    size_t step = check_quick() ? 5 : 1, turn = 0;
    for (size_t rows = 1; rows <= 33; rows += step)
        for (size_t cols = 1; cols <= 70; cols += step, turn++) {
            product p = {.rows = rows, .cols = cols, .tokens = turn % 17 + 1};
            p.out_stride = rows + turn % 3 * (turn % 5);
            p.with_residual = turn / 2 % 2;
            p.at_end = turn % 2;
            p.kind = turn % 7 == 0 ? (pattern)(turn / 7 % KINDS) : RANDOM;
            check_product(table, p, &r);
        }
    for (size_t tokens = 1; tokens <= 17; tokens++)
        for (size_t rows = 15; rows <= 33; rows += 6) {
            product p = {.rows = rows, .cols = 37, .tokens = tokens, .out_stride = rows + 2};
            p.with_residual = p.at_end = tokens % 2;
            check_product(table, p, &r);
        }
}

static void matmul_grid(void)
{
    each_table(check_matmul_grid);
}

/* Long sums at their largest, past every block of chunks that a table accumulates in 16 bits. */
static void check_matmul_long(const bt_kernels *table)
{
    rng r = {4};
    static const size_t lengths[] = {240, 256, 257, 271, 512, 4096, 4111, 16384, 65536};
    for (size_t i = 0; i < (check_quick() ? 6 : 9); i++)
        for (int kind = 0; kind < KINDS; kind++) {
            product p = {.rows = 18, .cols = lengths[i], .tokens = i % 2 ? 5 : 9};
            p.out_stride = 18;
            p.kind = (pattern)kind;
            p.at_end = kind % 2;
            check_product(table, p, &r);
        }
}

static void matmul_long(void)
{
    each_table(check_matmul_long);
}

/* ---- layout --------------------------------------------------------------------------------- */

static void panels_round_trip(void)
{
    rng r = {5};
    for (size_t rows = 1; rows <= 35; rows += 3)
        for (size_t cols = 1; cols <= 50; cols++) {
            product p = {.rows = rows, .cols = cols, .tokens = 1, .out_stride = rows};
            check_context("rows=%zu cols=%zu", rows, cols);
            fill_product(&p, &r);
            bt_ternary w;
            guarded panels = pack_weights(&p, &w);
            size_t wrong = 0;
            for (size_t i = 0; i < rows; i++)
                for (size_t k = 0; k < cols; k++)
                    wrong += bt_ternary_get(&w, i, k) != p.expected.w[i * cols + k];
            CHECK_EQ(wrong, 0);
            guard_free(&panels);
            free_product(&p);
        }
}

/* Each element of the state has a place of its own inside its tile. */
static void state_places(void)
{
    for (size_t dim = 1; dim <= 70; dim++) {
        size_t total = bt_tile_count(dim) * bt_tile_floats(dim), taken = 0;
        uint8_t *seen = must_zero(total);
        check_context("dim=%zu", dim);
        for (size_t i = 0; i < dim; i++)
            for (size_t j = 0; j < dim; j++) {
                size_t at = bt_state_index(dim, i, j);
                REQUIRE(at < total);
                CHECK_EQ(at / bt_tile_floats(dim), i / BT_ROWS);
                taken += seen[at]++;
            }
        CHECK_EQ(taken, 0);
        free(seen);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"absmax", absmax},
        {"quantize_shapes", quantize_shapes},
        {"quantize_values", quantize_values},
        {"quantize_diverged", quantize_diverged},
        {"matmul_grid", matmul_grid},
        {"matmul_long", matmul_long},
        {"panels_round_trip", panels_round_trip},
        {"state_places", state_places},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
