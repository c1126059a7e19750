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

size_t bt_state_floats(const bt_layer *layer)
{
    return bt_tile_count(layer->small) * bt_tile_floats(layer->small);
}

void bt_memory_copy(const bt_layer *layer, bt_memory_state *to, const bt_memory_state *from)
{
    memcpy(to->tiles, from->tiles, bt_state_floats(layer) * sizeof(float));
    memcpy(to->feature, from->feature, layer->stride * sizeof(float));
    memcpy(to->reading, from->reading, layer->stride * sizeof(float));
}

/* rows: of feature and reading; those of a whole block make them its features and readings. */
static bool take_memory(const bt_layer *layer, bt_region *r, bt_memory_state *memory, size_t rows)
{
    memory->tiles = bt_region_floats(r, bt_state_floats(layer));
    memory->feature = bt_region_floats(r, rows * layer->stride);
    memory->reading = bt_region_floats(r, rows * layer->stride);
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

/* Everything but the weights; NULL when out of memory. */
static bt_layer *layer_alloc(size_t dim, float rate, ttt_objective objective, size_t threads)
{
    bt_layer *layer = bt_alloc(1, sizeof *layer);
    if (!layer) return NULL;
    bt_region *r = &layer->blocks;
    layer->dim = dim;
    layer->small = dim / 4;
    layer->stride = bt_round_up(layer->small, BT_ROWS);
    layer->rate = rate;
    layer->objective = objective;
    layer->activations = bt_region_alloc(r, BT_BLOCK * bt_round_up(dim, BT_CHUNK), sizeof(int16_t));
    bool good = take_memory(layer, r, &layer->memory, BT_BLOCK + 1);
    layer->features = layer->memory.feature;
    layer->readings = layer->memory.reading;
    if (good && !bt_rate_is_stable(rate)) good = bt_layer_need_backup(layer);
    if (good && threads > 1) {
        layer->copies = bt_region_floats(r, threads * 2 * (BT_BLOCK + 1) * layer->stride);
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
                           .threads = 1};
}

static int check_config(const ttt_config *config)
{
    if (config->size != sizeof *config) return TTT_INVALID_CONFIG;
    if (config->hidden_dim < TTT_MIN_HIDDEN_DIM || config->hidden_dim > TTT_MAX_HIDDEN_DIM)
        return TTT_DIMENSION_MISMATCH;
    if (config->objective != TTT_RECONSTRUCT && config->objective != TTT_PREDICT)
        return TTT_INVALID_CONFIG;
    if (!isfinite(config->inner_lr)) return TTT_INVALID_CONFIG;
    if (config->threads < 1 || config->threads > TTT_MAX_THREADS) return TTT_INVALID_CONFIG;
    return TTT_OK;
}

int ttt_create_from_config(const ttt_config *config, void **handle)
{
    if (!handle) return TTT_NULL_POINTER;
    *handle = NULL;
    if (!config) return TTT_NULL_POINTER;
    int status = check_config(config);
    if (status != TTT_OK) return status;
    size_t dim = (size_t)config->hidden_dim;
    bt_layer *layer =
        layer_alloc(dim, config->inner_lr, (ttt_objective)config->objective, config->threads);
    if (layer) layer->weights = bt_weights_from_seed(dim, config->seed);
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
    bt_layer *to = layer_alloc(from->dim, from->rate, from->objective, bt_pool_count(from->pool));
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
    memset(layer->memory.tiles, 0, bt_state_floats(layer) * sizeof(float));
    memset(layer->memory.feature, 0, layer->stride * sizeof(float));
    memset(layer->memory.reading, 0, layer->stride * sizeof(float));
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
