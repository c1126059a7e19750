/* params.c - the list of a model's tensors, and their start values.
 * SPDX-License-Identifier: MIT */
#include "params.h"

#include "../base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t add(bt_params *p, const char *name, size_t rows, size_t cols, bt_kind kind)
{
    bt_param *t = &p->tensors[p->tensor_count];
    t->offset = p->floats;
    t->rows = rows;
    t->cols = cols;
    t->kind = kind;
    t->decayed = rows > 1;
    t->name = name;
    t->layer = BT_NO_LAYER;
    p->floats += (rows * cols + 15) / 16 * 16;
    return p->tensor_count++;
}

static size_t add_of(bt_params *p, size_t layer, const char *name, size_t rows, size_t cols,
                     bt_kind kind)
{
    size_t tensor = add(p, name, rows, cols, kind);
    p->tensors[tensor].layer = layer;
    return tensor;
}

void bt_param_name(const bt_param *t, char name[BT_NAME_SIZE])
{
    if (t->layer == BT_NO_LAYER) snprintf(name, BT_NAME_SIZE, "%s", t->name);
    else snprintf(name, BT_NAME_SIZE, "layers.%zu.%s", t->layer, t->name);
}

static void add_layer(bt_params *p, size_t i)
{
    const bt_model_config *c = &p->config;
    bt_layer_tensors *l = &p->layers[i];
    size_t dim = c->dim, inner = bt_mixer_width(c, i), gates = bt_gate_stride(bt_mixer_heads(c, i));
    l->norm1 = add_of(p, i, "norm1.weight", 1, dim, BT_DENSE);
    if (c->mixers[i] == BT_INDUCTION) {
        l->key = add_of(p, i, "induction.key.weight", inner, dim, BT_TERNARY);
        l->value = add_of(p, i, "induction.value.weight", inner, dim, BT_TERNARY);
        l->out = add_of(p, i, "induction.out.weight", dim, inner, BT_TERNARY);
        l->gates = add_of(p, i, "induction.gates.weight", gates, dim, BT_DENSE);
        l->bias = add_of(p, i, "induction.gates.bias", 1, gates, BT_DENSE);
    } else {
        l->key = add_of(p, i, "ttt.down.weight", inner, dim, BT_TERNARY);
        l->out = add_of(p, i, "ttt.up.weight", dim, inner, BT_TERNARY);
    }
    l->norm2 = add_of(p, i, "norm2.weight", 1, dim, BT_DENSE);
    l->gate = add_of(p, i, "mlp.gate_proj.weight", c->mlp, dim, BT_TERNARY);
    l->up = add_of(p, i, "mlp.up_proj.weight", c->mlp, dim, BT_TERNARY);
    l->down = add_of(p, i, "mlp.down_proj.weight", dim, c->mlp, BT_TERNARY);
}

bool bt_params_init(bt_params *p, const bt_model_config *config)
{
    *p = (bt_params){.config = *config};
    p->tensors = bt_alloc(10 * (size_t)config->layers + 4, sizeof *p->tensors);
    p->layers = bt_alloc(config->layers, sizeof *p->layers);
    if (!p->tensors || !p->layers) {
        bt_params_free(p);
        return false;
    }
    p->embed = add(p, "embed.weight", config->vocab, config->dim, BT_ROW_INT8);
    for (size_t i = 0; i < config->layers; i++) add_layer(p, i);
    p->norm = add(p, "norm_f.weight", 1, config->dim, BT_DENSE);
    p->head = add(p, "lm_head.weight", config->vocab, config->dim, BT_ROW_INT8);
    if (config->head_bias) p->head_bias = add(p, "lm_head.bias", 1, config->vocab, BT_DENSE);
    return true;
}

size_t bt_params_visit(const bt_params *p, bt_block_visitor visit)
{
    return visit(p->tensors) + visit(p->layers);
}

void bt_params_free(bt_params *p)
{
    bt_params_visit(p, bt_free);
    *p = (bt_params){0};
}

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Standard normal: twelve uniforms less six is near enough for a start value, and exact. */
static float normal(uint64_t *state)
{
    float sum = -6.0f;
    for (int i = 0; i < 12; i++) sum += (float)(next(state) >> 40) * 0x1p-24f;
    return sum;
}

static void fill(const bt_params *p, float *weights, size_t tensor, float deviation, uint64_t *rng)
{
    const bt_param *t = &p->tensors[tensor];
    for (size_t i = 0; i < t->rows * t->cols; i++)
        weights[t->offset + i] = deviation == 0.0f ? 1.0f : deviation * normal(rng);
}

/* Embedding N(0, 0.1), head N(0, 0.02), projections N(0, 1 / fan-in), those into the residual
 * stream smaller by sqrt(2 layers), norms 1, gates 0 but for the keep biases: 3 to 6 over heads. */
void bt_params_randomize(const bt_params *p, float *weights, uint64_t seed)
{
    const bt_model_config *c = &p->config;
    uint64_t rng = seed;
    float of_dim = 1.0f / sqrtf((float)c->dim), residual = 1.0f / sqrtf(2.0f * (float)c->layers);
    memset(weights, 0, p->floats * sizeof *weights);
    fill(p, weights, p->embed, 0.1f, &rng);
    for (size_t i = 0; i < c->layers; i++) {
        const bt_layer_tensors *l = &p->layers[i];
        size_t heads = bt_mixer_heads(c, i);
        fill(p, weights, l->norm1, 0.0f, &rng);
        fill(p, weights, l->key, of_dim, &rng);
        fill(p, weights, l->out, residual / sqrtf((float)bt_mixer_width(c, i)), &rng);
        if (c->mixers[i] == BT_INDUCTION) {
            fill(p, weights, l->value, of_dim, &rng);
            float *bias = weights + p->tensors[l->bias].offset;
            for (size_t h = 0; h < heads; h++)
                bias[h] = heads > 1 ? 3.0f + 3.0f * (float)h / (float)(heads - 1) : 4.5f;
        }
        fill(p, weights, l->norm2, 0.0f, &rng);
        fill(p, weights, l->gate, of_dim, &rng);
        fill(p, weights, l->up, of_dim, &rng);
        fill(p, weights, l->down, residual / sqrtf((float)c->mlp), &rng);
    }
    fill(p, weights, p->norm, 0.0f, &rng);
    fill(p, weights, p->head, 0.02f, &rng);
}
