/* ops.c - quantised linear layers and norms, forward and backward side by side.
 * SPDX-License-Identifier: MIT */
#include "../kernels/layout.h"
#include "net.h"

#include <string.h>

#define ROWS 16 /* tokens that a worker takes at least */

typedef struct {
    bt_net *net;
    size_t tensor;
    const float *x, *inverse_in, *dy;
    float *y, *inverse;
    size_t rows, cols;
    bool accumulate;
} op;

/* ---- activations ----------------------------------------------------------------------------- */

static void quantize_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t t = begin; t < end; t++)
        o->net->exec.kernels->fake_quantize(o->x + t * o->cols, o->y + t * o->cols, o->cols);
}

/* x as the kernels of inference would see it, in scratch; x itself for dense tensors. */
static const float *activations(bt_net *net, const bt_param *t, const float *x, size_t rows)
{
    if (!net->quantize || t->kind == BT_DENSE) return x;
    op o = {.net = net, .x = x, .y = net->wide[0], .rows = rows, .cols = t->cols};
    bt_pool_run(net->exec.pool, rows, ROWS, quantize_task, &o);
    return net->wide[0];
}

/* ---- linear ---------------------------------------------------------------------------------- */

/* Ternary tensors and the head go forward through the integer kernels, as in inference. */
static void quantized_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    bt_net *net = o->net;
    const bt_param *w = &net->params.tensors[o->tensor];
    const bt_kernels *k = net->exec.kernels;
    size_t bytes = o->cols * k->activation_size, stride = w->rows;
    uint8_t *act = net->activations;
    (void)worker;
    bt_quantize quantized = {.x = o->x + begin * o->cols,
                             .n = o->cols,
                             .stride = o->cols,
                             .tokens = end - begin,
                             .activations = act + begin * bytes,
                             .sums = net->sums + begin,
                             .steps = net->multipliers + begin};
    k->quantize(&quantized); /* what has diverged becomes NaN, which comes out */
    for (size_t t = begin; w->kind == BT_TERNARY && t < end; t++)
        net->multipliers[t] *= net->scales[o->tensor];
    float *y = o->y + begin * stride;
    if (w->kind == BT_TERNARY)
        k->matmul(&(bt_matmul){.w = &net->packed[o->tensor],
                               .activations = act + begin * bytes,
                               .sums = net->sums + begin,
                               .multipliers = net->multipliers + begin,
                               .residual = o->accumulate ? y : NULL,
                               .out = y,
                               .out_stride = stride,
                               .tokens = end - begin});
    else
        k->matmul8(&(bt_matmul8){.w = &net->head,
                                 .activations = act + begin * bytes,
                                 .sums = net->sums + begin,
                                 .multipliers = net->multipliers + begin,
                                 .out = y,
                                 .out_stride = stride,
                                 .tokens = end - begin,
                                 .block_end = net->head.row_blocks});
}

static void linear_rows(bt_net *net, size_t tensor, const float *x, float *y, size_t rows,
                        bool accumulate)
{
    const bt_param *t = &net->params.tensors[tensor];
    if (net->quantize && (t->kind == BT_TERNARY || tensor == net->params.head)) {
        op o = {.net = net,
                .tensor = tensor,
                .x = x,
                .y = y,
                .rows = rows,
                .cols = t->cols,
                .accumulate = accumulate};
        bt_pool_run(net->exec.pool, rows, ROWS, quantized_task, &o);
        return;
    }
    bt_gemm g = {.m = rows,
                 .n = t->rows,
                 .k = t->cols,
                 .a = activations(net, t, x, rows),
                 .a_row = t->cols,
                 .a_col = 1,
                 .b = net->effective + t->offset,
                 .b_row = 1,
                 .b_col = t->cols,
                 .c = y,
                 .ldc = t->rows,
                 .accumulate = accumulate};
    bt_gemm_run(&net->exec, &g);
}

void bt_linear(bt_net *net, size_t tensor, const float *x, float *y, bool accumulate)
{
    linear_rows(net, tensor, x, y, net->tokens, accumulate);
}

