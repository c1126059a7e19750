/* model.c - builds, shares and releases models, and returns their properties.
 * SPDX-License-Identifier: MIT */
#include "model.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/hash.h"
#include "../kernels/layout.h"
#include "error.h"
#include "pieces.h"
#include "quantize.h"
#include "suggest_room.h"

#include <math.h>
#include <string.h>

/* A model while it is built. */
typedef struct {
    bt_model *model;
    ttt_error *error;
    uint64_t hash;
} builder;

static void hash_word(builder *b, uint64_t word)
{
    b->hash = bt_hash_word(b->hash, word);
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

static int dense(builder *b, const bt_param *t, const bt_tensor_data *w, bt_model_tensor *out)
{
    size_t n = t->rows * t->cols;
    float *data = out->data = bt_region_floats(&b->model->blocks, n);
    if (!data) return TTT_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (!bounded(w->values[i])) return too_large(b, t);
        data[i] = w->values[i];
        hash_word(b, bt_float_bits(data[i]));
    }
    return TTT_OK;
}

/* Code of weight i, or 2 if the file has an invalid one. */
static int code_at(const bt_tensor_data *w, size_t i, float mean)
{
    if (w->values) return bt_ternary_code(w->values[i], mean);
    unsigned code = (unsigned)w->codes[i / 4] >> (i % 4 * 2) & 3u;
    return (int)code - 1;
}

static int ternary(builder *b, const bt_param *t, const bt_tensor_data *w, bt_model_tensor *out)
{
    size_t n = t->rows * t->cols;
    for (size_t i = 0; w->values && i < n; i++)
        if (!isfinite(w->values[i])) return too_large(b, t);
    float mean = w->values ? bt_ternary_scale(w->values, n) : 0.0f;
    out->scale = !w->values                         ? bt_get_float(w->scales, 0)
                 : b->model->params.config.unscaled ? 1.0f
                                                    : mean;
    if (!(bounded(out->scale) && out->scale > 0.0f)) return too_large(b, t);
    size_t bytes = bt_ternary_bytes(t->rows, t->cols);
    uint8_t *panels = out->data = bt_region_alloc(&b->model->blocks, 1, bytes);
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
                hash_word(b, (uint64_t)code + 1);
            }
            bt_ternary_set16(panels, t->cols, i, j, codes);
        }
    bt_ternary_view(&out->w, panels, t->rows, t->cols);
    return TTT_OK;
}

/* Writes row i in int8 to q, and sets its step. */
static int int8_row(builder *b, const bt_param *t, const bt_tensor_data *w, size_t i, int8_t *q,
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

static int int8_rows(builder *b, const bt_param *t, const bt_tensor_data *w, bt_model_tensor *out)
{
    bt_region *r = &b->model->blocks;
    int8_t *data = out->data = bt_region_alloc(r, t->rows * t->cols, 1);
    out->steps = bt_region_floats(r, bt_round_up(t->rows, BT_ROWS));
    if (r->failed) return TTT_OUT_OF_MEMORY;
    int status = TTT_OK;
    for (size_t i = 0; status == TTT_OK && i < t->rows; i++)
        status = int8_row(b, t, w, i, data + i * t->cols, &out->steps[i]);
    return status;
}

/* The head, also int8 rows, but in the panels of the kernels. */
static int pack_head(builder *b, const bt_param *t, const bt_tensor_data *w, bt_model_tensor *out)
{
    bt_region *r = &b->model->blocks;
    uint8_t *panels = out->data = bt_region_alloc(r, 1, bt_rows8_bytes(t->rows, t->cols));
    float *steps = out->steps = bt_region_floats(r, bt_round_up(t->rows, BT_ROWS));
    int8_t *q = bt_alloc(t->cols, 1);
    int status = r->failed || !q ? TTT_OUT_OF_MEMORY : TTT_OK;
    if (status == TTT_OK) b->model->head = bt_rows8_clear(panels, steps, t->rows, t->cols);
    for (size_t i = 0; status == TTT_OK && i < t->rows; i++) {
        status = int8_row(b, t, w, i, q, &steps[i]);
        for (size_t j = 0; j < t->cols; j++)
            panels[bt_rows8_index(&b->model->head, i, j)] = (uint8_t)(q[j] + 128);
    }
    bt_free(q);
    return status;
}

static void hash_config(builder *b, const bt_model_config *c)
{
    const uint32_t sizes[] = {c->vocab, c->dim, c->layers, c->mlp, c->inner, c->head};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) hash_word(b, sizes[i]);
    hash_word(b, bt_float_bits(c->rate));
    hash_word(b, bt_float_bits(c->norm_eps));
    hash_word(b, c->unscaled);
    hash_word(b, c->float_activations);
    for (size_t i = 0; i < c->layers; i++) hash_word(b, c->mixers[i]);
}

