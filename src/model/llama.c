/* llama.c - the public questions about a model.
 * SPDX-License-Identifier: MIT */
#include "model.h"

bitllama_model *bitllama_share(bitllama_model *model)
{
    return model ? bt_model_share(model) : NULL;
}

void bitllama_release(bitllama_model *model)
{
    bt_model_release(model);
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

size_t bitllama_model_footprint(const bitllama_model *model)
{
    return model ? bt_model_footprint(model) : 0;
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
