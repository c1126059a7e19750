/* model_support.c - small random models, for the tests of sessions, files and training.
 * SPDX-License-Identifier: MIT */
#include "model_support.h"

#include "check.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

bt_model_config config_of(bt_mixer mixer)
{
    return (bt_model_config){.vocab = VOCAB,
                             .dim = 64,
                             .layers = 2,
                             .mlp = 80,
                             .inner = 64,
                             .head = 32,
                             .rate = mixer == BT_PREDICT ? 0.5f : 0.1f,
                             .norm_eps = 1e-5f,
                             .mixers = {(uint8_t)mixer, (uint8_t)mixer}};
}

weights make_weights(const bt_model_config *c)
{
    weights w = {0};
    rng r = {5};
    REQUIRE(bt_params_init(&w.params, c, &w.blocks));
    w.values = must_alloc(w.params.floats * sizeof(float));
    bt_params_randomize(&w.params, w.values, 9);
    for (size_t i = 0; i < w.params.floats; i++) w.values[i] += rng_float(&r, -0.05f, 0.05f);
    return w;
}

void free_weights(weights *w)
{
    free(w->values);
    bt_region_free(&w->blocks);
}

const float *find_weights(void *context, const char *name)
{
    const weights *w = context;
    for (size_t i = 0; i < w->params.tensor_count; i++) {
        char own[BT_NAME_SIZE];
        bt_param_name(&w->params.tensors[i], own);
        if (strcmp(own, name) == 0) return w->values + w->params.tensors[i].offset;
    }
    return NULL;
}

bt_model *build_model(const weights *w)
{
    bt_model *model = NULL;
    REQUIRE(bt_model_build(&w->params.config, NULL, 0, bt_flat_source, w->values, &model, NULL) ==
            TTT_OK);
    return model;
}

void make_ids(uint32_t ids[TOKENS])
{
    rng r = {21};
    for (size_t i = 0; i < TOKENS; i++) ids[i] = (uint32_t)rng_below(&r, VOCAB);
    memcpy(ids + 40, ids, 30 * sizeof *ids);
}

bitllama_session *open_session(bitllama_model *model)
{
    bitllama_session *s = NULL;
    REQUIRE(bitllama_session_create(model, &s) == TTT_OK);
    return s;
}