static int build_tensor(builder *b, size_t i, const bt_tensor_data *w)
{
    const bt_param *t = &b->model->params.tensors[i];
    bt_model_tensor *out = &b->model->tensors[i];
    const bt_params *params = &b->model->params;
    if (!params->config.recall_start || i != params->recall) /* not of the network */
        b->model->parameters += t->rows * t->cols;
    if (t->kind == BT_DENSE) return dense(b, t, w, out);
    if (t->kind == BT_TERNARY) return ternary(b, t, w, out);
    return i == params->head ? pack_head(b, t, w, out) : int8_rows(b, t, w, out);
}

static int start(builder *b, const bt_model_config *config, const char *tokenizer, size_t length)
{
    bt_model *m = b->model;
    bt_region *r = &m->blocks;
    m->references = 1;
    m->config_length = bt_config_write(config, m->config_text);
    if (!bt_params_init(&m->params, config, r)) return TTT_OUT_OF_MEMORY;
    m->tensors = bt_region_alloc(r, m->params.tensor_count, sizeof *m->tensors);
    if (length > 0) {
        m->tokenizer = bt_region_alloc(r, length, 1);
        if (m->tokenizer) memcpy(m->tokenizer, tokenizer, length);
        m->tokenizer_length = length;
    }
    hash_config(b, config);
    return r->failed ? TTT_OUT_OF_MEMORY : TTT_OK;
}

int bt_model_build(const bt_model_config *config, const char *tokenizer, size_t tokenizer_length,
                   bt_tensor_source source, void *context, bt_model **model, ttt_error *error)
{
    bt_model *m = bt_alloc(1, sizeof *m);
    builder b = {.model = m, .error = error};
    *model = NULL;
    int status = m ? start(&b, config, tokenizer, tokenizer_length) : TTT_OUT_OF_MEMORY;
    for (size_t i = 0; status == TTT_OK && i < m->params.tensor_count; i++) {
        bt_tensor_data w = {0};
        status = source(context, &m->params.tensors[i], &w, error);
        if (status == TTT_OK) status = build_tensor(&b, i, &w);
    }
    if (status == TTT_OK) {
        m->fingerprint = b.hash;
        *model = m;
        return TTT_OK;
    }
    bitllama_release(m);
    return status == TTT_OUT_OF_MEMORY ? bt_error(error, status, 0, NULL, 0, NULL) : status;
}

int bt_flat_source(void *context, const bt_param *t, bt_tensor_data *out, ttt_error *error)
{
    const float *weights = context;
    (void)error;
    out->values = weights + t->offset;
    return TTT_OK;
}

bitllama_model *bitllama_share(bitllama_model *m)
{
    if (m) __atomic_fetch_add(&m->references, 1, __ATOMIC_RELAXED);
    return m;
}

void bitllama_release(bitllama_model *m)
{
    if (!m || __atomic_fetch_sub(&m->references, 1, __ATOMIC_ACQ_REL) != 1) return;
    bt_suggest_room_free(m->room);
    bt_pieces_free(m->pieces);
    bt_region_free(&m->blocks);
    bt_free(m);
}

size_t bitllama_model_footprint(const bitllama_model *m)
{
    if (!m) return 0;
    return bt_block_bytes(m) + m->blocks.bytes +
           bt_pieces_bytes(__atomic_load_n(&m->pieces, __ATOMIC_ACQUIRE)) +
           __atomic_load_n(&m->room_bytes, __ATOMIC_RELAXED);
}

void bitllama_get_config(const bitllama_model *model, bitllama_config *config)
{
    if (!config) return;
    if (model) bt_config_export(&model->params.config, config);
    else *config = (bitllama_config){.size = sizeof *config};
}

uint64_t bitllama_parameters(const bitllama_model *model)
{
    return model ? model->parameters : 0;
}

uint64_t bitllama_fingerprint(const bitllama_model *model)
{
    return model ? model->fingerprint : 0;
}

const char *bitllama_config_json(const bitllama_model *model, size_t *length)
{
    if (length) *length = model ? model->config_length : 0;
    return model ? model->config_text : "";
}

const char *bitllama_tokenizer_json(const bitllama_model *model, size_t *length)
{
    if (length) *length = model ? model->tokenizer_length : 0;
    return model && model->tokenizer ? model->tokenizer : "";
}
