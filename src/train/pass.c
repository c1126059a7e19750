/* pass.c - one batch through the model: forward, loss, backward.
 * SPDX-License-Identifier: MIT */
#include "net.h"

#include "vectors.h"

#include <string.h>

/* ---- feed-forward ---------------------------------------------------------------------------- */

typedef struct {
    const bt_kernels *kernels;
    const bt_layer_cache *cache;
    float *dh; /* NULL: forward */
    float *dgate, *dup;
} swiglu_op;

/* Items: floats. */
static void swiglu_task(void *context, size_t begin, size_t end, size_t worker)
{
    const swiglu_op *o = context;
    const bt_layer_cache *k = o->cache;
    size_t n = end - begin;
    (void)worker;
    if (o->dh)
        o->kernels->swiglu_backward(k->gate + begin, k->up + begin, o->dh + begin, o->dgate + begin,
                                    o->dup + begin, n);
    else o->kernels->swiglu(k->gate + begin, k->up + begin, k->h + begin, n);
}

static void swiglu(bt_net *net, swiglu_op o)
{
    bt_pool_run(net->exec.pool, net->tokens * net->params.config.mlp, 4096, swiglu_task, &o);
}

static void layer_forward(bt_net *net, size_t i, float *next)
{
    const bt_layer_tensors *l = &net->params.layers[i];
    bt_layer_cache *k = &net->caches[i];
    size_t tokens = net->tokens, dim = net->params.config.dim, mlp = net->params.config.mlp;
    bt_norm(net, l->norm1, k->x1, k->n1, k->inv1);
    bt_mixer_forward(net, i);
    bt_norm(net, l->norm2, k->x2, k->n2, k->inv2);
    bt_linear(net, l->gate, tokens, k->n2, k->gate, false);
    bt_linear(net, l->up, tokens, k->n2, k->up, false);
    swiglu(net, (swiglu_op){.kernels = net->exec.kernels, .cache = k});
    if (net->dropout > 0.0f) bt_dropout(net, bt_mlp_site(i), k->h, k->h, mlp);
    bt_copy(&net->exec, next, k->x2, tokens * dim);
    bt_linear(net, l->down, tokens, k->h, next, true);
}

/* dx: on entry the gradient of the layer's output, on return that of its input. */
static void layer_backward(bt_net *net, size_t i, float *dx)
{
    const bt_layer_tensors *l = &net->params.layers[i];
    bt_layer_cache *k = &net->caches[i];
    size_t tokens = net->tokens;
    float *dh = net->scratch[1], *dgate = dh, *dup = net->scratch[2], *dn = net->scratch[3];
    bt_linear_backward(net, l->down, tokens, k->h, dx, dh, false);
    if (net->dropout > 0.0f) bt_dropout(net, bt_mlp_site(i), dh, dh, net->params.config.mlp);
    swiglu(net, (swiglu_op){net->exec.kernels, k, dh, dgate, dup});
    bt_linear_backward(net, l->gate, tokens, k->n2, dgate, dn, false);
    bt_linear_backward(net, l->up, tokens, k->n2, dup, dn, true);
    bt_norm_backward(net, l->norm2, k->x2, k->inv2, dn, dx);
    bt_mixer_backward(net, i, dx, dn);
    bt_norm_backward(net, l->norm1, k->x1, k->inv1, dn, dx);
}

/* ---- embedding, head and loss ---------------------------------------------------------------- */

typedef struct {
    bt_net *net;
    const uint32_t *ids;
    const float *dx; /* NULL: forward, into x */
    float *x;
} embed_op;

/* Items: columns. Tokens with the same id add to the same row of gradients, whose columns belong to
 * one worker each. */
static void embed_task(void *context, size_t begin, size_t end, size_t worker)
{
    const embed_op *o = context;
    const bt_net *net = o->net;
    const bt_param *t = &net->params.tensors[net->params.embed];
    const float *rows = net->effective + t->offset;
    float *gradients = net->gradients + t->offset;
    (void)worker;
    for (size_t i = 0; i < net->tokens; i++) {
        size_t row = o->ids[i] * t->cols, at = i * t->cols;
        if (o->dx)
            for (size_t j = begin; j < end; j++) gradients[row + j] += o->dx[at + j];
        else memcpy(o->x + at + begin, rows + row + begin, (end - begin) * sizeof *o->x);
    }
}

static void embed(bt_net *net, const uint32_t *ids, const float *dx, float *x)
{
    embed_op o = {net, ids, dx, x};
    bt_pool_run(net->exec.pool, net->params.config.dim, 32, embed_task, &o);
}

typedef struct {
    bt_net *net;
    const uint32_t *targets; /* of the current slice of tokens */
    float *losses;           /* of the same tokens */
    float scale;
    bool gradient;
} loss_op;

/* Items: tokens of the slice. */
static void loss_task(void *context, size_t begin, size_t end, size_t worker)
{
    const loss_op *o = context;
    size_t vocab = o->net->params.config.vocab;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        uint32_t target = o->targets[i];
        float *row = o->net->logits + i * vocab;
        o->losses[i] = 0.0f;
        if (target != BT_NO_TARGET)
            o->losses[i] =
                o->net->exec.kernels->cross_entropy(row, vocab, target, o->scale, o->gradient);
        else if (o->gradient) memset(row, 0, vocab * sizeof *row);
    }
}

/* The head: losses and the gradient dn of the last norm's output. Takes slices of tokens, so that
 * their logits stay in the cache. */
static void head(bt_net *net, const uint32_t *targets, bool gradient, float scale, float *dn)
{
    size_t tensor = net->params.head, dim = net->params.config.dim;
    for (size_t first = 0, rows; first < net->tokens; first += rows) {
        const float *n = net->n + first * dim;
        rows = net->tokens - first < BT_LOGIT_ROWS ? net->tokens - first : BT_LOGIT_ROWS;
        loss_op o = {net, targets + first, net->losses + first, scale, gradient};
        bt_linear(net, tensor, rows, n, net->logits, false);
        bt_pool_run(net->exec.pool, rows, 4, loss_task, &o);
        if (gradient)
            bt_linear_backward(net, tensor, rows, n, net->logits, dn + first * dim, false);
    }
}

double bt_net_run(bt_net *net, const uint32_t *ids, const uint32_t *targets, bool gradient,
                  float scale, size_t *count)
{
    size_t layers = net->params.config.layers;
    float *dn = net->scratch[3];
    embed(net, ids, NULL, net->caches[0].x1);
    for (size_t i = 0; i < layers; i++)
        layer_forward(net, i, i + 1 < layers ? net->caches[i + 1].x1 : net->x);
    bt_norm(net, net->params.norm, net->x, net->n, net->inv);
    head(net, targets, gradient, scale, dn);
    if (gradient) {
        bt_clear(&net->exec, net->dx, net->tokens * net->params.config.dim);
        bt_norm_backward(net, net->params.norm, net->x, net->inv, dn, net->dx);
        for (size_t i = layers; i-- > 0;) layer_backward(net, i, net->dx);
        embed(net, ids, net->dx, NULL);
    }
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < net->tokens; i++) {
        sum += (double)net->losses[i];
        *count += targets[i] != BT_NO_TARGET;
    }
    return *count ? sum / (double)*count : 0;
}
