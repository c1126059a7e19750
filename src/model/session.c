/* session.c - a model reading tokens, in blocks: the same arithmetic for one token and many.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include "../base/alloc.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"
#include "linear.h"
#include "memory.h"

#include <string.h>

static bool take(float **out, size_t count)
{
    *out = bt_alloc(count, sizeof(float));
    return *out != NULL;
}

/* The next `count` floats, on a cache line of their own. */
static float *next_floats(float *base, size_t *at, size_t count)
{
    float *found = base ? base + *at : NULL;
    *at += bt_round_up(count, 16);
    return found;
}

/* Mixer, feed-forward and head take turns, so their buffers lie in one another's place. Sets them in
 * `work` unless it is NULL; the floats that they take. */
static size_t share_work(bt_session *s, size_t width, size_t gates, float *work)
{
    const bt_model_config *c = &s->model->params.config;
    size_t block = BT_SESSION_BLOCK, mixer = 0, mlp = 0, head = 0;
    s->q = next_floats(work, &mixer, (block + 1) * width);
    s->r = next_floats(work, &mixer, (block + 1) * width);
    s->v = next_floats(work, &mixer, block * width);
    s->gates = next_floats(work, &mixer, block * gates);
    s->a = next_floats(work, &mlp, block * c->mlp);
    s->b = next_floats(work, &mlp, block * c->mlp);
    s->logits = next_floats(work, &head, BT_LOGIT_SLICE * c->vocab);
    _Static_assert(BT_LOGIT_SLICE > BT_SAMPLER_FLOATS, "the sampler fits behind a row of logits");
    if (work) bt_sampler_init(&s->sampler, c->vocab, s->logits + c->vocab);
    size_t most = mixer > mlp ? mixer : mlp;
    return most > head ? most : head;
}

static bool take_all(bt_session *s)
{
    const bt_model_config *c = &s->model->params.config;
    size_t block = BT_SESSION_BLOCK, width = 0, gates = 0, floats;
    size_t widest = c->mlp > c->dim ? c->mlp : c->dim;
    for (size_t i = 0; i < c->layers; i++) {
        size_t w = bt_mixer_width(c, i), stride = bt_gate_stride(bt_mixer_heads(c, i));
        bt_session_layer *l = &s->layers[i];
        if (!take(&l->tiles, bt_memory_floats(c, i)) || !take(&l->q, w) || !take(&l->r, w))
            return false;
        width = w > width ? w : width;
        gates = stride > gates ? stride : gates;
    }
    widest = width > widest ? width : widest;
    s->activations = bt_alloc(block * widest, sizeof(int16_t));
    floats = share_work(s, width, gates, NULL);
    if (!s->activations || !take(&s->x, block * c->dim) || !take(&s->n, block * c->dim) ||
        !take(&s->last, c->dim) || !take(&s->row, widest) || !take(&s->work, floats))
        return false;
    share_work(s, width, gates, s->work);
    return true;
}

int bitllama_session_create(bitllama_model *model, bitllama_session **session)
{
    if (session) *session = NULL;
    if (!model || !session) return TTT_NULL_POINTER;
    bt_session *s = bt_alloc(1, sizeof *s);
    if (!s) return TTT_OUT_OF_MEMORY;
    s->model = bt_model_share(model);
    s->layers = bt_alloc(model->params.config.layers, sizeof *s->layers);
    if (!s->layers || !take_all(s)) {
        bitllama_session_destroy(s);
        return TTT_OUT_OF_MEMORY;
    }
    *session = s;
    return TTT_OK;
}

/* All blocks but the session itself. */
static size_t visit_blocks(const bt_session *s, bt_block_visitor visit)
{
    size_t sum = 0;
    for (size_t i = 0; s->layers && i < s->model->params.config.layers; i++)
        sum += visit(s->layers[i].tiles) + visit(s->layers[i].q) + visit(s->layers[i].r);
    void *all[] = {s->layers, s->activations, s->x, s->n, s->work, s->last, s->row};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sum += visit(all[i]);
    return sum;
}

size_t bitllama_session_footprint(const bitllama_session *s)
{
    return s ? visit_blocks(s, bt_block_bytes) + bt_block_bytes((void *)(uintptr_t)s) : 0;
}

void bitllama_session_destroy(bitllama_session *s)
{
    if (!s) return;
    visit_blocks(s, bt_free);
    bt_model_release(s->model);
    bt_free(s);
}

int bitllama_session_reset(bitllama_session *s)
{
    if (!s) return TTT_NULL_POINTER;
    const bt_model_config *c = &s->model->params.config;
    for (size_t i = 0; i < c->layers; i++) {
        memset(s->layers[i].tiles, 0, bt_memory_floats(c, i) * sizeof(float));
        memset(s->layers[i].q, 0, bt_mixer_width(c, i) * sizeof(float));
        memset(s->layers[i].r, 0, bt_mixer_width(c, i) * sizeof(float));
    }
    memset(s->recent, 0, sizeof s->recent);
    memset(s->last, 0, c->dim * sizeof *s->last);
    s->tokens = 0;
    return TTT_OK;
}

