/* muon.c - the optimiser Muon: momentum whose singular values are all brought near 1, so that a step
 * goes equally far in all directions of a matrix (Jordan et al. 2024). Decay, and the size of a step by
 * the longer side, are as in Liu et al. 2025 (arXiv 2502.16982, section 2.2), but half as large: the rate
 * is AdamW's too, and embedding and head learn best at twice that of the matrices (models/english.md).
 * SPDX-License-Identifier: MIT */
#include "muon.h"

#include "vectors.h"

#include <math.h>

#define ITERATIONS 5
#define LEAST_NORM 1e-7f
#define USUAL_STEP 0.1f /* root mean square of a step by a rate of 1 */
#define ITEMS 4096u     /* floats of a task */

size_t bt_muon_work(const bt_params *p)
{
    size_t most = 0;
    for (size_t i = 0; i < p->tensor_count; i++) {
        const bt_param *t = &p->tensors[i];
        size_t side = t->rows < t->cols ? t->rows : t->cols;
        size_t floats = 2 * (t->rows * t->cols + side * side);
        if (bt_muon_takes(t) && floats > most) most = floats;
    }
    return most;
}

typedef struct {
    const bt_muon *muon;
    float *x, *y; /* what a task writes, and reads */
    const float *gradient;
    size_t side;
    float factor;
} op;

/* Items: floats. The moment y, and x = gradient + momentum * y (Nesterov's form). */
static void moment_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    float momentum = o->muon->momentum, scale = o->muon->scale;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        float gradient = o->gradient[i] * scale, moment = momentum * o->y[i] + gradient;
        o->y[i] = moment;
        o->x[i] = gradient + momentum * moment;
    }
}

/* Items: floats. */
static void scale_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t i = begin; i < end; i++) o->x[i] *= o->factor;
}

/* Items: rows of two square matrices. x = 3.4445 - 4.7750 y + 2.0315 x, where y = X X^T and x is its
 * square: the polynomial that brings singular values near 1 fastest (Jordan et al.). */
static void polynomial_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t row = begin; row < end; row++) {
        float *x = o->x + row * o->side;
        const float *y = o->y + row * o->side;
        for (size_t i = 0; i < o->side; i++) x[i] = 2.0315f * x[i] - 4.7750f * y[i];
        x[row] += 3.4445f;
    }
}

/* Items: floats. */
static void step_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    float keep = 1.0f - o->muon->rate * o->muon->decay;
    (void)worker;
    for (size_t i = begin; i < end; i++) o->x[i] = o->x[i] * keep - o->factor * o->y[i];
}

/* next = p(X X^T) X, from the shorter side; square: [2][side * side]. */
static void iterate(const bt_exec *exec, const float *x, size_t rows, size_t cols, float *next,
                    float *square)
{
    bool wide = rows <= cols;
    size_t side = wide ? rows : cols, row = wide ? cols : 1, col = wide ? 1 : cols;
    float *product = square + side * side;
    bt_gemm_run(exec, &(bt_gemm){.m = side,
                                 .n = side,
                                 .k = wide ? cols : rows,
                                 .a = x,
                                 .a_row = row,
                                 .a_col = col,
                                 .b = x,
                                 .b_row = col,
                                 .b_col = row,
                                 .c = square,
                                 .ldc = side});
    bt_gemm_run(exec, &(bt_gemm){.m = side,
                                 .n = side,
                                 .k = side,
                                 .a = square,
                                 .a_row = side,
                                 .a_col = 1,
                                 .b = square,
                                 .b_row = side,
                                 .b_col = 1,
                                 .c = product,
                                 .ldc = side});
    op o = {.x = product, .y = square, .side = side};
    bt_pool_run(exec->pool, side, 16, polynomial_task, &o);
    bt_gemm_run(exec, &(bt_gemm){.m = rows,
                                 .n = cols,
                                 .k = side,
                                 .a = wide ? product : x,
                                 .a_row = side,
                                 .a_col = 1,
                                 .b = wide ? x : product,
                                 .b_row = cols,
                                 .b_col = 1,
                                 .c = next,
                                 .ldc = cols});
}

static void update(const bt_muon *muon, bt_net *net, const bt_param *p, float *moment)
{
    const bt_exec *exec = &net->exec;
    size_t n = p->rows * p->cols, longer = p->rows > p->cols ? p->rows : p->cols;
    float *x = muon->work, *next = x + n, *square = next + n;
    op o = {.muon = muon, .x = x, .y = moment, .gradient = net->gradients + p->offset};
    bt_pool_run(exec->pool, n, ITEMS, moment_task, &o);
    o.factor = 1.0f / ((float)sqrt(bt_squares(exec, x, n, muon->squares)) + LEAST_NORM);
    bt_pool_run(exec->pool, n, ITEMS, scale_task, &o);
    for (int i = 0; i < ITERATIONS; i++) {
        iterate(exec, x, p->rows, p->cols, next, square);
        float *swap = x;
        x = next, next = swap;
    }
    o.x = net->weights + p->offset;
    o.y = x;
    o.factor = muon->rate * USUAL_STEP * sqrtf((float)longer);
    bt_pool_run(exec->pool, n, ITEMS, step_task, &o);
}

void bt_muon_step(const bt_muon *o, bt_net *net, float *moments)
{
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        const bt_param *p = &net->params.tensors[i];
        if (bt_muon_takes(p)) update(o, net, p, moments + p->offset);
    }
}
