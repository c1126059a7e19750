/* ops.c - quantised linear layers and norms, forward and backward side by side.
 * SPDX-License-Identifier: MIT */
#include "../base/bytes.h"
#include "../kernels/layout.h"
#include "net.h"

typedef struct {
    bt_net *net;
    size_t tensor;
    const float *x, *inverse_in, *dy;
    float *y, *inverse;
    size_t rows, cols;
    bool accumulate;
} op;

/* ---- activations ----------------------------------------------------------------------------- */

static void quantize_task(void *context, size_t index, size_t count)
{
    const op *o = context;
    size_t end = bt_share(o->rows, 1, index + 1, count);
    for (size_t t = bt_share(o->rows, 1, index, count); t < end; t++)
        o->net->exec.kernels->fake_quantize(o->x + t * o->cols, o->y + t * o->cols, o->cols);
}

/* x as the kernels of inference would see it, in scratch; x itself for dense tensors. */
static const float *activations(bt_net *net, const bt_param *t, const float *x, size_t rows)
{
    if (!net->quantize || t->kind == BT_DENSE) return x;
    op o = {.net = net, .x = x, .y = net->wide[0], .rows = rows, .cols = t->cols};
    bt_pool_run(net->exec.pool, quantize_task, &o);
    return net->wide[0];
}

/* ---- linear ---------------------------------------------------------------------------------- */

/* Ternary tensors go forward through the integer kernels, as in inference. */
static void ternary_task(void *context, size_t index, size_t count)
{
    const op *o = context;
    bt_net *net = o->net;
    const bt_kernels *k = net->exec.kernels;
    size_t begin = bt_share(o->rows, 8, index, count), end = bt_share(o->rows, 8, index + 1, count);
    size_t bytes = o->cols * k->activation_size, stride = net->packed[o->tensor].rows;
    uint8_t *act = net->activations;
    if (begin == end) return;
    for (size_t t = begin; t < end; t++) {
        float largest = bt_float_from_bits(k->absmax_bits(o->x + t * o->cols, o->cols));
        float scale = largest > 1e-9f ? 127.0f / largest : 1.0f;
        net->sums[t] = k->quantize(o->x + t * o->cols, o->cols, scale, act + t * bytes);
        net->multipliers[t] =
            (largest > 1e-9f ? largest / 127.0f : 1.0f) * net->scales[o->tensor];
    }
    float *y = o->y + begin * stride;
    bt_matmul m = {.w = &net->packed[o->tensor], .activations = act + begin * bytes,
                   .sums = net->sums + begin, .multipliers = net->multipliers + begin,
                   .residual = o->accumulate ? y : NULL, .out = y, .out_stride = stride,
                   .tokens = end - begin};
    k->matmul(&m);
}

static void linear_rows(bt_net *net, size_t tensor, const float *x, float *y, size_t rows,
                        bool accumulate)
{
    const bt_param *t = &net->params.tensors[tensor];
    if (net->quantize && t->kind == BT_TERNARY) {
        op o = {.net = net, .tensor = tensor, .x = x, .y = y, .rows = rows, .cols = t->cols,
                .accumulate = accumulate};
        bt_pool_run(net->exec.pool, ternary_task, &o);
        return;
    }
    bt_gemm g = {.m = rows, .n = t->rows, .k = t->cols, .a = activations(net, t, x, rows),
                 .a_row = t->cols, .a_col = 1, .b = net->effective + t->offset, .b_row = 1,
                 .b_col = t->cols, .c = y, .ldc = t->rows, .accumulate = accumulate};
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
    bt_gemm weights = {.m = t->rows, .n = t->cols, .k = rows, .a = dy, .a_row = 1, .a_col = t->rows,
                       .b = activations(net, t, x, rows), .b_row = t->cols, .b_col = 1,
                       .c = net->gradients + t->offset, .ldc = t->cols, .accumulate = true};
    bt_gemm_run(&net->exec, &weights);
    if (!dx) return;
    bt_gemm inputs = {.m = rows, .n = t->cols, .k = t->rows, .a = dy, .a_row = t->rows, .a_col = 1,
                      .b = net->effective + t->offset, .b_row = t->cols, .b_col = 1, .c = dx,
                      .ldc = t->cols, .accumulate = accumulate};
    bt_gemm_run(&net->exec, &inputs);
}

void bt_linear_backward(bt_net *net, size_t tensor, const float *x, const float *dy, float *dx,
                        bool accumulate)
{
    linear_rows_backward(net, tensor, x, dy, dx, net->tokens, accumulate);
}

/* ---- norm ------------------------------------------------------------------------------------ */

static void norm_task(void *context, size_t index, size_t count)
{
    const op *o = context;
    bt_net *net = o->net;
    const float *w = net->effective + net->params.tensors[o->tensor].offset;
    size_t end = bt_share(o->rows, 1, index + 1, count), n = o->cols;
    for (size_t t = bt_share(o->rows, 1, index, count); t < end; t++)
        o->inverse[t] = net->exec.kernels->rmsnorm(o->x + t * n, w, net->params.config.norm_eps,
                                                   o->y + t * n, n);
}

void bt_norm(bt_net *net, size_t tensor, const float *x, float *y, float *inverse)
{
    op o = {.net = net, .tensor = tensor, .x = x, .y = y, .inverse = inverse, .rows = net->tokens,
            .cols = net->params.config.dim};
    bt_pool_run(net->exec.pool, norm_task, &o);
}

static void norm_inputs_task(void *context, size_t index, size_t count)
{
    const op *o = context;
    bt_net *net = o->net;
    const float *w = net->effective + net->params.tensors[o->tensor].offset;
    size_t end = bt_share(o->rows, 1, index + 1, count), n = o->cols;
    for (size_t t = bt_share(o->rows, 1, index, count); t < end; t++)
        net->exec.kernels->rmsnorm_backward(o->x + t * n, w, o->inverse_in[t], o->dy + t * n,
                                            o->y + t * n, n);
}

/* Columns are shared out, so that each sum over tokens stays whole. */
static void norm_weights_task(void *context, size_t index, size_t count)
{
    const op *o = context;
    float *dw = o->net->gradients + o->net->params.tensors[o->tensor].offset;
    size_t begin = bt_share(o->cols, 16, index, count);
    size_t end = bt_share(o->cols, 16, index + 1, count);
    for (size_t t = 0; t < o->rows; t++) {
        const float *x = o->x + t * o->cols, *dy = o->dy + t * o->cols;
        for (size_t i = begin; i < end; i++) dw[i] += dy[i] * x[i] * o->inverse_in[t];
    }
}

void bt_norm_backward(bt_net *net, size_t tensor, const float *x, const float *inverse,
                      const float *dy, float *dx)
{
    op o = {.net = net, .tensor = tensor, .x = x, .inverse_in = inverse, .dy = dy, .y = dx,
            .rows = net->tokens, .cols = net->params.config.dim};
    bt_pool_run(net->exec.pool, norm_inputs_task, &o);
    bt_pool_run(net->exec.pool, norm_weights_task, &o);
}
