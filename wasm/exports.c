/* exports.c - flat functions for what structs and 64-bit integers make awkward to call from
 * JavaScript; everything else of ttt.h is exported as it is (exports.txt).
 *
 * 64-bit numbers cross as two 32-bit words, low word first, so that no engine needs BigInt support
 * at the boundary and every Emscripten version emits the same signatures.
 * SPDX-License-Identifier: MIT */
#include "words.h"

#include <bit_ttt/ttt.h>

int bt_wasm_create(uint32_t hidden_dim, uint32_t objective, uint32_t seed_low, uint32_t seed_high,
                   float inner_lr, uint32_t threads, void **model);
int bt_wasm_forward(void *model, const float *input, size_t len, float *output, float *surprise);
void bt_wasm_tokens_seen(const void *model, uint32_t words[2]);
void bt_wasm_fingerprint(const void *model, uint32_t words[2]);
int bt_wasm_conformance_hash(uint32_t words[2]);

/* ttt_create_from_config with its fields as arguments. */
int bt_wasm_create(uint32_t hidden_dim, uint32_t objective, uint32_t seed_low, uint32_t seed_high,
                   float inner_lr, uint32_t threads, void **model)
{
    ttt_config config;
    ttt_config_init(&config);
    config.hidden_dim = hidden_dim;
    config.objective = objective;
    config.seed = bt_join(seed_low, seed_high);
    config.inner_lr = inner_lr;
    config.threads = threads;
    return ttt_create_from_config(&config, model);
}

/* ttt_forward_ex for input and output [len], len a multiple of hidden_dim; surprise may be NULL. */
int bt_wasm_forward(void *model, const float *input, size_t len, float *output, float *surprise)
{
    size_t dim = ttt_hidden_dim(model);
    if (dim == 0) return TTT_NULL_POINTER;
    return ttt_forward_ex(model, input, len, len / dim, output, len, surprise);
}

void bt_wasm_tokens_seen(const void *model, uint32_t words[2])
{
    bt_split(ttt_tokens_seen(model), words);
}

void bt_wasm_fingerprint(const void *model, uint32_t words[2])
{
    bt_split(ttt_weights_fingerprint(model), words);
}

int bt_wasm_conformance_hash(uint32_t words[2])
{
    uint64_t hash = 0;
    int status = ttt_conformance_hash(&hash);
    bt_split(hash, words);
    return status;
}
