/* params.c - the list of a model's tensors, and their start values.
 * SPDX-License-Identifier: MIT */
#include "params.h"

#include "../base/hash.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t add(bt_params *p, size_t layer, const char *name, size_t rows, size_t cols,
                  bt_kind kind)
{
    p->tensors[p->tensor_count] = (bt_param){.offset = p->floats,
                                             .rows = rows,
                                             .cols = cols,
                                             .kind = kind,
                                             .decayed = rows > 1,
                                             .layer = layer,
                                             .name = name};
    p->floats += (rows * cols + 15) / 16 * 16;
    return p->tensor_count++;
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
    l->norm1 = add(p, i, "norm1.weight", 1, dim, BT_DENSE);
    if (c->mixers[i] == BT_INDUCTION) {
        l->key = add(p, i, "induction.key.weight", inner, dim, BT_TERNARY);
        l->value = add(p, i, "induction.value.weight", inner, dim, BT_TERNARY);
        l->out = add(p, i, "induction.out.weight", dim, inner, BT_TERNARY);
        l->gates = add(p, i, "induction.gates.weight", gates, dim, BT_DENSE);
        l->bias = add(p, i, "induction.gates.bias", 1, gates, BT_DENSE);
    } else {
        l->key = add(p, i, "ttt.down.weight", inner, dim, BT_TERNARY);
        l->out = add(p, i, "ttt.up.weight", dim, inner, BT_TERNARY);
    }
    l->norm2 = add(p, i, "norm2.weight", 1, dim, BT_DENSE);
    l->gate = add(p, i, "mlp.gate_proj.weight", c->mlp, dim, BT_TERNARY);
    l->up = add(p, i, "mlp.up_proj.weight", c->mlp, dim, BT_TERNARY);
    l->down = add(p, i, "mlp.down_proj.weight", dim, c->mlp, BT_TERNARY);
}

bool bt_params_init(bt_params *p, const bt_model_config *config, bt_region *region)
{
    *p = (bt_params){.config = *config};
    p->tensors = bt_region_alloc(region, 10 * (size_t)config->layers + 5, sizeof *p->tensors);
    p->layers = bt_region_alloc(region, config->layers, sizeof *p->layers);
    if (region->failed) return false;
    p->embed = add(p, BT_NO_LAYER, "embed.weight", config->vocab, config->dim, BT_ROW_INT8);
    for (size_t i = 0; i < config->layers; i++) add_layer(p, i);
    p->norm = add(p, BT_NO_LAYER, "norm_f.weight", 1, config->dim, BT_DENSE);
    p->head = add(p, BT_NO_LAYER, "lm_head.weight", config->vocab, config->dim, BT_ROW_INT8);
    if (config->head_bias)
        p->head_bias = add(p, BT_NO_LAYER, "lm_head.bias", 1, config->vocab, BT_DENSE);
    if (config->recall_start)
        p->recall = add(p, BT_NO_LAYER, BT_RECALL_NAME, 1, BT_RECALL_START, BT_DENSE);
    return true;
}

/* About standard normal: the sum of twelve uniforms (Irwin-Hall), without a libm function. */
static float normal(uint64_t *state)
{
    float sum = -6.0f;
    for (int i = 0; i < 12; i++) sum += (float)(bt_random_next(state) >> 40) * 0x1p-24f;
    return sum;
}

static void fill(const bt_params *p, float *weights, size_t tensor, float deviation, uint64_t *rng)
{
    const bt_param *t = &p->tensors[tensor];
    for (size_t i = 0; i < t->rows * t->cols; i++)
        weights[t->offset + i] = deviation == 0.0f ? 1.0f : deviation * normal(rng);
}

/* Standard deviations: embedding 0.1, head 0.02, projections 1 / sqrt(fan-in), divided by sqrt(2
 * layers) if they write to the residual stream. Weights of norms are 1. Those of the gates are 0, as
 * are their biases but for the keep gates', which rise from 3 to 6 over the heads. */
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
