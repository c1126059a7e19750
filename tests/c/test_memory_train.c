/* test_memory_train.c - the closed form of the memories in training against the recurrence itself and
 * its derivative, token by token in double precision, on every usable table.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "kernel_reference.h"
#include "kernels/kernels.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum { RECONSTRUCT, PREDICT, INDUCTION } memory_kind;
static const char *const kind_names[] = {"reconstruct", "predict", "induction"};

/* Arrays [tokens][h] and [tokens] of one run, as doubles. */
typedef struct {
    size_t tokens, h;
    memory_kind kind;
    double *q, *v, *a, *b, *dr;
    double *r, *dq, *dv, *da, *db;
} problem;

static double *numbers(size_t n)
{
    return must_zero(n * sizeof(double));
}

static problem problem_new(rng *random, memory_kind kind, size_t tokens, size_t h, float gates)
{
    size_t n = tokens * h;
    problem p = {tokens,          h,          kind,       numbers(n), numbers(n), numbers(tokens),
                 numbers(tokens), numbers(n), numbers(n), numbers(n), numbers(n), numbers(tokens),
                 numbers(tokens)};
    for (size_t t = 0; t < tokens; t++) {
        double norm = 0;
        for (size_t i = 0; i < h; i++) {
            double *q = p.q + t * h + i;
            *q = t >= 3 && t % 5 == 0 ? p.q[(t - 3) * h + i] : (double)rng_float(random, -1, 1);
            norm += *q * *q;
            p.v[t * h + i] = (double)rng_float(random, -1, 1);
            p.dr[t * h + i] = (double)rng_float(random, -1, 1);
        }
        for (size_t i = 0; i < h; i++)
            p.q[t * h + i] = (double)(float)(p.q[t * h + i] / sqrt(norm));
        p.a[t] = (double)(gates < 0 ? rng_float(random, 0, 1) : gates);
        p.b[t] = (double)rng_float(random, 0, 1);
        if (t % 7 == 3) p.b[t] = 0;
        if (kind == INDUCTION) continue;
        p.a[t] = 1;
        p.b[t] = 0.5;
    }
    return p;
}

static void problem_free(problem *p)
{
    double *all[] = {p->q, p->v, p->a, p->b, p->dr, p->r, p->dq, p->dv, p->da, p->db};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static const double *key(const problem *p, const double *zeros, size_t t)
{
    return t ? p->q + (t - 1) * p->h : zeros;
}

static const double *target(const problem *p, const double *zeros, size_t t)
{
    if (p->kind == RECONSTRUCT) return key(p, zeros, t);
    return (p->kind == PREDICT ? p->q : p->v) + t * p->h;
}

/* states[t] is S before token t; errors[t] is a S k - v. */
static void reference_forward(problem *p, double *states, double *errors, const double *zeros)
{
    size_t h = p->h;
    for (size_t t = 0; t < p->tokens; t++)
        for (size_t i = 0; i < h; i++) {
            const double *k = key(p, zeros, t), *s = states + (t * h + i) * h;
            double *next = states + ((t + 1) * h + i) * h, read = 0;
            for (size_t j = 0; j < h; j++) read += s[j] * k[j];
            double error = p->a[t] * read - target(p, zeros, t)[i];
            errors[t * h + i] = error;
            for (size_t j = 0; j < h; j++) {
                next[j] = p->a[t] * s[j] - p->b[t] * error * k[j];
                p->r[t * h + i] += next[j] * p->q[t * h + j];
            }
        }
}

static void reference_backward(problem *p, const double *states, const double *errors,
                               const double *zeros)
{
    size_t h = p->h;
    double *ds = numbers(h * h), *unused = numbers(h);
    for (size_t t = p->tokens; t-- > 0;) {
        const double *k = key(p, zeros, t), *q = p->q + t * h;
        double *dk = t ? p->dq + (t - 1) * h : unused, a = p->a[t], b = p->b[t];
        double *dv = p->kind == RECONSTRUCT ? dk : (p->kind == PREDICT ? p->dq : p->dv) + t * h;
        for (size_t i = 0; i < h; i++) {
            const double *before = states + (t * h + i) * h, *after = before + h * h;
            double *row = ds + i * h, dr = p->dr[t * h + i], dwritten = 0, read = 0;
            for (size_t j = 0; j < h; j++) {
                p->dq[t * h + j] += after[j] * dr;
                row[j] += q[j] * dr;
                dwritten -= row[j] * k[j];
                read += before[j] * k[j];
                p->da[t] += row[j] * before[j];
            }
            double derror = b * dwritten;
            p->da[t] += derror * read;
            p->db[t] += dwritten * errors[t * h + i];
            dv[i] -= derror;
            for (size_t j = 0; j < h; j++) {
                dk[j] += derror * a * before[j] - row[j] * b * errors[t * h + i];
                row[j] = a * row[j] + derror * a * k[j];
            }
        }
    }
    free(ds);
    free(unused);
}

/* The largest |x - y| over the largest |y|; x has stride floats a row of columns. */
static double difference(const float *x, const double *y, size_t rows, size_t columns,
                         size_t stride)
{
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double wanted = y[i * columns + j];
            double off = fabs((double)x[i * stride + j] - wanted), size = fabs(wanted);
            if (off > worst) worst = off;
            if (size > largest) largest = size;
        }
    return worst / largest;
}

