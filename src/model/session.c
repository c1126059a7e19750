/* session.c - a model reading tokens, in blocks of 64: the same arithmetic for one token and many.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"

#include <math.h>
#include <string.h>

static size_t head_floats(size_t head)
{
    return bt_tile_count(head) * bt_tile_floats(head);
}

static size_t gate_stride(const bt_model_config *c, size_t i)
{
    return (2 * bt_mixer_heads(c, i) + 15) / 16 * 16;
}

static bool take(float **out, size_t count)
{
    *out = bt_alloc(count, sizeof(float));
    return *out != NULL;
}

static bool take_all(bt_session *s)
{
    const bt_model_config *c = &s->model->config;
    size_t block = BT_SESSION_BLOCK, width = 0, gates = 0;
    size_t widest = c->mlp > c->dim ? c->mlp : c->dim;
    for (size_t i = 0; i < c->layers; i++) {
        size_t w = bt_mixer_width(c, i), heads = bt_mixer_heads(c, i);
        bt_session_layer *l = &s->layers[i];
        if (!take(&l->tiles, heads * head_floats(bt_mixer_head(c, i))) ||
            !take(&l->q, (block + 1) * w) || !take(&l->r, (block + 1) * w))
            return false;
        width = w > width ? w : width;
        gates = gate_stride(c, i) > gates ? gate_stride(c, i) : gates;
    }
    widest = width > widest ? width : widest;
    s->activations = bt_alloc(block * widest, sizeof(int16_t));
    return s->activations && take(&s->x, block * c->dim) && take(&s->n, block * c->dim) &&
           take(&s->v, block * width) && take(&s->gates, block * gates) &&
           take(&s->a, block * c->mlp) && take(&s->b, block * c->mlp) && take(&s->last, c->dim) &&
           take(&s->logits, block * c->vocab);
}

bt_session *bt_session_create(bt_model *model)
{
    bt_session *s = bt_alloc(1, sizeof *s);
    if (!s) return NULL;
    s->model = bt_model_share(model);
    s->layers = bt_alloc(model->config.layers, sizeof *s->layers);
    if (s->layers && take_all(s)) return s;
    bt_session_destroy(s);
    return NULL;
}

void bt_session_destroy(bt_session *s)
{
    if (!s) return;
    for (size_t i = 0; s->layers && i < s->model->config.layers; i++) {
        bt_free(s->layers[i].tiles);
        bt_free(s->layers[i].q);
        bt_free(s->layers[i].r);
    }
    void *all[] = {s->layers, s->activations, s->x, s->n, s->v, s->gates, s->a, s->b, s->last,
                   s->logits};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) bt_free(all[i]);
    bt_model_release(s->model);
    bt_free(s);
}

void bt_session_reset(bt_session *s)
{
    const bt_model_config *c = &s->model->config;
    for (size_t i = 0; i < c->layers; i++) {
        size_t row = bt_mixer_width(c, i) * sizeof(float);
        size_t floats = bt_mixer_heads(c, i) * head_floats(bt_mixer_head(c, i));
        memset(s->layers[i].tiles, 0, floats * sizeof(float));
        memset(s->layers[i].q, 0, row);
        memset(s->layers[i].r, 0, row);
    }
    s->tokens = 0;
}

/* ---- one block ------------------------------------------------------------------------------- */

typedef struct {
    bt_session *s;
    const bt_kernels *k;
    size_t tokens;
} block;

/* x [tokens][n] to int8 with the sums and steps (x ~ q * step) of each token. */
static void quantize(block *b, const float *x, size_t n)
{
    bt_session *s = b->s;
    uint8_t *act = s->activations;
    for (size_t t = 0; t < b->tokens; t++) {
        float largest = bt_float_from_bits(b->k->absmax_bits(x + t * n, n));
        float scale = largest > 1e-9f ? 127.0f / largest : 1.0f;
        s->sums[t] = b->k->quantize(x + t * n, n, scale, act + t * n * b->k->activation_size);
        s->multipliers[t] = largest > 1e-9f ? largest / 127.0f : 1.0f;
    }
}

/* out [tokens][rows] = (+ residual) the ternary product of what quantize left. */
static void multiply(block *b, const bt_model_linear *l, const float *residual, float *out)
{
    float multipliers[BT_SESSION_BLOCK];
    for (size_t t = 0; t < b->tokens; t++) multipliers[t] = b->s->multipliers[t] * l->scale;
    bt_matmul op = {.w = &l->w, .activations = b->s->activations, .sums = b->s->sums,
                    .multipliers = multipliers, .residual = residual, .out = out,
                    .out_stride = l->w.rows, .tokens = b->tokens};
    b->k->matmul(&op);
}

static void norm(block *b, const float *x, const float *w, float *out)
{
    const bt_model_config *c = &b->s->model->config;
    for (size_t t = 0; t < b->tokens; t++)
        b->k->rmsnorm(x + t * c->dim, w, c->norm_eps, out + t * c->dim, c->dim);
}

static void gates(block *b, size_t i)
{
    const bt_model_config *c = &b->s->model->config;
    const bt_model_layer *l = &b->s->model->layers[i];
    size_t stride = gate_stride(c, i), used = 2 * bt_mixer_heads(c, i);
    for (size_t t = 0; t < b->tokens; t++) {
        float *g = b->s->gates + t * stride;
        for (size_t j = 0; j < used; j++)
            g[j] = b->k->dot(b->s->n + t * c->dim, l->gates + j * c->dim, c->dim) + l->bias[j];
        b->k->sigmoid(g, g, stride);
    }
}

