/* layer.c - the life of a layer, its weights and its properties.
 * SPDX-License-Identifier: MIT */
#include "layer.h"

#include "../kernels/layout.h"

#include <math.h>
#include <string.h>

/* For a feature k of length 1 the update multiplies the error of W k by 1 - rate, and |W|^2 grows
 * by at most rate / (2 - rate) a token, whatever is read. 1.99 rather than 2 leaves room for
 * rounding. */
bool bt_rate_is_stable(float rate)
{
    return rate >= 0.0f && rate <= 1.99f;
}

static size_t state_floats(const bt_layer *layer)
{
    return bt_tile_count(layer->small) * bt_tile_floats(layer->small);
}

void bt_memory_copy(const bt_layer *layer, bt_memory_state *to, const bt_memory_state *from)
{
    size_t row = layer->stride * sizeof(float);
    if (to->tiles) memcpy(to->tiles, from->tiles, state_floats(layer) * sizeof(float));
    memcpy(to->feature, from->feature, row);
    memcpy(to->reading, from->reading, row);
    if (layer->rule != TTT_RLS) return;
    memcpy(to->columns, from->columns, bt_columns_floats(layer->small) * sizeof(float));
    memcpy(to->diagonal, from->diagonal, row);
    memcpy(to->gain, from->gain, row);
}

static void empty_memory(const bt_layer *layer, bt_memory_state *memory)
{
    if (memory->tiles) memset(memory->tiles, 0, state_floats(layer) * sizeof(float));
    memset(memory->feature, 0, layer->stride * sizeof(float));
    memset(memory->reading, 0, layer->stride * sizeof(float));
    if (layer->rule == TTT_RLS) bt_rls_reset(layer, memory);
}

/* rows: of feature, reading and gain; those of a whole block make them its features, readings and
 * gains. */
static bool take_memory(const bt_layer *layer, bt_region *r, bt_memory_state *memory, size_t rows)
{
    bool rls = layer->rule == TTT_RLS;
    if (!rls || layer->objective == TTT_PREDICT)
        memory->tiles = bt_region_floats(r, state_floats(layer));
    memory->feature = bt_region_floats(r, rows * layer->stride);
    memory->reading = bt_region_floats(r, rows * layer->stride);
    if (rls) {
        memory->columns = bt_region_floats(r, bt_columns_floats(layer->small));
        memory->diagonal = bt_region_floats(r, layer->stride);
        memory->gain = bt_region_floats(r, rows * layer->stride);
    }
    if (rls && !r->failed) bt_rls_reset(layer, memory);
    return !r->failed;
}

bool bt_layer_need_backup(bt_layer *layer)
{
    if (layer->backup.tiles) return true;
    if (take_memory(layer, &layer->backup_blocks, &layer->backup, 1)) return true;
    bt_region_free(&layer->backup_blocks);
    layer->backup = (bt_memory_state){0};
    return false;
}

/* Everything but the weights; NULL when out of memory. The config is valid. */
static bt_layer *layer_alloc(const ttt_config *config)
{
    bt_layer *layer = bt_alloc(1, sizeof *layer);
    if (!layer) return NULL;
    bt_region *r = &layer->blocks;
    size_t dim = (size_t)config->hidden_dim, threads = config->threads;
    layer->dim = dim;
    layer->small = dim / 4;
    layer->stride = bt_round_up(layer->small, BT_ROWS);
    layer->rate = config->inner_lr;
    layer->objective = (ttt_objective)config->objective;
    layer->rule = (ttt_rule)config->rule;
    layer->forgetting = config->forgetting;
    layer->ridge = config->ridge;
    layer->activations = bt_region_alloc(r, BT_BLOCK * bt_round_up(dim, BT_CHUNK), sizeof(int16_t));
    bool good = take_memory(layer, r, &layer->memory, BT_BLOCK + 1);
    layer->features = layer->memory.feature;
    layer->readings = layer->memory.reading;
    layer->gains = layer->memory.gain;
    if (good && layer->rule == TTT_GRADIENT && !bt_rate_is_stable(layer->rate))
        good = bt_layer_need_backup(layer);
    if (good && threads > 1) {
        size_t each = layer->gains ? 3 : 2;
        layer->copies = bt_region_floats(r, threads * each * (BT_BLOCK + 1) * layer->stride);
        layer->pool = bt_pool_create(threads);
        good = layer->copies && layer->pool;
    }
    if (good) return layer;
    ttt_destroy(layer);
    return NULL;
}

void ttt_config_init(ttt_config *config)
{
    if (!config) return;
    *config = (ttt_config){.size = sizeof *config,
                           .objective = TTT_RECONSTRUCT,
                           .hidden_dim = 64,
                           .seed = TTT_DEFAULT_SEED,
                           .inner_lr = 0.1f,
                           .threads = 1,
                           .rule = TTT_GRADIENT,
                           .forgetting = 0.9995f,
                           .ridge = 0.005f};
}

/* The size of a ttt_config without the fields of rls, with which the struct began. */
#define FIRST_CONFIG_SIZE offsetof(ttt_config, rule)

/* Copies a config of either size; fields it lacks get their defaults. */
static int take_config(const ttt_config *from, ttt_config *config)
{
    ttt_config_init(config);
    if (from->size != sizeof *config && from->size != FIRST_CONFIG_SIZE) return TTT_INVALID_CONFIG;
    memcpy(config, from, from->size);
    return TTT_OK;
}

