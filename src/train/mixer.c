/* mixer.c - the mixers in training (reconstruct, predict, induction): projections, L2norm, gates, and
 * the memory itself, which kernels/body_memory.inc computes in chunks of tokens.
 * SPDX-License-Identifier: MIT */
#include "net.h"
#include "vectors.h"

#include <math.h>

typedef struct {
    bt_net *net;
    size_t layer, width, head, heads, gate_stride;
    bt_layer_cache *cache;
    const float *dr; /* NULL: forward */
    float *dq, *dv, *dgates;
} op;

static op make_op(bt_net *net, size_t layer)
{
    const bt_model_config *c = &net->params.config;
    size_t heads = bt_mixer_heads(c, layer);
    return (op){.net = net,
                .layer = layer,
                .width = bt_mixer_width(c, layer),
                .head = bt_mixer_head(c, layer),
                .heads = heads,
                .gate_stride = bt_gate_stride(heads),
                .cache = &net->caches[layer]};
}

/* L2norm of each head: q <- q / |q| if |q| > 1e-6. norms keeps the divisor, |q| or 1. Items: tokens. */
static void normalize_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t t = begin; t < end; t++)
        for (size_t h = 0; h < o->heads; h++) {
            float *q = o->cache->q + t * o->width + h * o->head;
            float norm = sqrtf(o->net->exec.kernels->dot(q, q, o->head));
            if (!(norm > 1e-6f)) norm = 1.0f;
            o->cache->norms[t * o->heads + h] = norm;
            for (size_t i = 0; i < o->head; i++) q[i] /= norm;
        }
}

/* The backward pass of L2norm, in place: dq <- (dq - q (q . dq)) / norm. Items: tokens. */
static void normalize_backward_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t t = begin; t < end; t++)
        for (size_t h = 0; h < o->heads; h++) {
            size_t at = t * o->width + h * o->head;
            const float *q = o->cache->q + at;
            float *d = o->dq + at, along = o->net->exec.kernels->dot(q, d, o->head);
            float scale = 1.0f / o->cache->norms[t * o->heads + h];
            for (size_t i = 0; i < o->head; i++) d[i] = (d[i] - q[i] * along) * scale;
        }
}

/* The operands for one head of one sequence. */
static bt_memory_train memory_of(const op *o, size_t seq, size_t h, size_t thread)
{
    bt_net *net = o->net;
    const bt_model_config *c = &net->params.config;
    bool induction = c->mixers[o->layer] == BT_INDUCTION;
    size_t token = seq * net->length, at = token * o->width + h * o->head;
    size_t chunks = (net->length + BT_MEMORY_CHUNK - 1) / BT_MEMORY_CHUNK;
    float *gates = o->cache->gates + token * o->gate_stride + h;
    return (bt_memory_train){
        .tokens = net->length,
        .width = o->head,
        .stride = o->width,
        .gate_stride = o->gate_stride,
        .q = o->cache->q + at,
        .v = (induction ? o->cache->v : o->cache->q) + at,
        .keep = induction ? gates : NULL,
        .write = induction ? gates + o->heads : NULL,
        .rate = induction ? 0.0f : c->rate,
        .ahead = c->mixers[o->layer] == BT_PREDICT,
        .zeros = net->zeros,
        .r = o->cache->r + at,
        .chunk_states = o->cache->chunk_states + (seq * o->heads + h) * chunks * o->head * o->head,
        .work = net->work + thread * bt_memory_work(o->head),
        .dr = o->dr ? o->dr + at : NULL,
        .dq = o->dq ? o->dq + at : NULL,
        .dv = o->dq ? (induction ? o->dv : o->dq) + at : NULL,
        .dkeep = o->dgates ? o->dgates + token * o->gate_stride + h : NULL,
        .dwrite = o->dgates ? o->dgates + token * o->gate_stride + o->heads + h : NULL,
    };
}

