/* block.c - embedding, layers and head for a block of tokens (block.h).
 * SPDX-License-Identifier: MIT */
#include "block.h"

#include "linear.h"
#include "memory.h"

#include <string.h>

/* Row blocks of the head, for which one step along a chain of the recall can be awaited. */
enum { HEAD_SLICE = 4 };

/* ---- parts of a layer ------------------------------------------------------------------------ */

/* Quantises x [tokens][n] to int8, with a sum and a step for each token: x ~ int8 * step. */
static void quantize(const bt_block *b, const float *x, size_t n, size_t tokens)
{
    bt_session *s = b->s;
    if (s->model->params.config.float_activations) return;
    bt_quantize op = {.x = x,
                      .n = n,
                      .stride = n,
                      .tokens = tokens,
                      .activations = s->activations,
                      .sums = s->sums,
                      .steps = s->multipliers};
    b->k->quantize(&op);
}

/* The recall looks ahead between other work, as its steps wait for memory. */
static bool look_ahead(const bt_block *b)
{
    return b->s->recall.memory && bt_recall_look_ahead(b->s->recall.memory);
}

/* out [tokens][rows] = x w^T (+ residual) for a ternary tensor w, after quantize(x). */
static void multiply(const bt_block *b, size_t tensor, const float *x, const float *residual,
                     float *out)
{
    look_ahead(b);
    const bt_model_tensor *w = &b->s->model->tensors[tensor];
    float multipliers[BT_SESSION_BLOCK];
    if (b->s->model->params.config.float_activations) {
        bt_ternary_product(b->k, &w->w, w->scale, x, residual, out, b->tokens, b->s->scratch);
        return;
    }
    for (size_t t = 0; t < b->tokens; t++) multipliers[t] = b->s->multipliers[t] * w->scale;
    bt_matmul op = {.w = &w->w,
                    .activations = b->s->activations,
                    .sums = b->s->sums,
                    .multipliers = multipliers,
                    .residual = residual,
                    .out = out,
                    .out_stride = w->w.rows,
                    .tokens = b->tokens};
    b->k->matmul(&op);
}

/* n = RMSNorm(x); the tensor has its weights. */
static void rmsnorm(const bt_block *b, size_t tensor)
{
    const bt_model *m = b->s->model;
    size_t dim = m->params.config.dim;
    for (size_t t = 0; t < b->tokens; t++)
        b->k->rmsnorm(b->s->x + t * dim, bt_model_dense(m, tensor), m->params.config.norm_eps,
                      b->s->n + t * dim, dim);
}

/* gates = sigmoid(n w^T + bias): keep and write of each head. */
static void gates(const bt_block *b, size_t layer)
{
    const bt_model *m = b->s->model;
    const bt_layer_tensors *l = &m->params.layers[layer];
    const float *w = bt_model_dense(m, l->gates), *bias = bt_model_dense(m, l->bias);
    size_t heads = bt_mixer_heads(&m->params.config, layer), stride = bt_gate_stride(heads);
    size_t dim = m->params.config.dim;
    for (size_t t = 0; t < b->tokens; t++) {
        float *g = b->s->gates + t * stride;
        for (size_t j = 0; j < 2 * heads; j++)
            g[j] = b->k->dot(b->s->n + t * dim, w + j * dim, dim) + bias[j];
        memset(g + 2 * heads, 0, (stride - 2 * heads) * sizeof *g);
        b->k->sigmoid(g, g, stride);
    }
}

/* q = L2norm(n Wk), each head by itself; induction also computes v and the gates. Wk serves for keys
 * and queries: q of token t is its query, and the key of token t + 1. */
static void project_keys_and_values(const bt_block *b, size_t layer)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    const bt_layer_tensors *l = &s->model->params.layers[layer];
    size_t width = bt_mixer_width(c, layer), head = bt_mixer_head(c, layer);
    quantize(b, s->n, c->dim, b->tokens);
    multiply(b, l->key, s->n, NULL, s->q + width);
    bt_normalize heads = {.x = s->q + width,
                          .n = head,
                          .stride = head,
                          .tokens = b->tokens * bt_mixer_heads(c, layer)};
    b->k->normalize(&heads);
    if (c->mixers[layer] != BT_INDUCTION) return;
    multiply(b, l->value, s->n, NULL, s->v);
    gates(b, layer);
}

/* Updates the memory of the layer with each token and sets r to its readings S q. */
static void update_and_read_memory(const bt_block *b, size_t layer)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    bt_session_layer *own = &s->layers[layer];
    size_t width = bt_mixer_width(c, layer), row = width * sizeof(float);
    memcpy(s->q, own->q, row);
    memcpy(s->r, own->r, row);
    bt_memory_read(s, layer, b->k, b->tokens);
    if (b->surprise) bt_memory_surprise(s, layer, b->k, b->tokens, b->surprise);
    memcpy(own->q, s->q + b->tokens * width, row);
    /* The reading of a frozen reconstruct memory stays equal to the feature, which means that no
     * update is pending (bt_memory_settle). */
    bool settled = s->frozen && c->mixers[layer] == BT_RECONSTRUCT;
    memcpy(own->r, (settled ? s->q : s->r) + b->tokens * width, row);
}

