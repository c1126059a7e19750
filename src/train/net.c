/* net.c - one batch through the model: forward, loss, backward.
 * SPDX-License-Identifier: MIT */
#include "net.h"

#include "../base/alloc.h"
#include "../kernels/layout.h"
#include "vectors.h"

#include <string.h>

/* ---- buffers --------------------------------------------------------------------------------- */

static size_t widest(const bt_model_config *c)
{
    size_t width = c->mlp > c->dim ? c->mlp : c->dim;
    for (size_t i = 0; i < c->layers; i++) {
        size_t mixer = 2 * bt_mixer_width(c, i) + bt_gate_stride(bt_mixer_heads(c, i));
        if (mixer > width) width = mixer;
    }
    return width;
}

static bool floats(float **out, size_t count)
{
    *out = bt_alloc(count, sizeof(float));
    return *out != NULL;
}

static bool cache_init(bt_net *net, size_t i)
{
    const bt_model_config *c = &net->params.config;
    bt_layer_cache *k = &net->caches[i];
    size_t n = net->tokens, width = bt_mixer_width(c, i), head = bt_mixer_head(c, i);
    size_t heads = bt_mixer_heads(c, i);
    size_t chunks = (net->length + BT_MEMORY_CHUNK - 1) / BT_MEMORY_CHUNK;
    return floats(&k->x1, n * c->dim) && floats(&k->inv1, n) && floats(&k->n1, n * c->dim) &&
           floats(&k->q, n * width) && floats(&k->norms, n * heads) && floats(&k->v, n * width) &&
           floats(&k->r, n * width) && floats(&k->gates, n * bt_gate_stride(heads)) &&
           floats(&k->checkpoints, net->seqs * heads * chunks * head * head) &&
           floats(&k->x2, n * c->dim) && floats(&k->inv2, n) && floats(&k->n2, n * c->dim) &&
           floats(&k->gate, n * c->mlp) && floats(&k->up, n * c->mlp) && floats(&k->h, n * c->mlp);
}

static size_t cache_visit(const bt_layer_cache *k, bt_block_visitor visit)
{
    size_t sum = 0;
    float *all[] = {k->x1,          k->inv1, k->n1,   k->q,  k->norms, k->v,  k->r, k->gates,
                    k->checkpoints, k->x2,   k->inv2, k->n2, k->gate,  k->up, k->h};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sum += visit(all[i]);
    return sum;
}

/* Panels for the ternary tensors. */
static bool packed_init(bt_net *net)
{
    size_t count = net->params.tensor_count;
    net->packed = bt_alloc(count, sizeof *net->packed);
    if (!net->packed || !floats(&net->scales, count)) return false;
    for (size_t i = 0; i < count; i++) {
        const bt_param *t = &net->params.tensors[i];
        if (t->kind != BT_TERNARY) continue;
        uint8_t *panels = bt_alloc(1, bt_ternary_bytes(t->rows, t->cols));
        if (!panels) return false;
        bt_ternary_clear(panels, t->rows, t->cols);
        bt_ternary_view(&net->packed[i], panels, t->rows, t->cols);
    }
    return true;
}

static bool head_init(bt_net *net)
{
    const bt_param *t = &net->params.tensors[net->params.head];
    size_t blocks = bt_round_up(t->rows, BT_ROWS) / BT_ROWS, quads = bt_round_up(t->cols, 16) / 4;
    uint8_t *panels = bt_alloc(blocks * quads, 64);
    float *scales = bt_alloc(blocks * BT_ROWS, sizeof *scales);
    if (panels)
        memset(panels, 128, blocks * quads * 64); /* zeros, where there is no row or input */
    net->head = (bt_rows8){panels, scales, t->rows, t->cols, blocks, quads};
    return panels && scales;
}

/* The largest product with long sums (bt_gemm_run): an output, its gradient, or that of a weight. */
static size_t other_floats(const bt_net *net)
{
    size_t n = net->tokens, most = 0;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        size_t rows = net->params.tensors[i].rows, cols = net->params.tensors[i].cols;
        if (n >= BT_GEMM_LONG && rows * cols > most) most = rows * cols;
        if (cols >= BT_GEMM_LONG && n * rows > most) most = n * rows;
        if (rows >= BT_GEMM_LONG && n * cols > most) most = n * cols;
    }
    return most < BT_OTHER_FLOATS ? most : BT_OTHER_FLOATS;
}

