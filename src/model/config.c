/* config.c - checks a model's hyper-parameters.
 * SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>

static bool in_steps(uint32_t v, uint32_t step, uint32_t largest)
{
    return v >= step && v <= largest && v % step == 0;
}

const char *bt_config_problem(const bt_model_config *c)
{
    if (!in_steps(c->vocab, 16, 1u << 20)) return "vocab_size must be a multiple of 16 up to 2^20";
    if (!in_steps(c->dim, 16, 1u << 14)) return "hidden_dim must be a multiple of 16 up to 16384";
    if (!in_steps(c->mlp, 16, 1u << 16)) return "mlp_dim must be a multiple of 16 up to 65536";
    if (c->layers < 1 || c->layers > BT_MAX_LAYERS) return "num_layers must be 1 to 64";
    if (!(c->norm_eps > 0.0f && c->norm_eps < 1.0f)) return "norm_eps must be between 0 and 1";
    for (size_t i = 0; i < c->layers; i++) {
        if (c->mixers[i] > BT_INDUCTION) return "a layer has an unknown mixer";
        if (c->mixers[i] == BT_INDUCTION) {
            if (!in_steps(c->head, 16, 256)) return "head_dim must be a multiple of 16 up to 256";
            if (!in_steps(c->inner, c->head, 1u << 14) || c->inner / c->head > 256)
                return "inner_dim must be a multiple of head_dim";
        } else {
            if (c->dim % 64 != 0) return "hidden_dim must be a multiple of 64 for this mixer";
            float rate = c->rate[c->mixers[i]];
            if (!(rate > 0.0f && rate < 2.0f)) return "inner_lr must be between 0 and 2";
        }
    }
    return (const char *)0;
}