/* x += mixer(RMSNorm(x)). */
static void mixer(const bt_block *b, size_t layer)
{
    bt_session *s = b->s;
    const bt_layer_tensors *l = &s->model->params.layers[layer];
    size_t width = bt_mixer_width(&s->model->params.config, layer);
    rmsnorm(b, l->norm1);
    project_keys_and_values(b, layer);
    update_and_read_memory(b, layer);
    quantize(b, s->r + width, width, b->tokens);
    multiply(b, l->out, s->r + width, s->x, s->x);
}

/* x += SwiGLU(RMSNorm(x)) (Shazeer 2020, arXiv 2002.05202). */
static void feed_forward(const bt_block *b, size_t layer)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    const bt_layer_tensors *l = &s->model->params.layers[layer];
    rmsnorm(b, l->norm2);
    quantize(b, s->n, c->dim, b->tokens);
    multiply(b, l->gate, s->n, NULL, s->gate);
    multiply(b, l->up, s->n, NULL, s->up);
    b->k->swiglu(s->gate, s->up, s->gate, b->tokens * c->mlp);
    quantize(b, s->gate, c->mlp, b->tokens);
    multiply(b, l->down, s->gate, s->x, s->x);
}

/* ---- embedding and layers -------------------------------------------------------------------- */

static void embed(const bt_block *b, const uint32_t *ids)
{
    bt_session *s = b->s;
    const bt_model_tensor *embedding = &s->model->tensors[s->model->params.embed];
    size_t dim = s->model->params.config.dim;
    for (size_t t = 0; t < b->tokens; t++) {
        const int8_t *row = (const int8_t *)embedding->data + (size_t)ids[t] * dim;
        float step = embedding->steps[ids[t]];
        for (size_t j = 0; j < dim; j++) s->x[t * dim + j] = (float)row[j] * step;
    }
}

void bt_block_read(const bt_block *b, const uint32_t *ids)
{
    bt_session *s = b->s;
    const bt_params *p = &s->model->params;
    size_t dim = p->config.dim;
    embed(b, ids);
    for (size_t i = 0; i < p->config.layers; i++) {
        mixer(b, i);
        feed_forward(b, i);
    }
    rmsnorm(b, p->norm);
    memcpy(s->last, s->n + (b->tokens - 1) * dim, dim * sizeof *s->last);
    for (size_t t = 0; t < b->tokens; t++) s->recent[s->tokens++ % BT_PENALTY_WINDOW] = ids[t];
}

/* ---- head ------------------------------------------------------------------------------------ */

static void add_bias(const bt_session *s, float *logits, size_t rows)
{
    const float *bias = bt_model_dense(s->model, s->model->params.head_bias);
    size_t vocab = s->model->params.config.vocab;
    for (size_t i = 0; i < rows * vocab; i++) logits[i] += bias[i % vocab];
}

/* matmul8 in slices, as long as the recall can look ahead between them. */
static void multiply_and_look(const bt_block *b, const bt_matmul8 *whole)
{
    size_t end = whole->block_end;
    for (size_t at = 0, next; at < end; at = next) {
        bool more = look_ahead(b);
        next = more && end - at > HEAD_SLICE ? at + HEAD_SLICE : end;
        bt_matmul8 op = *whole;
        op.block_begin = at;
        op.block_end = next;
        b->k->matmul8(&op);
    }
}

/* logits [rows][vocab] = n w^T, where n [rows][dim] is the final RMSNorm of at most BT_LOGIT_SLICE
 * tokens. */
static void multiply_head(const bt_block *b, const float *n, float *logits, size_t rows)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    if (c->float_activations) {
        bt_rows8_product(b->k, &s->model->head, n, logits, rows, s->scratch);
        return;
    }
    quantize(b, n, c->dim, rows);
    bt_matmul8 op = {.w = &s->model->head,
                     .activations = s->activations,
                     .sums = s->sums,
                     .multipliers = s->multipliers,
                     .out = logits,
                     .out_stride = c->vocab,
                     .tokens = rows,
                     .block_begin = 0,
                     .block_end = s->model->head.row_blocks};
    multiply_and_look(b, &op);
}

/* The logits, with the bias if the model has one. */
void bt_block_head(const bt_block *b, const float *n, float *logits, size_t rows)
{
    multiply_head(b, n, logits, rows);
    if (b->s->model->params.config.head_bias) add_bias(b->s, logits, rows);
}
