/* config.h - the hyper-parameters of a Bit-Llama model, with their limits.
 * SPDX-License-Identifier: MIT */
#ifndef BT_CONFIG_H
#define BT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_MAX_LAYERS 64u

/* The memory of a layer: one recurrence S <- a S - g k^T, r = S q with k = the last q, and
 *   reconstruct: q = L2norm(down x), g = rate (r' - k)
 *   predict:     q = L2norm(down x), g = rate (r' - q)
 *   induction:   per head q = L2norm(Wk x), v = Wv x, a and b gates of x, g = b (a r' - v) */
typedef enum bt_mixer { BT_RECONSTRUCT = 0, BT_PREDICT = 1, BT_INDUCTION = 2 } bt_mixer;

typedef struct bt_model_config {
    uint32_t vocab, dim, layers, mlp; /* dim, mlp and vocab are multiples of 16 */
    uint32_t inner, head;             /* induction: width of all heads, of one (multiple of 16) */
    float rate[2];                    /* inner_lr of reconstruct and predict */
    float norm_eps;
    uint8_t mixers[BT_MAX_LAYERS];
} bt_model_config;

/* Width of a layer's memory features, and of one head of it. */
static inline size_t bt_mixer_width(const bt_model_config *c, size_t layer)
{
    return c->mixers[layer] == BT_INDUCTION ? c->inner : c->dim / 4;
}
static inline size_t bt_mixer_head(const bt_model_config *c, size_t layer)
{
    return c->mixers[layer] == BT_INDUCTION ? c->head : c->dim / 4;
}
static inline size_t bt_mixer_heads(const bt_model_config *c, size_t layer)
{
    return bt_mixer_width(c, layer) / bt_mixer_head(c, layer);
}

/* NULL if the configuration can be used, otherwise a sentence that says what is wrong. */
const char *bt_config_problem(const bt_model_config *c);

#endif