static void linear_rows_backward(bt_net *net, size_t tensor, const float *x, const float *dy,
                                 float *dx, size_t rows, bool accumulate)
{
    const bt_param *t = &net->params.tensors[tensor];
    bt_gemm weights = {.m = t->rows,
                       .n = t->cols,
                       .k = rows,
                       .a = dy,
                       .a_row = 1,
                       .a_col = t->rows,
                       .b = activations(net, t, x, rows),
                       .b_row = t->cols,
                       .b_col = 1,
                       .c = net->gradients + t->offset,
                       .ldc = t->cols,
                       .accumulate = true};
    bt_gemm_run(&net->exec, &weights);
    if (!dx) return;
    bt_gemm inputs = {.m = rows,
                      .n = t->cols,
                      .k = t->rows,
                      .a = dy,
                      .a_row = t->rows,
                      .a_col = 1,
                      .b = net->effective + t->offset,
                      .b_row = t->cols,
                      .b_col = 1,
                      .c = dx,
                      .ldc = t->cols,
                      .accumulate = accumulate};
    bt_gemm_run(&net->exec, &inputs);
}

void bt_linear_backward(bt_net *net, size_t tensor, const float *x, const float *dy, float *dx,
                        bool accumulate)
{
    linear_rows_backward(net, tensor, x, dy, dx, net->tokens, accumulate);
}

/* ---- norm ------------------------------------------------------------------------------------ */

static void norm_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    bt_net *net = o->net;
    const float *w = net->effective + net->params.tensors[o->tensor].offset;
    size_t n = o->cols;
    (void)worker;
    for (size_t t = begin; t < end; t++)
        o->inverse[t] = net->exec.kernels->rmsnorm(o->x + t * n, w, net->params.config.norm_eps,
                                                   o->y + t * n, n);
}

void bt_norm(bt_net *net, size_t tensor, const float *x, float *y, float *inverse)
{
    op o = {.net = net,
            .tensor = tensor,
            .x = x,
            .y = y,
            .inverse = inverse,
            .rows = net->tokens,
            .cols = net->params.config.dim};
    bt_pool_run(net->exec.pool, o.rows, ROWS, norm_task, &o);
}

/* Items: blocks of tokens, each with a sum of its own for the weights, so that what a worker reads is
 * its own and the sums do not depend on the workers. */
static void norm_backward_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    bt_net *net = o->net;
    const float *w = net->effective + net->params.tensors[o->tensor].offset;
    size_t n = o->cols;
    (void)worker;
    for (size_t block = begin; block < end; block++) {
        size_t t = block * BT_NORM_BLOCK,
               last = t + BT_NORM_BLOCK < o->rows ? t + BT_NORM_BLOCK : o->rows;
        float *dw = net->norm_sums + block * n;
        memset(dw, 0, n * sizeof *dw);
        for (; t < last; t++) {
            const float *x = o->x + t * n, *dy = o->dy + t * n;
            float inverse = o->inverse_in[t];
            for (size_t i = 0; i < n; i++) dw[i] += dy[i] * x[i] * inverse;
            net->exec.kernels->rmsnorm_backward(x, w, inverse, dy, o->y + t * n, n);
        }
    }
}

void bt_norm_backward(bt_net *net, size_t tensor, const float *x, const float *inverse,
                      const float *dy, float *dx)
{
    op o = {.net = net,
            .tensor = tensor,
            .x = x,
            .inverse_in = inverse,
            .dy = dy,
            .y = dx,
            .rows = net->tokens,
            .cols = net->params.config.dim};
    size_t blocks = (o.rows + BT_NORM_BLOCK - 1) / BT_NORM_BLOCK;
    float *dw = net->gradients + net->params.tensors[tensor].offset;
    bt_pool_run(net->exec.pool, blocks, 1, norm_backward_task, &o);
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < o.cols; i++) dw[i] += net->norm_sums[block * o.cols + i];
}
