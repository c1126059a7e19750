/* llama.c - flat functions for what structs and 64-bit integers make awkward to call of llama.h;
 * everything else is exported as it is (exports.txt). Options cross as arrays of doubles, which
 * TypeScript has checked; a double that is no number of the wanted kind becomes one that is refused.
 * SPDX-License-Identifier: MIT */
#include "words.h"

#include <bit_ttt/llama.h>

void bt_wasm_llama_parameters(const bitllama_model *model, uint32_t words[2]);
void bt_wasm_llama_fingerprint(const bitllama_model *model, uint32_t words[2]);
int bt_wasm_llama_hash(uint32_t words[2]);
void bt_wasm_session_tokens(const bitllama_session *session, uint32_t words[2]);
int bt_wasm_session_draw(bitllama_session *session, const double options[5], uint32_t seed_low,
                         uint32_t seed_high, uint32_t *token);
int bt_wasm_trainer_create(const double config[8], const uint8_t *mixers, const double training[17],
                           uint32_t seed_low, uint32_t seed_high, const uint32_t *tokens, size_t n,
                           bitllama_trainer **trainer, ttt_error *error);
int bt_wasm_trainer_step(bitllama_trainer *trainer, double report[5]);
void bt_wasm_trainer_steps(const bitllama_trainer *trainer, uint32_t words[2]);

static uint32_t whole(double value)
{
    return value >= 0 && value <= 4294967295.0 ? (uint32_t)value : UINT32_MAX;
}

void bt_wasm_llama_parameters(const bitllama_model *model, uint32_t words[2])
{
    bt_split(bitllama_parameters(model), words);
}

void bt_wasm_llama_fingerprint(const bitllama_model *model, uint32_t words[2])
{
    bt_split(bitllama_fingerprint(model), words);
}

int bt_wasm_llama_hash(uint32_t words[2])
{
    uint64_t hash = 0;
    int status = bitllama_conformance_hash(&hash);
    bt_split(hash, words);
    return status;
}

void bt_wasm_session_tokens(const bitllama_session *session, uint32_t words[2])
{
    bt_split(bitllama_session_tokens(session), words);
}

/* options: temperature, top_k, top_p, min_p, repetition_penalty. */
int bt_wasm_session_draw(bitllama_session *session, const double options[5], uint32_t seed_low,
                         uint32_t seed_high, uint32_t *token)
{
    bitllama_sampling sampling;
    bitllama_sampling_init(&sampling);
    sampling.temperature = (float)options[0];
    sampling.top_k = whole(options[1]);
    sampling.top_p = (float)options[2];
    sampling.min_p = (float)options[3];
    sampling.repetition_penalty = (float)options[4];
    sampling.seed = bt_join(seed_low, seed_high);
    return bitllama_session_draw(session, &sampling, token);
}

static void read_config(const double from[8], const uint8_t *mixers, bitllama_config *config)
{
    bitllama_config_init(config);
    config->vocab_size = whole(from[0]);
    config->hidden_dim = whole(from[1]);
    config->num_layers = whole(from[2]);
    config->mlp_dim = whole(from[3]);
    config->inner_dim = whole(from[4]);
    config->head_dim = whole(from[5]);
    config->inner_lr = (float)from[6];
    config->norm_eps = (float)from[7];
    for (uint32_t i = 0; i < config->num_layers && i < BITLLAMA_MAX_LAYERS; i++)
        config->mixers[i] = mixers[i];
}

static void read_training(const double from[17], bitllama_training *training)
{
    bitllama_training_init(training);
    training->batch = whole(from[0]);
    training->context = whole(from[1]);
    training->accumulate = whole(from[2]);
    training->steps = whole(from[3]);
    training->warmup = whole(from[4]);
    training->threads = whole(from[5]);
    training->bf16 = whole(from[6]);
    training->separator = whole(from[7]); /* -1: BITLLAMA_NO_TOKEN */
    training->learning_rate = (float)from[8];
    training->final_learning_rate = (float)from[9];
    training->weight_decay = (float)from[10];
    training->beta1 = (float)from[11];
    training->beta2 = (float)from[12];
    training->clip = (float)from[13];
    training->repeat = (float)from[14];
    training->from_start = (float)from[15];
    training->dropout = (float)from[16];
}

/* config: vocab_size, hidden_dim, num_layers, mlp_dim, inner_dim, head_dim, inner_lr, norm_eps;
 * mixers has num_layers entries; training: the fields of bitllama_training in their order, without
 * size and seed. */
int bt_wasm_trainer_create(const double config[8], const uint8_t *mixers, const double training[17],
                           uint32_t seed_low, uint32_t seed_high, const uint32_t *tokens, size_t n,
                           bitllama_trainer **trainer, ttt_error *error)
{
    bitllama_config shape;
    bitllama_training options;
    read_config(config, mixers, &shape);
    read_training(training, &options);
    options.seed = bt_join(seed_low, seed_high);
    return bitllama_trainer_create(&shape, &options, tokens, n, trainer, error);
}

/* report: loss, learning_rate, gradient_norm, step, tokens. */
int bt_wasm_trainer_step(bitllama_trainer *trainer, double report[5])
{
    bitllama_step step;
    int status = bitllama_trainer_step(trainer, &step);
    if (status != TTT_OK) return status;
    report[0] = step.loss;
    report[1] = (double)step.learning_rate;
    report[2] = (double)step.gradient_norm;
    report[3] = (double)step.step;
    report[4] = (double)step.tokens;
    return TTT_OK;
}

void bt_wasm_trainer_steps(const bitllama_trainer *trainer, uint32_t words[2])
{
    bt_split(bitllama_trainer_steps(trainer), words);
}
