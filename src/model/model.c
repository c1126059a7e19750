/* model.c - quantises, packs, counts references to and fingerprints a model's weights.
 * SPDX-License-Identifier: MIT */
#include "model.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../kernels/layout.h"
#include "quantize.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* A build on its way; once something failed, every further step is a no-op. */
typedef struct {
    bt_model *model;
    bt_tensor_source source;
    void *context;
    bool failed;
    uint64_t hash;
} builder;

static void hash_word(builder *b, uint64_t word)
{
    b->hash = (b->hash ^ word) * 0x9e3779b97f4a7c15u;
    b->hash ^= b->hash >> 32;
}

static const float *find(builder *b, size_t layer, const char *name)
{
    char full[64];
    if (layer == SIZE_MAX) snprintf(full, sizeof full, "%s", name);
    else snprintf(full, sizeof full, "layers.%zu.%s", layer, name);
    const float *w = b->failed ? NULL : b->source(b->context, full);
    if (!w) b->failed = true;
    return w;
}

static void *take(builder *b, size_t count, size_t size)
{
    void *block = b->failed ? NULL : bt_alloc(count, size);
    if (!block) b->failed = true;
    return block;
}

static float *dense(builder *b, size_t layer, const char *name, size_t n)
{
    const float *w = find(b, layer, name);
    float *out = take(b, n, sizeof *out);
    for (size_t i = 0; out && i < n; i++) hash_word(b, bt_float_bits(out[i] = w[i]));
    return out;
}

static void ternary(builder *b, size_t layer, const char *name, size_t rows, size_t cols,
                    bt_model_linear *out)
{
    const float *w = find(b, layer, name);
    out->panels = take(b, 1, bt_ternary_bytes(rows, cols));
    if (!out->panels) return;
    out->scale = bt_ternary_scale(w, rows * cols);
    hash_word(b, bt_float_bits(out->scale));
    bt_ternary_clear(out->panels, rows, cols);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            int code = bt_ternary_code(w[i * cols + j], out->scale);
            bt_ternary_set(out->panels, cols, i, j, code);
            hash_word(b, (uint64_t)(code + 1));
        }
    bt_ternary_view(&out->w, out->panels, rows, cols);
}

static void embedding(builder *b)
{
    const bt_model_config *c = &b->model->config;
    const float *w = find(b, SIZE_MAX, "embed.weight");
    b->model->embed = take(b, (size_t)c->vocab * c->dim, 1);
    b->model->embed_steps = take(b, c->vocab, sizeof(float));
    if (b->failed) return;
    for (size_t i = 0; i < c->vocab; i++) {
        int8_t *q = b->model->embed + i * c->dim;
        b->model->embed_steps[i] = bt_row_int8(w + i * c->dim, c->dim, q);
        hash_word(b, bt_float_bits(b->model->embed_steps[i]));
        for (size_t j = 0; j < c->dim; j++) hash_word(b, (uint8_t)q[j]);
    }
}

static void head(builder *b)
{
    const bt_model_config *c = &b->model->config;
    const float *w = find(b, SIZE_MAX, "lm_head.weight");
    size_t blocks = bt_round_up(c->vocab, BT_ROWS) / BT_ROWS, quads = bt_round_up(c->dim, 16) / 4;
    int8_t *q = take(b, c->dim, 1);
    b->model->head_panels = take(b, blocks * quads, 64);
    b->model->head_scales = take(b, blocks * BT_ROWS, sizeof(float));
    if (!b->failed) {
        uint8_t *panels = b->model->head_panels;
        memset(panels, 128, blocks * quads * 64);
        for (size_t i = 0; i < c->vocab; i++) {
            b->model->head_scales[i] = bt_row_int8(w + i * c->dim, c->dim, q);
            hash_word(b, bt_float_bits(b->model->head_scales[i]));
            for (size_t j = 0; j < c->dim; j++) {
                size_t at = (i / BT_ROWS * quads + j / 4) * 64 + i % BT_ROWS * 4 + j % 4;
                panels[at] = (uint8_t)(q[j] + 128);
                hash_word(b, panels[at]);
            }
        }
        b->model->head = (bt_rows8){.panels = panels, .scales = b->model->head_scales,
                                    .rows = c->vocab, .cols = c->dim, .row_blocks = blocks,
                                    .quads = quads};
    }
    bt_free(q);
}

