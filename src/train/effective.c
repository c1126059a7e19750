/* effective.c - what the forward pass sees of the weights: made anew after
 * every step of the optimiser. SPDX-License-Identifier: MIT */
#include "../kernels/layout.h"
#include "../model/quantize.h"
#include "net.h"

#include <string.h>

/* Each worker takes the tensors that start in its share of all floats. */
static void scales_task(void *context, size_t index, size_t count)
{
    const bt_net *net = context;
    const bt_params *p = &net->params;
    size_t begin = bt_share(p->floats, 1, index, count),
           end = bt_share(p->floats, 1, index + 1, count);
    for (size_t i = 0; i < p->tensor_count; i++) {
        const bt_param *t = &p->tensors[i];
        if (t->kind == BT_TERNARY && t->offset >= begin && t->offset < end)
            net->scales[i] = bt_ternary_scale(net->weights + t->offset, t->rows * t->cols);
    }
}

static void rows(const bt_net *net, size_t tensor, size_t begin, size_t end)
{
    const bt_param *t = &net->params.tensors[tensor];
    const float *w = net->weights + t->offset;
    float *out = net->effective + t->offset;
    if (!net->quantize || t->kind == BT_DENSE) {
        memcpy(out + begin * t->cols, w + begin * t->cols, (end - begin) * t->cols * sizeof *w);
        return;
    }
    uint8_t *panels = (uint8_t *)(uintptr_t)net->packed[tensor].panels;
    for (size_t r = begin; r < end; r++)
        if (t->kind == BT_TERNARY)
            bt_ternarize_row(w + r * t->cols, t->cols, net->scales[tensor], panels, r,
                             out + r * t->cols);
        else net->exec.kernels->fake_quantize(w + r * t->cols, out + r * t->cols, t->cols);
}

static void rows_task(void *context, size_t index, size_t count)
{
    const bt_net *net = context;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        size_t n = net->params.tensors[i].rows;
        rows(net, i, bt_share(n, 1, index, count), bt_share(n, 1, index + 1, count));
    }
}

void bt_net_refresh(bt_net *net)
{
    if (net->quantize) bt_pool_run(net->exec.pool, scales_task, net);
    bt_pool_run(net->exec.pool, rows_task, net);
}