uint64_t bitllama_session_tokens(const bitllama_session *s)
{
    return s ? s->tokens : 0;
}

int bitllama_session_freeze(bitllama_session *s, int frozen)
{
    if (!s) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    if (frozen && !s->frozen) bt_memory_settle(s);
    s->frozen = frozen != 0;
    bt_fpenv_leave(saved);
    return TTT_OK;
}

/* ---- one block ------------------------------------------------------------------------------- */

typedef struct {
    bt_session *s;
    const bt_kernels *k;
    size_t tokens;
    float *surprise; /* [tokens] sums over layers, or NULL */
} block;

/* x [tokens][n] to int8 with the sums and steps (x ~ q * step) of each token. */
static void quantize(const block *b, const float *x, size_t n, size_t tokens)
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

/* out [tokens][rows] = (+ residual) the product of a ternary tensor with x, which quantize has
 * seen. */
static void multiply(const block *b, size_t tensor, const float *x, const float *residual,
                     float *out)
{
    const bt_model_tensor *w = &b->s->model->tensors[tensor];
    float multipliers[BT_SESSION_BLOCK];
    if (b->s->model->params.config.float_activations) {
        bt_ternary_product(b->k, &w->w, w->scale, x, residual, out, b->tokens, b->s->row);
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

static void norm(const block *b, size_t tensor)
{
    const bt_model *m = b->s->model;
    size_t dim = m->params.config.dim;
    for (size_t t = 0; t < b->tokens; t++)
        b->k->rmsnorm(b->s->x + t * dim, bt_model_dense(m, tensor), m->params.config.norm_eps,
                      b->s->n + t * dim, dim);
}

static void gates(const block *b, size_t i)
{
    const bt_model *m = b->s->model;
    const bt_layer_tensors *l = &m->params.layers[i];
    const float *w = bt_model_dense(m, l->gates), *bias = bt_model_dense(m, l->bias);
    size_t heads = bt_mixer_heads(&m->params.config, i), stride = bt_gate_stride(heads);
    size_t dim = m->params.config.dim;
    for (size_t t = 0; t < b->tokens; t++) {
        float *g = b->s->gates + t * stride;
        for (size_t j = 0; j < 2 * heads; j++)
            g[j] = b->k->dot(b->s->n + t * dim, w + j * dim, dim) + bias[j];
        memset(g + 2 * heads, 0, (stride - 2 * heads) * sizeof *g);
        b->k->sigmoid(g, g, stride);
    }
}

static void mixer(const block *b, size_t i)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    const bt_layer_tensors *l = &s->model->params.layers[i];
    size_t width = bt_mixer_width(c, i), head = bt_mixer_head(c, i);
    bt_session_layer *own = &s->layers[i];
    norm(b, l->norm1);
    quantize(b, s->n, c->dim, b->tokens);
    memcpy(s->q, own->q, width * sizeof *s->q);
    memcpy(s->r, own->r, width * sizeof *s->r);
    multiply(b, l->key, s->n, NULL, s->q + width);
    bt_normalize heads = {
        .x = s->q + width, .n = head, .stride = head, .tokens = b->tokens * (width / head)};
    b->k->normalize(&heads);
    if (c->mixers[i] == BT_INDUCTION) {
        multiply(b, l->value, s->n, NULL, s->v);
        gates(b, i);
    }
    bt_memory_read(s, i, b->k, b->tokens);
    if (b->surprise) bt_memory_surprise(s, i, b->k, b->tokens, b->surprise);
    quantize(b, s->r + width, width, b->tokens);
    multiply(b, l->out, s->r + width, s->x, s->x);
    memcpy(own->q, s->q + b->tokens * width, width * sizeof *s->q);
    bool settled = s->frozen && c->mixers[i] == BT_RECONSTRUCT; /* nothing to store later */
    memcpy(own->r, (settled ? s->q : s->r) + b->tokens * width, width * sizeof *s->r);
}

static void feed_forward(const block *b, size_t i)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    const bt_layer_tensors *l = &s->model->params.layers[i];
    norm(b, l->norm2);
    quantize(b, s->n, c->dim, b->tokens);
    multiply(b, l->gate, s->n, NULL, s->a);
    multiply(b, l->up, s->n, NULL, s->b);
    b->k->swiglu(s->a, s->b, s->a, b->tokens * c->mlp);
    quantize(b, s->a, c->mlp, b->tokens);
    multiply(b, l->down, s->a, s->x, s->x);
}

static void add_bias(const bt_session *s, size_t rows)
{
    const float *bias = bt_model_dense(s->model, s->model->params.head_bias);
    size_t vocab = s->model->params.config.vocab;
    for (size_t i = 0; i < rows * vocab; i++) s->logits[i] += bias[i % vocab];
}