static float *narrowed(const double *x, size_t rows, size_t columns, size_t stride)
{
    float *y = must_zero(rows * stride * sizeof(float));
    for (size_t i = 0; x && i < rows * columns; i++)
        y[i / columns * stride + i % columns] = (float)x[i];
    return y;
}

enum { GATE_STRIDE = 3 };

static void compare(const bt_kernels *table, problem *p)
{
    size_t n = p->tokens, h = p->h, stride = h + 16, chunks = n / BT_MEMORY_CHUNK + 1;
    double *zeros = numbers(h), *states = numbers((n + 1) * h * h), *errors = numbers(n * h);
    reference_forward(p, states, errors, zeros);
    reference_backward(p, states, errors, zeros);

    bool gated = p->kind == INDUCTION;
    float *q = narrowed(p->q, n, h, stride), *v = narrowed(p->v, n, h, stride);
    float *keep = narrowed(p->a, n, 1, GATE_STRIDE), *write = narrowed(p->b, n, 1, GATE_STRIDE);
    float *dr = narrowed(p->dr, n, h, stride), *r = narrowed(NULL, n, h, stride);
    float *dq = narrowed(NULL, n, h, stride), *dv = narrowed(NULL, n, h, stride);
    float *dkeep = narrowed(NULL, n, 1, GATE_STRIDE), *dwrite = narrowed(NULL, n, 1, GATE_STRIDE);
    float *none = narrowed(NULL, 1, h, h), *chunk_states = narrowed(NULL, chunks, h * h, h * h);
    float *work = narrowed(NULL, 1, bt_memory_work(h), bt_memory_work(h));
    bt_memory_train op = {
        .tokens = n,
        .width = h,
        .stride = stride,
        .gate_stride = GATE_STRIDE,
        .q = q,
        .v = gated ? v : q,
        .keep = gated ? keep : NULL,
        .write = gated ? write : NULL,
        .rate = gated ? 0.0f : 0.5f,
        .ahead = p->kind == PREDICT,
        .zeros = none,
        .r = r,
        .chunk_states = chunk_states,
        .work = work,
    };
    table->memory_forward(&op);
    op.dr = dr;
    op.dq = dq;
    op.dv = gated ? dv : dq;
    op.dkeep = dkeep;
    op.dwrite = dwrite;
    table->memory_backward(&op);

    CHECK_AT_MOST(difference(r, p->r, n, h, stride), 5e-6);
    CHECK_AT_MOST(difference(dq, p->dq, n, h, stride), 1e-5);
    if (gated) {
        CHECK_AT_MOST(difference(dv, p->dv, n, h, stride), 1e-5);
        CHECK_AT_MOST(difference(dkeep, p->da, n, 1, GATE_STRIDE), 1e-5);
        CHECK_AT_MOST(difference(dwrite, p->db, n, 1, GATE_STRIDE), 1e-5);
    }
    void *all[] = {zeros, states, errors, q,     v,      keep, write,        dr,
                   r,     dq,     dv,     dkeep, dwrite, none, chunk_states, work};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void check_closed_form(const bt_kernels *table)
{
    static const size_t lengths[] = {1, 2, 15, 16, 17, 31, 32, 33, 100},
                        widths[] = {16, 32, 48, 80};
    /* -1 draws them: nothing kept, next to nothing, nearly all, all */
    static const float gates[] = {-1.0f, 0.0f, 1e-30f, 0.999f, 1.0f};
    rng random = {5};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t w = 0; w < (check_quick() ? 2 : 4); w++)
            for (int kind = RECONSTRUCT; kind <= INDUCTION; kind++)
                for (size_t g = 0; g < (kind == INDUCTION ? 5 : 1); g++) {
                    check_context("kernel=%s %s tokens=%zu width=%zu gates=%g", table->name,
                                  kind_names[kind], lengths[l], widths[w], (double)gates[g]);
                    problem p =
                        problem_new(&random, (memory_kind)kind, lengths[l], widths[w], gates[g]);
                    compare(table, &p);
                    problem_free(&p);
                }
}

static void closed_form(void)
{
    each_table(check_closed_form);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"closed_form", closed_form}};
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
