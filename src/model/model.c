/* model.c - checks, quantises, packs, counts references to and fingerprints a model's weights.
 * SPDX-License-Identifier: MIT */
#include "model.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../kernels/layout.h"
#include "error.h"
#include "quantize.h"

#include <math.h>
#include <string.h>

/* A build on its way. */
typedef struct {
    bt_model *model;
    ttt_error *error;
    uint64_t hash;
} builder;

static void hash_word(builder *b, uint64_t word)
{
    b->hash = (b->hash ^ word) * 0x9e3779b97f4a7c15u;
    b->hash ^= b->hash >> 32;
}

static int fail(builder *b, const bt_param *t, int status, const char *sentence)
{
    char name[BT_NAME_SIZE];
    bt_param_name(t, name);
    return bt_error(b->error, status, 0, name, strlen(name), sentence);
}

static int too_large(builder *b, const bt_param *t)
{
    return fail(b, t, TTT_MODEL_NON_FINITE, "a value is not finite, or above 1024");
}

static bool bounded(float v)
{
    return fabsf(v) <= BT_WEIGHT_LIMIT; /* false for a NaN */
}

static int dense(builder *b, const bt_param *t, const bt_weights *w, bt_model_tensor *out)
{
    size_t n = t->rows * t->cols;
    float *data = out->data = bt_alloc(n, sizeof *data);
    if (!data) return TTT_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (!bounded(w->values[i])) return too_large(b, t);
        data[i] = w->values[i];
        hash_word(b, bt_float_bits(data[i]));
    }
    return TTT_OK;
}

/* Code of weight i, or 2 if that is none. */
static int code_at(const bt_weights *w, size_t i, float mean)
{
    if (w->values) return bt_ternary_code(w->values[i], mean);
    unsigned code = (unsigned)w->codes[i / 4] >> (i % 4 * 2) & 3u;
    return (int)code - 1;
}

static int ternary(builder *b, const bt_param *t, const bt_weights *w, bt_model_tensor *out)
{
    size_t n = t->rows * t->cols;
    for (size_t i = 0; w->values && i < n; i++)
        if (!isfinite(w->values[i])) return too_large(b, t);
    float mean = w->values ? bt_ternary_scale(w->values, n) : 0.0f;
    out->scale = !w->values                         ? bt_get_float(w->scales, 0)
                 : b->model->params.config.unscaled ? 1.0f
                                                    : mean;
    if (!(bounded(out->scale) && out->scale > 0.0f)) return too_large(b, t);
    uint8_t *panels = out->data = bt_alloc(1, bt_ternary_bytes(t->rows, t->cols));
    if (!panels) return TTT_OUT_OF_MEMORY;
    hash_word(b, bt_float_bits(out->scale));
    bt_ternary_clear(panels, t->rows, t->cols);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->cols; j += 16) {
            int32_t codes[16] = {0};
            for (size_t at = 0; at < 16 && j + at < t->cols; at++) {
                int code = code_at(w, i * t->cols + j + at, mean);
                if (code == 2) return fail(b, t, TTT_MODEL_TENSOR, "a ternary code is 3");
                codes[at] = code;
                hash_word(b, (uint64_t)(code + 1));
            }
            bt_ternary_set16(panels, t->cols, i, j, codes);
        }
    bt_ternary_view(&out->w, panels, t->rows, t->cols);
    return TTT_OK;
}

/* Row i in int8 to q, and its step. */
static int take_row(builder *b, const bt_param *t, const bt_weights *w, size_t i, int8_t *q,
                    float *step)
{
    if (w->values) {
        const float *row = w->values + i * t->cols;
        for (size_t j = 0; j < t->cols; j++)
            if (!bounded(row[j])) return too_large(b, t);
        *step = bt_row_int8(row, t->cols, q);
    } else {
        memcpy(q, w->rows + i * t->cols, t->cols);
        *step = bt_get_float(w->scales, i);
        if (!(*step > 0.0f && *step <= BT_WEIGHT_LIMIT / 126)) return too_large(b, t);
        if (memchr(q, 0x80, t->cols)) return fail(b, t, TTT_MODEL_TENSOR, "an int8 weight is -128");
    }
    hash_word(b, bt_float_bits(*step));
    for (size_t j = 0; j < t->cols; j++) hash_word(b, (uint8_t)q[j]);
    return TTT_OK;
}

static int int8_rows(builder *b, const bt_param *t, const bt_weights *w, bt_model_tensor *out)
{
    int8_t *data = out->data = bt_alloc(t->rows * t->cols, 1);
    out->steps = bt_alloc(bt_round_up(t->rows, BT_ROWS), sizeof(float));
    int status = data && out->steps ? TTT_OK : TTT_OUT_OF_MEMORY;
    for (size_t i = 0; status == TTT_OK && i < t->rows; i++)
        status = take_row(b, t, w, i, data + i * t->cols, &out->steps[i]);
    return status;
}

