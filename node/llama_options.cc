// llama_options.cc - the numbers that describe a model and its training.
// SPDX-License-Identifier: MIT
#include "llama.h"

#include <cstring>

const char *ReadConfig(const Span<double> &values, const Span<uint8_t> &mixers,
                       bitllama_config *config)
{
    bitllama_config_init(config);
    uint32_t *const counts[] = {&config->vocab_size, &config->hidden_dim, &config->num_layers,
                                &config->mlp_dim,    &config->inner_dim,  &config->head_dim};
    size_t n = sizeof counts / sizeof counts[0];
    if (values.length != n + 2) return "the configuration must have eight numbers";
    for (size_t i = 0; i < n; i++)
        if (!ToUint32(values.data[i], counts[i]))
            return "the sizes of a model must be whole numbers of 32 bits";
    config->inner_lr = static_cast<float>(values.data[n]);
    config->norm_eps = static_cast<float>(values.data[n + 1]);
    if (mixers.length != config->num_layers || mixers.length > BITLLAMA_MAX_LAYERS)
        return "there must be 1 to 64 layers, and a mixer for each";
    std::memset(config->mixers, 0, sizeof config->mixers);
    if (mixers.data) std::memcpy(config->mixers, mixers.data, mixers.length);
    return nullptr;
}

const char *ReadTraining(const Span<double> &values, bitllama_training *training)
{
    uint32_t *const counts[] = {&training->batch, &training->context,  &training->accumulate,
                                &training->steps, &training->warmup,   &training->threads,
                                &training->bf16,  &training->separator};
    float *const rates[] = {&training->learning_rate, &training->final_learning_rate,
                            &training->weight_decay,  &training->beta1,
                            &training->beta2,         &training->clip,
                            &training->repeat,        &training->from_start,
                            &training->dropout};
    size_t n = sizeof counts / sizeof counts[0], m = sizeof rates / sizeof rates[0];
    if (values.length != n + m) return "the training options must be seventeen numbers";
    for (size_t i = 0; i + 1 < n; i++)
        if (!ToUint32(values.data[i], counts[i]))
            return "batch, context, accumulate, steps, warmup, threads and bf16 must be whole "
                   "numbers of 32 bits";
    double separator = values.data[n - 1];
    if (separator == -1) training->separator = BITLLAMA_NO_TOKEN;
    else if (!ToUint32(separator, &training->separator) || training->separator == BITLLAMA_NO_TOKEN)
        return "separator must be a token of the vocabulary";
    for (size_t i = 0; i < m; i++) *rates[i] = static_cast<float>(values.data[n + i]);
    return nullptr;
}
