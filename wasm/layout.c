/* layout.c - asserts the layout of the structs that cross the boundary to JavaScript as bytes, as
 * ts/engine/structs.ts writes and reads them; tests/js/structs.test.mjs compares the two. It is compiled
 * for every target and makes no code.
 * SPDX-License-Identifier: MIT */
#include <bit_ttt/llama.h>
#include <bit_ttt/ttt.h>

#define AT(type, field, offset) (offsetof(type, field) == (offset))

_Static_assert(AT(ttt_config, size, 0) && AT(ttt_config, objective, 4) &&
                   AT(ttt_config, hidden_dim, 8) && AT(ttt_config, seed, 16) &&
                   AT(ttt_config, inner_lr, 24) && AT(ttt_config, threads, 28) &&
                   sizeof(ttt_config) == 32,
               "ttt_config");
_Static_assert(AT(bitllama_config, size, 0) && AT(bitllama_config, vocab_size, 4) &&
                   AT(bitllama_config, hidden_dim, 8) && AT(bitllama_config, num_layers, 12) &&
                   AT(bitllama_config, mlp_dim, 16) && AT(bitllama_config, inner_dim, 20) &&
                   AT(bitllama_config, head_dim, 24) && AT(bitllama_config, inner_lr, 28) &&
                   AT(bitllama_config, norm_eps, 32) && AT(bitllama_config, mixers, 36) &&
                   sizeof(bitllama_config) == 100,
               "bitllama_config");
_Static_assert(AT(bitllama_sampling, size, 0) && AT(bitllama_sampling, temperature, 4) &&
                   AT(bitllama_sampling, top_k, 8) && AT(bitllama_sampling, top_p, 12) &&
                   AT(bitllama_sampling, min_p, 16) &&
                   AT(bitllama_sampling, repetition_penalty, 20) &&
                   AT(bitllama_sampling, seed, 24) && sizeof(bitllama_sampling) == 32,
               "bitllama_sampling");
_Static_assert(AT(bitllama_training, size, 0) && AT(bitllama_training, batch, 4) &&
                   AT(bitllama_training, context, 8) && AT(bitllama_training, accumulate, 12) &&
                   AT(bitllama_training, steps, 16) && AT(bitllama_training, warmup, 20) &&
                   AT(bitllama_training, threads, 24) && AT(bitllama_training, bf16, 28) &&
                   AT(bitllama_training, separator, 32) &&
                   AT(bitllama_training, learning_rate, 36) &&
                   AT(bitllama_training, final_learning_rate, 40) &&
                   AT(bitllama_training, weight_decay, 44) && AT(bitllama_training, beta1, 48) &&
                   AT(bitllama_training, beta2, 52) && AT(bitllama_training, clip, 56) &&
                   AT(bitllama_training, repeat, 60) && AT(bitllama_training, from_start, 64) &&
                   AT(bitllama_training, dropout, 68) && AT(bitllama_training, seed, 72) &&
                   sizeof(bitllama_training) == 80,
               "bitllama_training");
_Static_assert(AT(bitllama_step, loss, 0) && AT(bitllama_step, learning_rate, 8) &&
                   AT(bitllama_step, gradient_norm, 12) && AT(bitllama_step, step, 16) &&
                   AT(bitllama_step, tokens, 24) && sizeof(bitllama_step) == 32,
               "bitllama_step");
_Static_assert(AT(ttt_error, status, 0) && AT(ttt_error, offset, 8) && AT(ttt_error, text, 16) &&
                   sizeof(ttt_error) == 272,
               "ttt_error");