static void memory(block *b, size_t i)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->config;
    bt_session_layer *l = &s->layers[i];
    size_t width = bt_mixer_width(c, i), head = bt_mixer_head(c, i), heads = bt_mixer_heads(c, i);
    bt_mixer mixer = (bt_mixer)c->mixers[i];
    for (size_t h = 0; h < heads; h++) {
        float *q = l->q + h * head;
        const float *gate = s->gates + h;
        bt_memory op = {
            .state = l->tiles + h * head_floats(head), .q = q,
            .target = mixer == BT_INDUCTION ? s->v + h * head : q + (mixer == BT_PREDICT) * width,
            .r = l->r + h * head, .stride = width, .dim = head, .tokens = b->tokens,
            .rate = mixer == BT_INDUCTION ? 0.0f : c->rate[mixer],
            .keep = mixer == BT_INDUCTION ? gate : NULL, .write = gate + heads,
            .target_stride = width, .gate_stride = gate_stride(c, i)};
        b->k->memory(&op, 0, bt_tile_count(head));
    }
}

static void mixer(block *b, size_t i)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->config;
    const bt_model_layer *l = &s->model->layers[i];
    float *q = s->layers[i].q, *r = s->layers[i].r;
    size_t width = bt_mixer_width(c, i), head = bt_mixer_head(c, i);
    norm(b, s->x, l->norm1, s->n);
    quantize(b, s->n, c->dim);
    multiply(b, &l->key, NULL, q + width);
    for (size_t t = 1; t <= b->tokens; t++)
        for (size_t h = 0; h < width; h += head)
            b->k->normalize(q + t * width + h, head, 1.0f);
    if (c->mixers[i] == BT_INDUCTION) {
        multiply(b, &l->value, NULL, s->v);
        gates(b, i);
    }
    memory(b, i);
    quantize(b, r + width, width);
    multiply(b, &l->out, s->x, s->x);
    memcpy(q, q + b->tokens * width, width * sizeof *q);
    memcpy(r, r + b->tokens * width, width * sizeof *r);
}

static void feed_forward(block *b, size_t i)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->config;
    const bt_model_layer *l = &s->model->layers[i];
    norm(b, s->x, l->norm2, s->n);
    quantize(b, s->n, c->dim);
    multiply(b, &l->gate, NULL, s->a);
    multiply(b, &l->up, NULL, s->b);
    b->k->swiglu(s->a, s->b, s->a, b->tokens * c->mlp);
    quantize(b, s->a, c->mlp);
    multiply(b, &l->down, s->x, s->x);
}

/* logits [tokens][vocab] of normed rows n. */
static void head(block *b, const float *n)
{
    bt_session *s = b->s;
    quantize(b, n, s->model->config.dim);
    bt_matmul8 op = {.w = &s->model->head, .activations = s->activations, .sums = s->sums,
                     .multipliers = s->multipliers, .out = s->logits,
                     .out_stride = s->model->config.vocab, .tokens = b->tokens,
                     .block_begin = 0, .block_end = s->model->head.row_blocks};
    b->k->matmul8(&op);
}

static void read_block(block *b, const uint32_t *ids)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->config;
    for (size_t t = 0; t < b->tokens; t++) {
        const int8_t *row = s->model->embed + (size_t)ids[t] * c->dim;
        float step = s->model->embed_steps[ids[t]];
        for (size_t j = 0; j < c->dim; j++) s->x[t * c->dim + j] = (float)row[j] * step;
    }
    for (size_t i = 0; i < c->layers; i++) {
        mixer(b, i);
        feed_forward(b, i);
    }
    norm(b, s->x, s->model->norm, s->n);
}

static float log_probability(block *b, float *logits, uint32_t id)
{
    return -b->k->cross_entropy(logits, b->s->model->config.vocab, id, 0.0f, false);
}

void bt_session_read(bt_session *s, const uint32_t *ids, size_t n, float *logprobs)
{
    bt_fpenv saved = bt_fpenv_enter();
    size_t dim = s->model->config.dim, vocab = s->model->config.vocab;
    block b = {.s = s, .k = bt_kernels_active()};
    for (size_t at = 0; at < n; at += b.tokens) {
        if (logprobs) {
            bt_session_logits(s);
            logprobs[at] = log_probability(&b, s->logits, ids[at]);
        }
        b.tokens = n - at < BT_SESSION_BLOCK ? n - at : BT_SESSION_BLOCK;
        read_block(&b, ids + at);
        memcpy(s->last, s->n + (b.tokens - 1) * dim, dim * sizeof *s->last);
        s->tokens += b.tokens;
        if (!logprobs || b.tokens == 1) continue;
        size_t all = b.tokens;
        b.tokens--; /* the last token's logits belong to what comes next */
        head(&b, s->n);
        b.tokens = all;
        for (size_t t = 1; t < all; t++)
            logprobs[at + t] = log_probability(&b, s->logits + (t - 1) * vocab, ids[at + t]);
    }
    bt_fpenv_leave(saved);
}

const float *bt_session_logits(bt_session *s)
{
    bt_fpenv saved = bt_fpenv_enter();
    block b = {.s = s, .k = bt_kernels_active(), .tokens = 1};
    if (s->tokens == 0) memset(s->logits, 0, s->model->config.vocab * sizeof(float));
    else head(&b, s->last);
    bt_fpenv_leave(saved);
    return s->logits;
}
