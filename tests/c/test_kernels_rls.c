/* test_kernels_rls.c - the kernel of recursive least squares on every table, against the definition of
 * bt_rls one number at a time; and the memory pass with keys of its own and a limit.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "kernel_reference.h"
#include "support.h"

#include "kernels/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A dot product with 16 partial sums, folded by 8, 4, 2 and 1. */
static float dot16(const float *x, const float *y, size_t n)
{
    float sum[16] = {0};
    for (size_t i = 0; i < n; i++) sum[i % 16] += x[i] * y[i];
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++) sum[i] += sum[i + half];
    return sum[0];
}

/* U is [dim][dim], column after column; the diagonal is 1 and the rest 0. */
typedef struct reference {
    size_t dim;
    float *u, *d, *b;
    float s; /* k . b of the last token */
} reference;

/* One token; returns a and leaves P~ k in r->b. */
static float reference_token(reference *r, const float *k, float noise, float growth)
{
    float s = 0;
    memset(r->b, 0, r->dim * sizeof *r->b);
    for (size_t j = 0; j < r->dim; j++) {
        float *u = r->u + j * r->dim, norm = dot16(u, u, r->dim);
        if (norm > 0x1p64f) {
            memset(u, 0, r->dim * sizeof *u);
            u[j] = 1;
            norm = 1;
        }
        float f = dot16(u, k, r->dim), d = fminf(r->d[j], 1 / norm), v = d * f;
        float before = noise + s;
        s += f * v;
        float next = d * (before / (noise + s)) * growth, gain = f / before;
        r->d[j] = fminf(fmaxf(next, 0x1p-64f), 1);
        for (size_t i = 0; i <= j; i++) {
            float old = u[i];
            u[i] = old - r->b[i] * gain;
            r->b[i] += old * v;
        }
    }
    r->s = s;
    return noise + s;
}

typedef struct subject {
    guarded u, d, k, b, r, leverage;
    size_t dim, stride, tokens;
    bt_rls op;
    reference expected;
} subject;

/* U with random columns, of which every seventh is far too large. */
static subject make_subject(rng *random, size_t dim, size_t tokens, bool predict)
{
    bool at_end = rng_below(random, 2);
    subject s = {.dim = dim, .stride = bt_round_up(dim, 16), .tokens = tokens};
    size_t rows = tokens * s.stride * sizeof(float);
    s.u = guard_alloc(bt_columns_floats(dim) * sizeof(float), at_end);
    s.d = guard_alloc(s.stride * sizeof(float), at_end);
    s.k = guard_alloc(rows, at_end);
    s.b = guard_alloc(rows, at_end);
    s.r = guard_alloc(rows, at_end);
    s.leverage = guard_alloc(tokens * sizeof(float), at_end);
    s.expected = (reference){dim, must_zero(dim * dim * sizeof(float)),
                             must_alloc(dim * sizeof(float)), must_alloc(dim * sizeof(float)), 0};
    float *u = s.u.bytes, *d = s.d.bytes, *k = s.k.bytes;
    memset(u, 0, bt_columns_floats(dim) * sizeof *u);
    memset(k, 0, rows);
    for (size_t j = 0; j < s.stride; j++) d[j] = j < dim ? rng_float(random, 0.01f, 1) : 1.0f;
    for (size_t j = 0; j < s.stride; j++)
        for (size_t i = 0; i <= j; i++) {
            float v = i == j ? 1.0f : j < dim ? rng_float(random, -2, 2) : 0.0f;
            if (i < j && j < dim && j % 7 == 5) v *= 0x1p40f;
            u[bt_column_index(j) + i] = v;
            if (j < dim) s.expected.u[j * dim + i] = v;
        }
    memcpy(s.expected.d, d, dim * sizeof *d);
    for (size_t t = 0; t < tokens; t++)
        for (size_t i = 0; i < dim; i++)
            k[t * s.stride + i] = t % 5 == 3 ? 0 : rng_float(random, -0.3f, 0.3f);
    s.op = (bt_rls){.u = u,
                    .d = d,
                    .k = k,
                    .b = s.b.bytes,
                    .r = predict ? NULL : s.r.bytes,
                    .leverage = s.leverage.bytes,
                    .stride = s.stride,
                    .dim = dim,
                    .tokens = tokens,
                    .noise = rng_float(random, 1e-6f, 0.1f),
                    .growth = 1.0f / rng_float(random, 0.91f, 1)};
    return s;
}

static void free_subject(subject *s)
{
    guarded *all[] = {&s->u, &s->d, &s->k, &s->b, &s->r, &s->leverage};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) guard_free(all[i]);
    free(s->expected.u);
    free(s->expected.d);
    free(s->expected.b);
}

