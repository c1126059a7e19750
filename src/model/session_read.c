/* session_read.c - a session reads tokens: blocks of them go through embedding and layers.
 *
 * A layer is x += mixer(RMSNorm(x)), x += SwiGLU(RMSNorm(x)). The arithmetic of a token is the same
 * in every block, so results do not depend on how a text is cut.
 * SPDX-License-Identifier: MIT */
#include "session_block.h"

#include "../base/fpenv.h"
#include "linear.h"
#include "memory.h"

#include <string.h>

/* ---- parts of a layer ------------------------------------------------------------------------ */

/* out [tokens][rows] = x w^T (+ residual) for a ternary tensor w, after quantize(x). */
static void multiply(const bt_block *b, size_t tensor, const float *x, const float *residual,
                     float *out)
{
    bt_block_look_ahead(b);
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
    bt_block_quantize(b, s->n, c->dim, b->tokens);
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
    bt_block_quantize(b, s->r + width, width, b->tokens);
    multiply(b, l->out, s->r + width, s->x, s->x);
}

/* x += SwiGLU(RMSNorm(x)) (Shazeer 2020, arXiv 2002.05202). */
static void feed_forward(const bt_block *b, size_t layer)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    const bt_layer_tensors *l = &s->model->params.layers[layer];
    rmsnorm(b, l->norm2);
    bt_block_quantize(b, s->n, c->dim, b->tokens);
    multiply(b, l->gate, s->n, NULL, s->gate);
    multiply(b, l->up, s->n, NULL, s->up);
    b->k->swiglu(s->gate, s->up, s->gate, b->tokens * c->mlp);
    bt_block_quantize(b, s->gate, c->mlp, b->tokens);
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

static void read_block(const bt_block *b, const uint32_t *ids)
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

/* ---- scores ---------------------------------------------------------------------------------- */

/* What happens to each token of a call, beside going through the layers. */
typedef struct {
    float *logprobs; /* [n] or NULL */
    bool learned;    /* by the recall */
} scoring;

/* The token came, and these are the logits from which it was predicted. */
static void score(const bt_block *b, const scoring *how, float *logits, uint32_t id, size_t at)
{
    bt_session *s = b->s;
    if (!s->recall.memory) { /* then they are asked for */
        if (!how->logprobs) return;
        size_t vocab = s->model->params.config.vocab;
        how->logprobs[at] = -b->k->cross_entropy(logits, vocab, id, 0.0f, false);
        return;
    }
    if (logits != s->recall.logits) bt_session_recall_predict(s, logits);
    if (how->logprobs) how->logprobs[at] = bt_session_recall_log_probability(s, id);
    if (how->learned) bt_session_recall_learn(s, logits, id);
    else bt_session_recall_pass(s, id);
}

/* The first token of a block, before the block is read. */
static void score_first(const bt_block *b, const scoring *how, uint32_t id, size_t at)
{
    bool recall = b->s->recall.memory != NULL;
    score(b, how, recall ? bt_block_predict(b) : bt_block_next(b, b->s->logits), id, at);
}

/* The other tokens of a block, which has been read. */
static void score_rest(const bt_block *b, const scoring *how, const uint32_t *ids, size_t at)
{
    size_t dim = b->s->model->params.config.dim, vocab = b->s->model->params.config.vocab;
    for (size_t t = 1, rows; t < b->tokens; t += rows) {
        rows = b->tokens - t < BT_LOGIT_SLICE ? b->tokens - t : BT_LOGIT_SLICE;
        bt_block_head(b, b->s->n + (t - 1) * dim, b->s->logits, rows);
        for (size_t i = 0; i < rows; i++)
            score(b, how, b->s->logits + i * vocab, ids[t + i], at + t + i);
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Reads a block; `at` is the number of the call's first token in it. */
static void read_and_score(const bt_block *b, const scoring *how, const uint32_t *ids, size_t at)
{
    bt_session_recall *a = &b->s->recall;
    bool scored = how->logprobs || how->learned, passed = a->memory && !scored;
    if (scored) score_first(b, how, ids[0], at);
    if (passed) bt_session_recall_pass(b->s, ids[0]);
    read_block(b, ids);
    a->predicted = false;
    if (scored) score_rest(b, how, ids, at);
    for (size_t t = 1; passed && t < b->tokens; t++) bt_session_recall_pass(b->s, ids[t]);
}

/* remember: with a recall that is not frozen, it learns the tokens. */
static int read_tokens(bt_session *s, const uint32_t *tokens, size_t n, float *logprobs,
                       float *surprise, bool remember)
{
    if (!s || (!tokens && n > 0)) return TTT_NULL_POINTER;
    const bt_model_config *c = &s->model->params.config;
    for (size_t i = 0; i < n; i++)
        if (tokens[i] >= c->vocab) return TTT_INVALID_TOKEN;
    scoring how = {logprobs, remember && s->recall.memory && !s->frozen};
    if (how.learned && !bt_recall_reserve(s->recall.memory, n)) return TTT_OUT_OF_MEMORY;
    bt_fpenv saved = bt_fpenv_enter();
    float sums[BT_SESSION_BLOCK];
    bt_block b = {.s = s, .k = bt_kernels_active(), .surprise = surprise ? sums : NULL};
    for (size_t at = 0; at < n; at += b.tokens) {
        b.tokens = n - at < BT_SESSION_BLOCK ? n - at : BT_SESSION_BLOCK;
        memset(sums, 0, sizeof sums);
        read_and_score(&b, &how, tokens + at, at);
        for (size_t t = 0; surprise && t < b.tokens; t++)
            surprise[at + t] = sums[t] / (float)c->layers;
    }
    bt_fpenv_leave(saved);
    return TTT_OK;
}

int bitllama_session_read(bitllama_session *s, const uint32_t *tokens, size_t n, float *logprobs,
                          float *surprise)
{
    return read_tokens(s, tokens, n, logprobs, surprise, true);
}

int bitllama_session_write(bitllama_session *s, const uint32_t *tokens, size_t n)
{
    return read_tokens(s, tokens, n, NULL, NULL, s && s->recall.generated);
}