static void layer(builder *b, size_t i)
{
    const bt_model_config *c = &b->model->config;
    bt_model_layer *l = &b->model->layers[i];
    size_t width = bt_mixer_width(c, i), gates = (2 * bt_mixer_heads(c, i) + 15) / 16 * 16;
    l->norm1 = dense(b, i, "norm1.weight", c->dim);
    if (c->mixers[i] == BT_INDUCTION) {
        ternary(b, i, "induction.key.weight", width, c->dim, &l->key);
        ternary(b, i, "induction.value.weight", width, c->dim, &l->value);
        ternary(b, i, "induction.out.weight", c->dim, width, &l->out);
        l->gates = dense(b, i, "induction.gates.weight", gates * c->dim);
        l->bias = dense(b, i, "induction.gates.bias", gates);
    } else {
        ternary(b, i, "ttt.down.weight", width, c->dim, &l->key);
        ternary(b, i, "ttt.up.weight", c->dim, width, &l->out);
    }
    l->norm2 = dense(b, i, "norm2.weight", c->dim);
    ternary(b, i, "mlp.gate_proj.weight", c->mlp, c->dim, &l->gate);
    ternary(b, i, "mlp.up_proj.weight", c->mlp, c->dim, &l->up);
    ternary(b, i, "mlp.down_proj.weight", c->dim, c->mlp, &l->down);
}

static void hash_config(builder *b, const bt_model_config *c)
{
    const uint32_t words[] = {c->vocab, c->dim, c->layers, c->mlp, c->inner, c->head,
                              bt_float_bits(c->rate[0]), bt_float_bits(c->rate[1]),
                              bt_float_bits(c->norm_eps)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) hash_word(b, words[i]);
    for (size_t i = 0; i < c->layers; i++) hash_word(b, c->mixers[i]);
}

bt_model *bt_model_build(const bt_model_config *config, bt_tensor_source source, void *context)
{
    builder b = {.source = source, .context = context};
    b.model = bt_alloc(1, sizeof *b.model);
    if (!b.model) return NULL;
    b.model->references = 1;
    b.model->config = *config;
    hash_config(&b, config);
    b.model->layers = take(&b, config->layers, sizeof *b.model->layers);
    embedding(&b);
    for (size_t i = 0; !b.failed && i < config->layers; i++) layer(&b, i);
    b.model->norm = dense(&b, SIZE_MAX, "norm_f.weight", config->dim);
    head(&b);
    b.model->fingerprint = b.hash;
    if (!b.failed) return b.model;
    bt_model_release(b.model);
    return NULL;
}

bt_model *bt_model_share(bt_model *m)
{
    __atomic_fetch_add(&m->references, 1, __ATOMIC_RELAXED);
    return m;
}

void bt_model_release(bt_model *m)
{
    if (!m || __atomic_fetch_sub(&m->references, 1, __ATOMIC_ACQ_REL) != 1) return;
    for (size_t i = 0; m->layers && i < m->config.layers; i++) {
        bt_model_layer *l = &m->layers[i];
        void *all[] = {l->norm1, l->norm2, l->key.panels, l->value.panels, l->out.panels, l->gates,
                       l->bias, l->gate.panels, l->up.panels, l->down.panels};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) bt_free(all[k]);
    }
    void *all[] = {m->embed, m->embed_steps, m->layers, m->norm, m->head_panels, m->head_scales};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) bt_free(all[k]);
    bt_free(m);
}