/* What is wrong with P after the pass. */
static size_t wrong_factors(const subject *s)
{
    size_t wrong = 0;
    for (size_t j = 0; j < s->stride; j++)
        for (size_t i = 0; i < bt_column_floats(j); i++) {
            float is = s->op.u[bt_column_index(j) + i], should = i == j;
            if (j < s->dim && i < j) should = s->expected.u[j * s->dim + i];
            wrong += bits_of(is) != bits_of(should);
        }
    for (size_t j = 0; j < s->stride; j++)
        wrong += s->op.d[j] != (j < s->dim ? s->expected.d[j] : 1.0f);
    return wrong;
}

static void check_table(const bt_kernels *table)
{
    rng random = {8};
    for (size_t dim = 1; dim <= (check_quick() ? 40 : 150); dim += dim < 70 ? 1 : 13)
        for (size_t tokens = 1; tokens <= 9; tokens += 4) {
            bool predict = rng_below(&random, 2);
            subject s = make_subject(&random, dim, tokens, predict);
            size_t wrong = 0;
            table->rls(&s.op);
            for (size_t t = 0; t < tokens; t++) {
                const float *k = s.op.k + t * s.stride;
                float a = reference_token(&s.expected, k, s.op.noise, s.op.growth);
                wrong += s.op.leverage[t] != s.expected.s / a;
                for (size_t i = 0; i < dim; i++) {
                    float b = s.expected.b[i], r = predict ? 0 : s.op.r[t * s.stride + i];
                    wrong += predict ? s.op.b[t * s.stride + i] != b / a : r != k[i] - b;
                }
            }
            check_context("%s dim=%zu tokens=%zu predict=%d", table->name, dim, tokens, predict);
            CHECK_EQ(wrong, 0);
            CHECK_EQ(wrong_factors(&s), 0);
            free_subject(&s);
        }
}

static void against_the_definition(void)
{
    each_table(check_table);
}

/* ---- the memory pass ------------------------------------------------------------------------ */

enum { DIM = 35, STRIDE = 48, TOKENS = 7, ROW = STRIDE * sizeof(float) };

static float memory_dot(const float *row, const float *q)
{
    float s[4] = {0};
    for (size_t j = 0; j < DIM; j++) s[j % 4] += row[j] * q[j];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static void fill(rng *random, float *x, size_t rows, float most)
{
    memset(x, 0, rows * ROW);
    for (size_t t = 0; t < rows; t++)
        for (size_t i = 0; i < DIM; i++) x[t * STRIDE + i] = rng_float(random, -most, most);
}

static void check_memory(const bt_kernels *table)
{
    rng random = {9};
    size_t bytes = bt_tile_count(DIM) * bt_tile_floats(DIM) * sizeof(float), wrong = 0, limited = 0;
    guarded state = guard_alloc(bytes, true), q = guard_alloc((TOKENS + 1) * ROW, true);
    guarded key = guard_alloc(TOKENS * ROW, true), target = guard_alloc(TOKENS * ROW, true);
    guarded r = guard_alloc((TOKENS + 1) * ROW, true);
    float s[DIM][DIM] = {{0}}, read[DIM];
    memset(state.bytes, 0, bytes);
    fill(&random, q.bytes, TOKENS + 1, 1);
    fill(&random, key.bytes, TOKENS, 1);
    fill(&random, target.bytes, TOKENS, 3);
    fill(&random, r.bytes, 1, 1);
    memcpy(read, r.bytes, sizeof read);
    bt_memory op = {.state = state.bytes,
                    .q = q.bytes,
                    .key = key.bytes,
                    .target = target.bytes,
                    .r = r.bytes,
                    .stride = STRIDE,
                    .target_stride = STRIDE,
                    .dim = DIM,
                    .tokens = TOKENS,
                    .rate = 1,
                    .limit = 2};
    table->memory(&op, 0, bt_tile_count(DIM));
    for (size_t t = 0; t < TOKENS; t++)
        for (size_t i = 0; i < DIM; i++) {
            float error = read[i] - op.target[t * STRIDE + i];
            limited += fabsf(error) > 2;
            error = fminf(fmaxf(error, -2), 2);
            for (size_t j = 0; j < DIM; j++) s[i][j] -= error * op.key[t * STRIDE + j];
            read[i] = memory_dot(s[i], op.q + (t + 1) * STRIDE);
            wrong += op.r[(t + 1) * STRIDE + i] != read[i];
        }
    for (size_t i = 0; i < DIM; i++)
        for (size_t j = 0; j < DIM; j++) wrong += op.state[bt_state_index(DIM, i, j)] != s[i][j];
    check_context("%s", table->name);
    CHECK_EQ(wrong, 0);
    CHECK(limited > 10);
    guarded *all[] = {&state, &q, &key, &target, &r};
    for (size_t i = 0; i < 5; i++) guard_free(all[i]);
}

static void keys_and_limit(void)
{
    each_table(check_memory);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"against_the_definition", against_the_definition},
        {"keys_and_limit", keys_and_limit},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