/* Items: the heads of all sequences. */
static void memory_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    for (size_t i = begin; i < end; i++) {
        bt_memory_train m = memory_of(o, i / o->heads, i % o->heads, worker);
        if (o->dr) o->net->exec.kernels->memory_backward(&m);
        else o->net->exec.kernels->memory_forward(&m);
    }
}

/* gates = sigmoid(gates + b); they hold n1 Wg^T before. Items: tokens. */
static void gates_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    const bt_params *p = &o->net->params;
    const float *bias = o->net->effective + p->tensors[p->layers[o->layer].bias].offset;
    size_t n = o->gate_stride;
    (void)worker;
    for (size_t t = begin; t < end; t++) {
        float *g = o->cache->gates + t * n;
        for (size_t i = 0; i < n; i++) g[i] += bias[i];
        o->net->exec.kernels->sigmoid(g, g, n);
    }
}

/* The input of the output projection: dropout of the readings. */
static const float *output_input(const op *o)
{
    bt_net *net = o->net;
    if (!(net->dropout > 0.0f)) return o->cache->r;
    bt_dropout(net, bt_mixer_site(o->layer), o->cache->r, net->scratch[2], o->width);
    return net->scratch[2];
}

void bt_mixer_forward(bt_net *net, size_t layer)
{
    op o = make_op(net, layer);
    const bt_layer_tensors *l = &net->params.layers[layer];
    const float *n1 = o.cache->n1;
    size_t tokens = net->tokens;
    bt_linear(net, l->key, tokens, n1, o.cache->q, false);
    bt_pool_run(net->exec.pool, tokens, 16, normalize_task, &o);
    if (net->params.config.mixers[layer] == BT_INDUCTION) {
        bt_linear(net, l->value, tokens, n1, o.cache->v, false);
        bt_linear(net, l->gates, tokens, n1, o.cache->gates, false);
        bt_pool_run(net->exec.pool, tokens, 16, gates_task, &o);
    }
    bt_pool_run(net->exec.pool, net->seqs * o.heads, 1, memory_task, &o);
    bt_copy(&net->exec, o.cache->x2, o.cache->x1, tokens * net->params.config.dim);
    bt_linear(net, l->out, tokens, output_input(&o), o.cache->x2, true);
}

static void gates_backward(bt_net *net, const op *o, float *dn)
{
    const bt_layer_tensors *l = &net->params.layers[o->layer];
    float *bias = net->gradients + net->params.tensors[l->bias].offset;
    size_t n = o->gate_stride;
    for (size_t t = 0; t < net->tokens; t++)
        for (size_t i = 0; i < 2 * o->heads; i++) {
            float s = o->cache->gates[t * n + i];
            o->dgates[t * n + i] *= s * (1.0f - s);
            bias[i] += o->dgates[t * n + i];
        }
    bt_linear_backward(net, l->gates, net->tokens, o->cache->n1, o->dgates, dn, true);
}

void bt_mixer_backward(bt_net *net, size_t layer, const float *dx, float *dn)
{
    op o = make_op(net, layer);
    const bt_layer_tensors *l = &net->params.layers[layer];
    bool induction = net->params.config.mixers[layer] == BT_INDUCTION;
    size_t tokens = net->tokens, floats = tokens * o.width;
    float *dr = net->scratch[1];
    bt_linear_backward(net, l->out, tokens, output_input(&o), dx, dr, false);
    if (net->dropout > 0.0f) bt_dropout(net, bt_mixer_site(layer), dr, dr, o.width);
    o.dr = dr;
    o.dq = net->scratch[2];
    o.dv = o.dq + floats;
    o.dgates = o.dv + floats;
    bt_clear(&net->exec, o.dq, 2 * floats + tokens * o.gate_stride);
    bt_pool_run(net->exec.pool, net->seqs * o.heads, 1, memory_task, &o);
    bt_pool_run(net->exec.pool, tokens, 16, normalize_backward_task, &o);
    bt_linear_backward(net, l->key, tokens, o.cache->n1, o.dq, dn, false);
    if (!induction) return;
    bt_linear_backward(net, l->value, tokens, o.cache->n1, o.dv, dn, true);
    gates_backward(net, &o, dn);
}