static bool buffers_init(bt_net *net, size_t threads)
{
    const bt_model_config *c = &net->params.config;
    size_t n = net->tokens, head = 0;
    for (size_t i = 0; i < c->layers; i++) {
        if (!cache_init(net, i)) return false;
        if (bt_mixer_head(c, i) > head) head = bt_mixer_head(c, i);
    }
    for (int i = 0; i < 4; i++)
        if (!floats(&net->wide[i], n * widest(c))) return false;
    net->activations = bt_alloc(n * widest(c), sizeof(int16_t));
    net->sums = bt_alloc(n, sizeof *net->sums);
    if (!net->activations || !net->sums || !floats(&net->multipliers, n) || !packed_init(net) ||
        !head_init(net))
        return false;
    return floats(&net->weights, net->params.floats) &&
           floats(&net->gradients, net->params.floats) &&
           floats(&net->effective, net->params.floats) && floats(&net->x, n * c->dim) &&
           floats(&net->inv, n) && floats(&net->n, n * c->dim) && floats(&net->dx, n * c->dim) &&
           floats(&net->logits, BT_LOGIT_ROWS * c->vocab) && floats(&net->zeros, head) &&
           floats(&net->work, threads * bt_memory_work(head)) && floats(&net->losses, n) &&
           floats(&net->norm_sums, (n + BT_NORM_BLOCK - 1) / BT_NORM_BLOCK * c->dim) &&
           floats(&net->exec.pack, threads * BT_PACK_FLOATS) &&
           floats(&net->exec.other, other_floats(net));
}

bool bt_net_init(bt_net *net, const bt_model_config *config, size_t seqs, size_t length,
                 size_t threads)
{
    *net = (bt_net){.seqs = seqs, .length = length, .tokens = seqs * length, .quantize = true};
    net->exec.kernels = bt_kernels_active();
    bool good = bt_params_init(&net->params, config);
    if (good) good = (net->caches = bt_alloc(config->layers, sizeof *net->caches)) != NULL;
    if (good) good = (net->exec.pool = bt_pool_create(threads)) != NULL;
    if (good) good = buffers_init(net, bt_pool_count(net->exec.pool));
    if (!good) bt_net_free(net);
    return good;
}

size_t bt_net_visit(const bt_net *net, bt_block_visitor visit)
{
    size_t sum = bt_params_visit(&net->params, visit);
    for (size_t i = 0; net->caches && i < net->params.config.layers; i++)
        sum += cache_visit(&net->caches[i], visit);
    for (size_t i = 0; net->packed && i < net->params.tensor_count; i++)
        sum += visit((void *)(uintptr_t)net->packed[i].panels);
    void *all[] = {net->weights,
                   net->gradients,
                   net->effective,
                   net->x,
                   net->inv,
                   net->n,
                   net->dx,
                   net->logits,
                   net->wide[0],
                   net->wide[1],
                   net->wide[2],
                   net->wide[3],
                   net->work,
                   net->zeros,
                   net->losses,
                   net->norm_sums,
                   net->exec.pack,
                   net->exec.other,
                   (void *)(uintptr_t)net->head.panels,
                   (void *)(uintptr_t)net->head.scales,
                   net->packed,
                   net->scales,
                   net->activations,
                   net->sums,
                   net->multipliers,
                   net->caches};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sum += visit(all[i]);
    return sum;
}

void bt_net_free(bt_net *net)
{
    bt_net_visit(net, bt_free);
    bt_pool_destroy(net->exec.pool);
    *net = (bt_net){0};
}

/* ---- feed-forward ---------------------------------------------------------------------------- */

typedef struct {
    bt_net *net;
    bt_layer_cache *cache;
    float *dh, *dgate, *dup;
} mlp_op;

static void mlp_task(void *context, size_t begin, size_t end, size_t worker)
{
    const mlp_op *o = context;
    bt_net *net = o->net;
    size_t len = end - begin;
    (void)worker;
    const bt_layer_cache *k = o->cache;
    if (o->dh)
        net->exec.kernels->swiglu_backward(k->gate + begin, k->up + begin, o->dh + begin,
                                           o->dgate + begin, o->dup + begin, len);
    else net->exec.kernels->swiglu(k->gate + begin, k->up + begin, k->h + begin, len);
}

static void layer_forward(bt_net *net, size_t i, float *next)
{
    const bt_layer_tensors *l = &net->params.layers[i];
    bt_layer_cache *k = &net->caches[i];
    mlp_op o = {.net = net, .cache = k};
    bt_norm(net, l->norm1, k->x1, k->n1, k->inv1);
    bt_mixer_forward(net, i);
    bt_norm(net, l->norm2, k->x2, k->n2, k->inv2);
    bt_linear(net, l->gate, k->n2, k->gate, false);
    bt_linear(net, l->up, k->n2, k->up, false);
    bt_pool_run(net->exec.pool, net->tokens * net->params.config.mlp, 4096, mlp_task, &o);
    if (net->dropout > 0.0f) bt_dropout(net, bt_place_mlp(i), k->h, k->h, net->params.config.mlp);
    bt_copy(&net->exec, next, k->x2, net->tokens * net->params.config.dim);
    bt_linear(net, l->down, k->h, next, true);
}