/* logits [rows][vocab] of normed n [rows][dim], rows being at most a slice; without a bias. */
static void multiply_head(const block *b, const float *n, size_t rows)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    if (c->float_activations) {
        bt_rows8_product(b->k, &s->model->head, n, s->logits, rows, s->row);
        return;
    }
    quantize(b, n, c->dim, rows);
    bt_matmul8 op = {.w = &s->model->head,
                     .activations = s->activations,
                     .sums = s->sums,
                     .multipliers = s->multipliers,
                     .out = s->logits,
                     .out_stride = c->vocab,
                     .tokens = rows,
                     .block_begin = 0,
                     .block_end = s->model->head.row_blocks};
    b->k->matmul8(&op);
}

static void head(const block *b, const float *n, size_t rows)
{
    multiply_head(b, n, rows);
    if (b->s->model->params.config.head_bias) add_bias(b->s, rows);
}

static void read_block(const block *b, const uint32_t *ids)
{
    bt_session *s = b->s;
    const bt_model *m = s->model;
    const bt_model_tensor *embed = &m->tensors[m->params.embed];
    size_t dim = m->params.config.dim;
    for (size_t t = 0; t < b->tokens; t++) {
        const int8_t *row = (const int8_t *)embed->data + (size_t)ids[t] * dim;
        float step = embed->steps[ids[t]];
        for (size_t j = 0; j < dim; j++) s->x[t * dim + j] = (float)row[j] * step;
        s->recent[(s->tokens + t) % BT_PENALTY_WINDOW] = ids[t];
    }
    for (size_t i = 0; i < m->params.config.layers; i++) {
        mixer(b, i);
        feed_forward(b, i);
    }
    norm(b, m->params.norm);
    memcpy(s->last, s->n + (b->tokens - 1) * dim, dim * sizeof *s->last);
    s->tokens += b->tokens;
}

/* Into the first row of logits. */
static void next_logits(const block *b)
{
    bt_session *s = b->s;
    if (s->tokens == 0) memset(s->logits, 0, s->model->params.config.vocab * sizeof(float));
    else head(b, s->last, 1);
}

static float log_probability(const block *b, size_t row, uint32_t id)
{
    size_t vocab = b->s->model->params.config.vocab;
    return -b->k->cross_entropy(b->s->logits + row * vocab, vocab, id, 0.0f, false);
}

/* Of all but the first token, whose logits were those of the block before. */
static void log_probabilities(const block *b, const uint32_t *ids, float *logprobs)
{
    size_t dim = b->s->model->params.config.dim;
    for (size_t t = 1, rows; t < b->tokens; t += rows) {
        rows = b->tokens - t < BT_LOGIT_SLICE ? b->tokens - t : BT_LOGIT_SLICE;
        head(b, b->s->n + (t - 1) * dim, rows);
        for (size_t i = 0; i < rows; i++) logprobs[t + i] = log_probability(b, i, ids[t + i]);
    }
}

int bitllama_session_read(bitllama_session *s, const uint32_t *tokens, size_t n, float *logprobs,
                          float *surprise)
{
    if (!s || (!tokens && n > 0)) return TTT_NULL_POINTER;
    const bt_model_config *c = &s->model->params.config;
    for (size_t i = 0; i < n; i++)
        if (tokens[i] >= c->vocab) return TTT_INVALID_TOKEN;
    bt_fpenv saved = bt_fpenv_enter();
    block b = {.s = s, .k = bt_kernels_active()};
    float sums[BT_SESSION_BLOCK];
    for (size_t at = 0; at < n; at += b.tokens) {
        b.tokens = n - at < BT_SESSION_BLOCK ? n - at : BT_SESSION_BLOCK;
        b.surprise = surprise ? sums : NULL;
        memset(sums, 0, sizeof sums);
        if (logprobs) {
            next_logits(&b);
            logprobs[at] = log_probability(&b, 0, tokens[at]);
        }
        read_block(&b, tokens + at);
        if (logprobs) log_probabilities(&b, tokens + at, logprobs + at);
        for (size_t t = 0; surprise && t < b.tokens; t++)
            surprise[at + t] = sums[t] / (float)c->layers;
    }
    bt_fpenv_leave(saved);
    return TTT_OK;
}

int bitllama_session_logits(bitllama_session *s, float *logits)
{
    if (!s || !logits) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    block b = {.s = s, .k = bt_kernels_active(), .tokens = 1};
    next_logits(&b);
    memcpy(logits, s->logits, s->model->params.config.vocab * sizeof *logits);
    bt_fpenv_leave(saved);
    return TTT_OK;
}

int bitllama_session_draw(bitllama_session *s, const bitllama_sampling *sampling, uint32_t *token)
{
    if (!s || !sampling || !token) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter(); /* a comparison with a NaN can trap */
    bool good = !bt_sampling_problem(sampling);
    if (good) {
        block b = {.s = s, .k = bt_kernels_active(), .tokens = 1};
        next_logits(&b);
        *token = bt_sampler_draw(&s->sampler, sampling, s->logits, s->recent, bt_recent_count(s),
                                 s->tokens);
    }
    bt_fpenv_leave(saved);
    return good ? TTT_OK : TTT_INVALID_OPTION;
}
