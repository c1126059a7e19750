/* ops.c - quantised linear layers and RMSNorm, forward and backward side by side.
 * SPDX-License-Identifier: MIT */
#include "net.h"

#include <string.h>

#define UNIT 16 /* the fewest tokens that a worker takes; the items of tasks here are tokens */

/* One operation on tokens; unused operands are NULL. */
typedef struct {
    bt_net *net;
    size_t tensor, cols;
    const float *x;
    float *y, *inverse;
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

/* x as the integer kernels round it, in scratch; for dense tensors x itself. */
static const float *activations(bt_net *net, const bt_param *t, size_t tokens, const float *x)
{
    if (!net->quantize || t->kind == BT_DENSE) return x;
    op o = {.net = net, .x = x, .y = net->scratch[0], .cols = t->cols};
    bt_pool_run(net->exec.pool, tokens, UNIT, quantize_task, &o);
    return net->scratch[0];
}

/* ---- linear ---------------------------------------------------------------------------------- */

/* The forward pass of ternary tensors and of the head: the integer kernels, as in inference. */
static void quantized_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    bt_net *net = o->net;
    const bt_param *w = &net->params.tensors[o->tensor];
    const bt_kernels *k = net->exec.kernels;
    size_t stride = w->rows, tokens = end - begin;
    uint8_t *act = (uint8_t *)net->activations + begin * o->cols * k->activation_size;
    int32_t *sums = net->sums + begin;
    float *multipliers = net->multipliers + begin, *y = o->y + begin * stride;
    (void)worker;
    bt_quantize quantized = {.x = o->x + begin * o->cols,
                             .n = o->cols,
                             .stride = o->cols,
                             .tokens = tokens,
                             .activations = act,
                             .sums = sums,
                             .steps = multipliers};
    k->quantize(&quantized); /* a token that has diverged becomes NaN, and so does the loss */
    if (w->kind == BT_TERNARY) {
        const bt_packed *packed = &net->packed[o->tensor];
        for (size_t t = 0; t < tokens; t++) multipliers[t] *= packed->scale;
        k->matmul(&(bt_matmul){.w = &packed->w,
                               .activations = act,
                               .sums = sums,
                               .multipliers = multipliers,
                               .residual = o->accumulate ? y : NULL,
                               .out = y,
                               .out_stride = stride,
                               .tokens = tokens});
    } else {
        k->matmul8(&(bt_matmul8){.w = &net->head,
                                 .activations = act,
                                 .sums = sums,
                                 .multipliers = multipliers,
                                 .out = y,
                                 .out_stride = stride,
                                 .tokens = tokens,
                                 .block_end = net->head.row_blocks});
    }
}

void bt_linear(bt_net *net, size_t tensor, size_t tokens, const float *x, float *y, bool accumulate)
{
    const bt_param *t = &net->params.tensors[tensor];
    if (net->quantize && (t->kind == BT_TERNARY || tensor == net->params.head)) {
        op o = {.net = net,
                .tensor = tensor,
                .cols = t->cols,
                .x = x,
                .y = y,
                .accumulate = accumulate};
        bt_pool_run(net->exec.pool, tokens, UNIT, quantized_task, &o);
        return;
    }
    bt_gemm g = {.m = tokens,
                 .n = t->rows,
                 .k = t->cols,
                 .a = activations(net, t, tokens, x),
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

void bt_linear_backward(bt_net *net, size_t tensor, size_t tokens, const float *x, const float *dy,
                        float *dx, bool accumulate)
{
    const bt_param *t = &net->params.tensors[tensor];
    bt_gemm weights = {.m = t->rows,
                       .n = t->cols,
                       .k = tokens,
                       .a = dy,
                       .a_row = 1,
                       .a_col = t->rows,
                       .b = activations(net, t, tokens, x),
                       .b_row = t->cols,
                       .b_col = 1,
                       .c = net->gradients + t->offset,
                       .ldc = t->cols,
                       .accumulate = true};
    bt_gemm inputs = {.m = tokens,
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
    bt_gemm_run(&net->exec, &weights);
    bt_gemm_run(&net->exec, &inputs);
}

/* ---- RMSNorm --------------------------------------------------------------------------------- */

static void norm_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    const bt_net *net = o->net;
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
            .cols = net->params.config.dim,
            .x = x,
            .y = y,
            .inverse = inverse};
    bt_pool_run(net->exec.pool, net->tokens, UNIT, norm_task, &o);
}

typedef struct {
    bt_net *net;
    size_t tensor, cols;
    const float *x, *inverse, *dy;
    float *dx;
} backward_op;

/* Items: blocks of BT_NORM_BLOCK tokens. Each block has a sum of its own for the gradient of the
 * weights, so that no sum depends on the number of workers. */
static void norm_backward_task(void *context, size_t begin, size_t end, size_t worker)
{
    const backward_op *o = context;
    const bt_net *net = o->net;
    const float *w = net->effective + net->params.tensors[o->tensor].offset;
    size_t n = o->cols;
    (void)worker;
    for (size_t block = begin; block < end; block++) {
        size_t t = block * BT_NORM_BLOCK, last = t + BT_NORM_BLOCK;
        float *dw = net->norm_sums + block * n;
        memset(dw, 0, n * sizeof *dw);
        for (; t < last && t < net->tokens; t++) {
            const float *x = o->x + t * n, *dy = o->dy + t * n;
            float inverse = o->inverse[t];
            for (size_t i = 0; i < n; i++) dw[i] += dy[i] * x[i] * inverse;
            net->exec.kernels->rmsnorm_backward(x, w, inverse, dy, o->dx + t * n, n);
        }
    }
}

void bt_norm_backward(bt_net *net, size_t tensor, const float *x, const float *inverse,
                      const float *dy, float *dx)
{
    size_t dim = net->params.config.dim;
    backward_op o = {net, tensor, dim, x, inverse, dy, dx};
    size_t blocks = (net->tokens + BT_NORM_BLOCK - 1) / BT_NORM_BLOCK;
    float *dw = net->gradients + net->params.tensors[tensor].offset;
    bt_pool_run(net->exec.pool, blocks, 1, norm_backward_task, &o);
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < dim; i++) dw[i] += net->norm_sums[block * dim + i];
}
