/* effective.c - the weights in the forms that the forward pass uses, quantised after every step.
 * SPDX-License-Identifier: MIT */
#include "../base/bytes.h"
#include "../model/quantize.h"
#include "net.h"

#include <string.h>

/* Items: tensors. */
static void scales_task(void *context, size_t begin, size_t end, size_t worker)
{
    const bt_net *net = context;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const bt_param *t = &net->params.tensors[i];
        if (t->kind == BT_TERNARY)
            net->packed[i].scale = bt_ternary_scale(net->weights + t->offset, t->rows * t->cols);
    }
}

/* Packs a row of the head in int8. w: its weights; quantized: their fake_quantize, int8 * scale. */
static void pack_head_row(const bt_net *net, size_t row, const float *w, const float *quantized)
{
    const bt_rows8 *head = &net->head;
    float largest = bt_float_from_bits(net->exec.kernels->absmax_bits(w, head->cols));
    float scale = largest > 1e-9f ? largest / 127.0f : 1.0f, inverse = 1.0f / scale;
    uint8_t *out = net->head_panels + bt_rows8_index(head, row, 0);
    net->head_scales[row] = scale;
    for (size_t j = 0; j < head->cols; j++) /* + 128, the offset of panels, and 0.5 to round */
        out[j / 4 * 64 + j % 4] = (uint8_t)(quantized[j] * inverse + 128.5f);
}

static void refresh_rows(const bt_net *net, size_t tensor, size_t begin, size_t end)
{
    const bt_param *t = &net->params.tensors[tensor];
    const float *w = net->weights + t->offset;
    float *out = net->effective + t->offset;
    if (!net->quantize || t->kind == BT_DENSE) {
        memcpy(out + begin * t->cols, w + begin * t->cols, (end - begin) * t->cols * sizeof *w);
        return;
    }
    const bt_packed *packed = &net->packed[tensor];
    for (size_t r = begin; r < end; r++)
        if (t->kind == BT_TERNARY)
            bt_ternarize_row(w + r * t->cols, t->cols, packed->scale, packed->panels, r,
                             out + r * t->cols);
        else {
            net->exec.kernels->fake_quantize(w + r * t->cols, out + r * t->cols, t->cols);
            if (tensor == net->params.head)
                pack_head_row(net, r, w + r * t->cols, out + r * t->cols);
        }
}

/* Items: the rows of all tensors, numbered through in the order of the tensors. */
static void rows_task(void *context, size_t begin, size_t end, size_t worker)
{
    const bt_net *net = context;
    size_t first = 0;
    (void)worker;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        size_t n = net->params.tensors[i].rows, last = first + n;
        size_t from = begin > first ? begin : first, to = end < last ? end : last;
        if (from < to) refresh_rows(net, i, from - first, to - first);
        first = last;
    }
}

void bt_net_refresh(bt_net *net)
{
    size_t rows = 0, tensors = net->params.tensor_count;
    for (size_t i = 0; i < tensors; i++) rows += net->params.tensors[i].rows;
    if (net->quantize) bt_pool_run(net->exec.pool, tensors, 1, scales_task, net);
    bt_pool_run(net->exec.pool, rows, 16, rows_task, net);
}
