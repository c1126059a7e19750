/* config.c - the limits of a model's hyper-parameters, and their public struct.
 * SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

static bool in_steps(uint32_t v, uint32_t step, uint32_t largest)
{
    return v >= step && v <= largest && v % step == 0;
}

static const char *mixer_problem(const bt_model_config *c, size_t layer)
{
    if (c->mixers[layer] > BT_INDUCTION) return "a layer has an unknown mixer";
    if (c->mixers[layer] == BT_INDUCTION) {
        if (!in_steps(c->head, 16, 256)) return "head_dim must be a multiple of 16 up to 256";
        if (!in_steps(c->inner, c->head, 1u << 14) || c->inner / c->head > 256)
            return "inner_dim must be a multiple of head_dim up to 16384 and 256 heads";
        return NULL;
    }
    if (c->dim % 64 != 0)
        return "hidden_dim must be a multiple of 64 for the mixers reconstruct and predict";
    return NULL;
}

const char *bt_config_problem(const bt_model_config *c)
{
    if (!in_steps(c->vocab, 16, 1u << 20)) return "vocab_size must be a multiple of 16 up to 2^20";
    if (!in_steps(c->dim, 16, 1u << 14)) return "hidden_dim must be a multiple of 16 up to 16384";
    if (!in_steps(c->mlp, 16, 1u << 16)) return "mlp_dim must be a multiple of 16 up to 65536";
    if (c->layers < 1 || c->layers > BT_MAX_LAYERS) return "num_layers must be 1 to 64";
    /* Below 2 the memory is bounded (src/ttt/layer.c); 1.99 leaves room for rounding. Induction
     * ignores the rate, but files hold it. */
    if (!(c->rate >= 1e-30f && c->rate <= 1.99f)) return "inner_lr must be 1e-30 to 1.99";
    if (!(c->norm_eps >= 1e-30f && c->norm_eps < 1.0f)) return "norm_eps must be 1e-30 to below 1";
    for (size_t i = 0; i < c->layers; i++) {
        const char *problem = mixer_problem(c, i);
        if (problem) return problem;
    }
    return NULL;
}

void bitllama_config_init(bitllama_config *config)
{
    if (!config) return;
    *config = (bitllama_config){.size = sizeof *config,
                                .vocab_size = 2048,
                                .hidden_dim = 128,
                                .num_layers = 4,
                                .mlp_dim = 512,
                                .inner_dim = 64,
                                .head_dim = 32,
                                .inner_lr = 0.1f,
                                .norm_eps = 1e-5f};
    memset(config->mixers, BITLLAMA_INDUCTION, sizeof config->mixers);
}

const char *bt_config_import(bt_model_config *c, const bitllama_config *from)
{
    if (from->size != sizeof *from) return "the configuration's size field is wrong";
    *c = (bt_model_config){.vocab = from->vocab_size,
                           .dim = from->hidden_dim,
                           .layers = from->num_layers,
                           .mlp = from->mlp_dim,
                           .inner = from->inner_dim,
                           .head = from->head_dim,
                           .rate = from->inner_lr,
                           .norm_eps = from->norm_eps};
    for (size_t i = 0; i < BT_MAX_LAYERS && i < c->layers; i++) c->mixers[i] = from->mixers[i];
    return bt_config_problem(c);
}

void bt_config_export(const bt_model_config *c, bitllama_config *to)
{
    *to = (bitllama_config){.size = sizeof *to,
                            .vocab_size = c->vocab,
                            .hidden_dim = c->dim,
                            .num_layers = c->layers,
                            .mlp_dim = c->mlp,
                            .inner_dim = c->inner,
                            .head_dim = c->head,
                            .inner_lr = c->rate,
                            .norm_eps = c->norm_eps};
    memcpy(to->mixers, c->mixers, sizeof to->mixers);
}
