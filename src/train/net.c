/* net.c - the buffers of a model in training.
 * SPDX-License-Identifier: MIT */
#include "net.h"

#include "../kernels/layout.h"
#include "../model/quantize.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Floats of a scratch buffer for each token, which holds activations of the feed-forward or the
 * residual stream, or the gradients of a mixer (mixer.c). */
static size_t widest(const bt_model_config *c)
{
    size_t width = larger(c->mlp, c->dim);
    for (size_t i = 0; i < c->layers; i++)
        width = larger(width, 2 * bt_mixer_width(c, i) + bt_gate_stride(bt_mixer_heads(c, i)));
    return width;
}

static void take_cache(bt_net *net, size_t i)
{
    const bt_model_config *c = &net->params.config;
    bt_region *r = &net->blocks;
    bt_layer_cache *k = &net->caches[i];
    size_t n = net->tokens, width = bt_mixer_width(c, i), head = bt_mixer_head(c, i);
    size_t heads = bt_mixer_heads(c, i);
    size_t chunks = (net->length + BT_MEMORY_CHUNK - 1) / BT_MEMORY_CHUNK;
    k->x1 = bt_region_floats(r, n * c->dim);
    k->inv1 = bt_region_floats(r, n);
    k->n1 = bt_region_floats(r, n * c->dim);
    k->q = bt_region_floats(r, n * width);
    k->norms = bt_region_floats(r, n * heads);
    k->v = bt_region_floats(r, n * width);
    k->r = bt_region_floats(r, n * width);
    k->gates = bt_region_floats(r, n * bt_gate_stride(heads));
    k->chunk_states = bt_region_floats(r, net->seqs * heads * chunks * head * head);
    k->x2 = bt_region_floats(r, n * c->dim);
    k->inv2 = bt_region_floats(r, n);
    k->n2 = bt_region_floats(r, n * c->dim);
    k->gate = bt_region_floats(r, n * c->mlp);
    k->up = bt_region_floats(r, n * c->mlp);
    k->h = bt_region_floats(r, n * c->mlp);
}

static void take_packed(bt_net *net, size_t tensor)
{
    const bt_param *t = &net->params.tensors[tensor];
    bt_packed *packed = &net->packed[tensor];
    if (t->kind != BT_TERNARY) return;
    packed->panels = bt_region_alloc(&net->blocks, 1, bt_ternary_bytes(t->rows, t->cols));
    if (!packed->panels) return;
    bt_ternary_clear(packed->panels, t->rows, t->cols);
    bt_ternary_view(&packed->w, packed->panels, t->rows, t->cols);
}

static void take_head(bt_net *net)
{
    const bt_param *t = &net->params.tensors[net->params.head];
    net->head_panels = bt_region_alloc(&net->blocks, 1, bt_rows8_bytes(t->rows, t->cols));
    net->head_scales = bt_region_floats(&net->blocks, bt_round_up(t->rows, BT_ROWS));
    if (net->head_panels && net->head_scales)
        net->head = bt_rows8_clear(net->head_panels, net->head_scales, t->rows, t->cols);
}

/* Elements of the largest product whose sums bt_gemm_run cuts in two halves: an output, the gradient
 * of an input, or that of a tensor. */
static size_t partial_floats(const bt_net *net)
{
    size_t n = net->tokens, most = 0;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        size_t rows = net->params.tensors[i].rows, cols = net->params.tensors[i].cols;
        if (n >= BT_GEMM_LONG) most = larger(most, rows * cols);
        if (cols >= BT_GEMM_LONG) most = larger(most, n * rows);
        if (rows >= BT_GEMM_LONG) most = larger(most, n * cols);
    }
    return most < BT_PARTIAL_FLOATS ? most : BT_PARTIAL_FLOATS;
}

static void take_buffers(bt_net *net, size_t threads)
{
    const bt_model_config *c = &net->params.config;
    bt_region *r = &net->blocks;
    size_t n = net->tokens, wide = n * widest(c), floats = net->params.floats, head = 0;
    for (size_t i = 0; i < c->layers; i++) head = larger(head, bt_mixer_head(c, i));
    for (int i = 0; i < 4; i++) net->scratch[i] = bt_region_floats(r, wide);
    net->activations = bt_region_alloc(r, wide, sizeof(int16_t));
    net->sums = bt_region_alloc(r, n, sizeof *net->sums);
    net->multipliers = bt_region_floats(r, n);
    net->weights = bt_region_floats(r, floats);
    net->gradients = bt_region_floats(r, floats);
    net->effective = bt_region_floats(r, floats);
    net->x = bt_region_floats(r, n * c->dim);
    net->inv = bt_region_floats(r, n);
    net->n = bt_region_floats(r, n * c->dim);
    net->dx = bt_region_floats(r, n * c->dim);
    net->logits = bt_region_floats(r, BT_LOGIT_ROWS * c->vocab);
    net->zeros = bt_region_floats(r, head);
    net->work = bt_region_floats(r, threads * bt_memory_work(head));
    net->losses = bt_region_floats(r, n);
    net->norm_sums = bt_region_floats(r, (n + BT_NORM_BLOCK - 1) / BT_NORM_BLOCK * c->dim);
    net->exec.pack = bt_region_floats(r, threads * BT_PACK_FLOATS);
    net->exec.partial = bt_region_floats(r, partial_floats(net));
}

bool bt_net_init(bt_net *net, const bt_model_config *config, size_t seqs, size_t length,
                 size_t threads)
{
    *net = (bt_net){.seqs = seqs, .length = length, .tokens = seqs * length, .quantize = true};
    bt_region *r = &net->blocks;
    net->exec.kernels = bt_kernels_active();
    net->exec.tiles = &net->exec.kernels->gemm;
    net->exec.pool = bt_pool_create(threads);
    bool good = net->exec.pool && bt_params_init(&net->params, config, r);
    if (good) {
        net->caches = bt_region_alloc(r, config->layers, sizeof *net->caches);
        net->packed = bt_region_alloc(r, net->params.tensor_count, sizeof *net->packed);
        good = !r->failed;
    }
    if (good) {
        for (size_t i = 0; i < config->layers; i++) take_cache(net, i);
        for (size_t i = 0; i < net->params.tensor_count; i++) take_packed(net, i);
        take_head(net);
        take_buffers(net, bt_pool_count(net->exec.pool));
        good = !r->failed;
    }
    if (!good) bt_net_free(net);
    return good;
}

void bt_net_free(bt_net *net)
{
    bt_region_free(&net->blocks);
    bt_pool_destroy(net->exec.pool);
    *net = (bt_net){0};
}