/* The head once more, in the panels of the kernels. */
static int pack_head(builder *b)
{
    bt_model *m = b->model;
    const bt_param *t = &m->params.tensors[m->params.head];
    bt_model_tensor *head = &m->tensors[m->params.head];
    size_t blocks = bt_round_up(t->rows, BT_ROWS) / BT_ROWS, quads = bt_round_up(t->cols, 16) / 4;
    uint8_t *panels = bt_alloc(blocks * quads, 64);
    if (!panels) return TTT_OUT_OF_MEMORY;
    const int8_t *q = head->data;
    memset(panels, 128, blocks * quads * 64);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->cols; j++)
            panels[(i / BT_ROWS * quads + j / 4) * 64 + i % BT_ROWS * 4 + j % 4] =
                (uint8_t)(q[i * t->cols + j] + 128);
    bt_free(head->data);
    head->data = panels;
    m->head = (bt_rows8){.panels = panels,
                         .scales = head->steps,
                         .rows = t->rows,
                         .cols = t->cols,
                         .row_blocks = blocks,
                         .quads = quads};
    return TTT_OK;
}

static void hash_config(builder *b, const bt_model_config *c)
{
    const uint32_t words[] = {c->vocab,
                              c->dim,
                              c->layers,
                              c->mlp,
                              c->inner,
                              c->head,
                              bt_float_bits(c->rate),
                              bt_float_bits(c->norm_eps),
                              c->unscaled,
                              c->float_activations};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) hash_word(b, words[i]);
    for (size_t i = 0; i < c->layers; i++) hash_word(b, c->mixers[i]);
}

static int take_tensors(builder *b, bt_tensor_source source, void *context)
{
    bt_model *m = b->model;
    for (size_t i = 0; i < m->params.tensor_count; i++) {
        const bt_param *t = &m->params.tensors[i];
        bt_weights w = {0};
        int status = source(context, t, &w, b->error);
        if (status != TTT_OK) return status;
        if (t->kind == BT_DENSE) status = dense(b, t, &w, &m->tensors[i]);
        else if (t->kind == BT_TERNARY) status = ternary(b, t, &w, &m->tensors[i]);
        else status = int8_rows(b, t, &w, &m->tensors[i]);
        if (status != TTT_OK) return status;
        m->parameters += t->rows * t->cols;
    }
    return pack_head(b);
}

static int start(builder *b, const bt_model_config *config, const char *tokenizer, size_t length)
{
    bt_model *m = b->model;
    m->references = 1;
    m->config_length = bt_config_write(config, m->config_text);
    if (!bt_params_init(&m->params, config)) return TTT_OUT_OF_MEMORY;
    m->tensors = bt_alloc(m->params.tensor_count, sizeof *m->tensors);
    if (!m->tensors) return TTT_OUT_OF_MEMORY;
    if (length == 0) return TTT_OK;
    m->tokenizer = bt_alloc(length, 1);
    if (!m->tokenizer) return TTT_OUT_OF_MEMORY;
    memcpy(m->tokenizer, tokenizer, length);
    m->tokenizer_length = length;
    return TTT_OK;
}

int bt_model_build(const bt_model_config *config, const char *tokenizer, size_t tokenizer_length,
                   bt_tensor_source source, void *context, bt_model **model, ttt_error *error)
{
    builder b = {.error = error};
    *model = NULL;
    b.model = bt_alloc(1, sizeof *b.model);
    int status = b.model ? TTT_OK : TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) status = start(&b, config, tokenizer, tokenizer_length);
    if (status == TTT_OK) {
        hash_config(&b, config);
        status = take_tensors(&b, source, context);
    }
    if (status == TTT_OK) {
        b.model->fingerprint = b.hash;
        *model = b.model;
        return TTT_OK;
    }
    bt_model_release(b.model);
    return status == TTT_OUT_OF_MEMORY ? bt_error(error, status, 0, NULL, 0, NULL) : status;
}

bt_model *bt_model_share(bt_model *m)
{
    __atomic_fetch_add(&m->references, 1, __ATOMIC_RELAXED);
    return m;
}

/* All blocks but the model itself. */
static size_t visit_blocks(const bt_model *m, bt_block_visitor visit)
{
    size_t sum = 0;
    for (size_t i = 0; m->tensors && i < m->params.tensor_count; i++)
        sum += visit(m->tensors[i].data) + visit(m->tensors[i].steps);
    return sum + visit(m->tensors) + visit(m->tokenizer) + bt_params_visit(&m->params, visit);
}

size_t bt_model_footprint(const bt_model *m)
{
    return visit_blocks(m, bt_block_bytes) + bt_block_bytes((void *)(uintptr_t)m);
}

void bt_model_release(bt_model *m)
{
    if (!m || __atomic_fetch_sub(&m->references, 1, __ATOMIC_ACQ_REL) != 1) return;
    visit_blocks(m, bt_free);
    bt_free(m);
}