static int check_config(const ttt_config *config)
{
    if (config->hidden_dim < TTT_MIN_HIDDEN_DIM || config->hidden_dim > TTT_MAX_HIDDEN_DIM)
        return TTT_DIMENSION_MISMATCH;
    if (config->objective != TTT_RECONSTRUCT && config->objective != TTT_PREDICT)
        return TTT_INVALID_CONFIG;
    if (!isfinite(config->inner_lr)) return TTT_INVALID_CONFIG;
    if (config->threads < 1 || config->threads > TTT_MAX_THREADS) return TTT_INVALID_CONFIG;
    if (config->rule != TTT_GRADIENT && config->rule != TTT_RLS) return TTT_INVALID_CONFIG;
    if (!(config->forgetting > 0.9f && config->forgetting <= 1.0f)) return TTT_INVALID_CONFIG;
    if (!(config->ridge >= 1e-6f && config->ridge <= 1e6f)) return TTT_INVALID_CONFIG;
    if (config->reserved != 0) return TTT_INVALID_CONFIG;
    return TTT_OK;
}

int ttt_create_from_config(const ttt_config *given, void **handle)
{
    if (!handle) return TTT_NULL_POINTER;
    *handle = NULL;
    if (!given) return TTT_NULL_POINTER;
    ttt_config config;
    int status = take_config(given, &config);
    if (status == TTT_OK) status = check_config(&config);
    if (status != TTT_OK) return status;
    bt_layer *layer = layer_alloc(&config);
    if (layer) layer->weights = bt_weights_from_seed((size_t)config.hidden_dim, config.seed);
    if (!layer || !layer->weights) {
        ttt_destroy(layer);
        return TTT_OUT_OF_MEMORY;
    }
    *handle = layer;
    return TTT_OK;
}

void *ttt_create(size_t hidden_dim, float inner_lr)
{
    ttt_config config;
    void *handle = NULL;
    ttt_config_init(&config);
    config.hidden_dim = hidden_dim;
    config.inner_lr = inner_lr;
    return ttt_create_from_config(&config, &handle) == TTT_OK ? handle : NULL;
}

size_t ttt_footprint(const void *handle)
{
    const bt_layer *layer = handle;
    if (!layer) return 0;
    return bt_block_bytes(layer) + layer->blocks.bytes + layer->backup_blocks.bytes +
           bt_weights_footprint(layer->weights);
}

void ttt_destroy(void *handle)
{
    bt_layer *layer = handle;
    if (!layer) return;
    bt_pool_destroy(layer->pool);
    bt_weights_release(layer->weights);
    bt_region_free(&layer->blocks);
    bt_region_free(&layer->backup_blocks);
    bt_free(layer);
}

void *ttt_clone(const void *handle)
{
    const bt_layer *from = handle;
    if (!from) return NULL;
    ttt_config config = {.objective = (uint32_t)from->objective,
                         .hidden_dim = from->dim,
                         .inner_lr = from->rate,
                         .threads = (uint32_t)bt_pool_count(from->pool),
                         .rule = (uint32_t)from->rule,
                         .forgetting = from->forgetting,
                         .ridge = from->ridge};
    bt_layer *to = layer_alloc(&config);
    if (!to) return NULL;
    to->weights = bt_weights_share(from->weights);
    to->tokens = from->tokens;
    bt_memory_copy(to, &to->memory, &from->memory);
    if (from->backup.tiles && !bt_layer_need_backup(to)) {
        ttt_destroy(to);
        return NULL;
    }
    return to;
}

int ttt_reset(void *handle)
{
    bt_layer *layer = handle;
    if (!layer) return TTT_NULL_POINTER;
    empty_memory(layer, &layer->memory);
    layer->tokens = 0;
    return TTT_OK;
}

int ttt_set_weights(void *handle, const int8_t *down, const int8_t *up)
{
    bt_layer *layer = handle;
    if (!layer || !down || !up) return TTT_NULL_POINTER;
    for (size_t i = 0; i < layer->dim * layer->small; i++)
        if (down[i] < -1 || down[i] > 1 || up[i] < -1 || up[i] > 1) return TTT_INVALID_WEIGHTS;
    bt_weights *weights = bt_weights_from_entries(layer->dim, down, up);
    if (!weights) return TTT_OUT_OF_MEMORY;
    bt_weights_release(layer->weights);
    layer->weights = weights;
    return ttt_reset(layer);
}

int ttt_get_weights(const void *handle, int8_t *down, int8_t *up)
{
    const bt_layer *layer = handle;
    if (!layer || !down || !up) return TTT_NULL_POINTER;
    size_t dim = layer->dim, d = layer->small;
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j < d; j++) {
            down[i * d + j] = (int8_t)bt_ternary_get(&layer->weights->down, j, i);
            up[j * dim + i] = (int8_t)bt_ternary_get(&layer->weights->up, i, j);
        }
    return TTT_OK;
}

size_t ttt_hidden_dim(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->dim : 0;
}

size_t ttt_memory_dim(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->small : 0;
}

float ttt_inner_lr(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->rate : 0.0f;
}

int ttt_get_objective(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? (int)layer->objective : TTT_RECONSTRUCT;
}

int ttt_get_rule(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? (int)layer->rule : TTT_GRADIENT;
}

float ttt_forgetting(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->forgetting : 0.0f;
}

float ttt_ridge(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->ridge : 0.0f;
}

size_t ttt_threads(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? bt_pool_count(layer->pool) : 0;
}

uint64_t ttt_tokens_seen(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->tokens : 0;
}

uint64_t ttt_weights_fingerprint(const void *handle)
{
    const bt_layer *layer = handle;
    return layer ? layer->weights->fingerprint : 0;
}