/* dx is dL/dx of the layer's output on entry, of its input on return. */
static void layer_backward(bt_net *net, size_t i, float *dx)
{
    const bt_layer_tensors *l = &net->params.layers[i];
    bt_layer_cache *k = &net->caches[i];
    float *dn = net->wide[3];
    mlp_op o = {
        .net = net, .cache = k, .dh = net->wide[1], .dgate = net->wide[1], .dup = net->wide[2]};
    bt_linear_backward(net, l->down, k->h, dx, o.dh, false);
    if (net->dropout > 0.0f) bt_dropout(net, bt_place_mlp(i), o.dh, o.dh, net->params.config.mlp);
    bt_pool_run(net->exec.pool, net->tokens * net->params.config.mlp, 4096, mlp_task, &o);
    bt_linear_backward(net, l->gate, k->n2, o.dgate, dn, false);
    bt_linear_backward(net, l->up, k->n2, o.dup, dn, true);
    bt_norm_backward(net, l->norm2, k->x2, k->inv2, dn, dx);
    bt_mixer_backward(net, i, dx, dn);
    bt_norm_backward(net, l->norm1, k->x1, k->inv1, dn, dx);
}

/* ---- embedding, head and loss ---------------------------------------------------------------- */

typedef struct {
    bt_net *net;
    const float *dx; /* NULL: forward, into x */
    float *x;
} embed_op;

/* Columns are shared out, so that every sum stays whole. */
static void embed_task(void *context, size_t begin, size_t end, size_t worker)
{
    const embed_op *o = context;
    const bt_net *net = o->net;
    const bt_param *t = &net->params.tensors[net->params.embed];
    const float *rows = net->effective + t->offset;
    float *gradients = net->gradients + t->offset;
    (void)worker;
    for (size_t i = 0; i < net->tokens; i++) {
        size_t row = net->ids[i] * t->cols, at = i * t->cols;
        if (o->dx)
            for (size_t j = begin; j < end; j++) gradients[row + j] += o->dx[at + j];
        else memcpy(o->x + at + begin, rows + row + begin, (end - begin) * sizeof *o->x);
    }
}

static void embed(bt_net *net, const float *dx, float *x)
{
    embed_op o = {net, dx, x};
    bt_pool_run(net->exec.pool, net->params.config.dim, 32, embed_task, &o);
}

typedef struct {
    bt_net *net;
    size_t first;
    float scale;
    bool gradient;
} loss_op;

static void loss_task(void *context, size_t begin, size_t end, size_t worker)
{
    const loss_op *o = context;
    bt_net *net = o->net;
    size_t vocab = net->params.config.vocab;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        uint32_t target = net->targets[o->first + i];
        float *row = net->logits + i * vocab;
        net->losses[o->first + i] = 0.0f;
        if (target == BT_NO_TARGET) {
            if (o->gradient) memset(row, 0, vocab * sizeof *row);
            continue;
        }
        net->losses[o->first + i] =
            net->exec.kernels->cross_entropy(row, vocab, target, o->scale, o->gradient);
    }
}

/* The head in slices of tokens, so that logits stay in the cache: loss and dx of the last norm. */
static void head(bt_net *net, bool gradient, float scale, float *dn)
{
    const bt_param *t = &net->params.tensors[net->params.head];
    size_t dim = t->cols, tokens = net->tokens;
    const float *n = net->n;
    for (size_t first = 0; first < tokens; first += BT_LOGIT_ROWS) {
        size_t rows = tokens - first < BT_LOGIT_ROWS ? tokens - first : BT_LOGIT_ROWS;
        loss_op o = {net, first, scale, gradient};
        net->tokens = rows; /* the linear ops work on this slice */
        bt_linear(net, net->params.head, n + first * dim, net->logits, false);
        bt_pool_run(net->exec.pool, rows, 4, loss_task, &o);
        if (gradient)
            bt_linear_backward(net, net->params.head, n + first * dim, net->logits,
                               dn + first * dim, false);
    }
    net->tokens = tokens;
}

double bt_net_run(bt_net *net, const uint32_t *ids, const uint32_t *targets, bool gradient,
                  float scale, size_t *count)
{
    size_t layers = net->params.config.layers;
    net->ids = ids;
    net->targets = targets;
    embed(net, NULL, net->caches[0].x1);
    for (size_t i = 0; i < layers; i++)
        layer_forward(net, i, i + 1 < layers ? net->caches[i + 1].x1 : net->x);
    bt_norm(net, net->params.norm, net->x, net->n, net->inv);
    float *dn = net->wide[3];
    head(net, gradient, scale, dn);
    if (gradient) {
        bt_clear(&net->exec, net->dx, net->tokens * net->params.config.dim);
        bt_norm_backward(net, net->params.norm, net->x, net->inv, dn, net->dx);
        for (size_t i = layers; i-- > 0;) layer_backward(net, i, net->dx);
        embed(net, net->dx, NULL);
    }
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < net->tokens; i++) {
        sum += (double)net->losses[i];
        *count += targets[i] != BT_NO_TARGET;
    }
    return *count ? sum / (double)*count : 0;
}
