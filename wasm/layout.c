/* layout.c - asserts the layout of the structs that cross the boundary to JavaScript as bytes, as
 * ts/engine/structs.ts writes and reads them; tests/js/structs.test.mjs compares the two. It is compiled
 * for every target and makes no code.
 * SPDX-License-Identifier: MIT */
#include <bit_ttt/llama.h>
#include <bit_ttt/recall.h>
#include <bit_ttt/ttt.h>

#define AT(field, offset) (offsetof(STRUCT, field) == (offset))
#define STRUCT ttt_config
_Static_assert(AT(size, 0) && AT(objective, 4) && AT(hidden_dim, 8) && AT(seed, 16) &&
                   AT(inner_lr, 24) && AT(threads, 28) && AT(rule, 32) && AT(forgetting, 36) &&
                   AT(ridge, 40) && AT(reserved, 44) && sizeof(STRUCT) == 48,
               "ttt_config");
#undef STRUCT
#define STRUCT ttt_recall_options
_Static_assert(AT(size, 0) && AT(vocab, 4) && AT(capacity, 8) && AT(order, 12) &&
                   sizeof(STRUCT) == 16,
               "ttt_recall_options");
#undef STRUCT
#define STRUCT bitllama_config
_Static_assert(AT(size, 0) && AT(vocab_size, 4) && AT(hidden_dim, 8) && AT(num_layers, 12) &&
                   AT(mlp_dim, 16) && AT(inner_dim, 20) && AT(head_dim, 24) && AT(inner_lr, 28) &&
                   AT(norm_eps, 32) && AT(mixers, 36) && sizeof(STRUCT) == 100,
               "bitllama_config");
#undef STRUCT
#define STRUCT bitllama_session_options
_Static_assert(AT(size, 0) && AT(recall, 4) && AT(generated, 8) && sizeof(STRUCT) == 12,
               "bitllama_session_options");
#undef STRUCT
#define STRUCT bitllama_sampling
_Static_assert(AT(size, 0) && AT(temperature, 4) && AT(top_k, 8) && AT(top_p, 12) &&
                   AT(min_p, 16) && AT(repetition_penalty, 20) && AT(seed, 24) &&
                   sizeof(STRUCT) == 32,
               "bitllama_sampling");
#undef STRUCT
#define STRUCT bitllama_suggesting
_Static_assert(AT(size, 0) && AT(count, 4) && AT(min_probability, 8) && sizeof(STRUCT) == 12,
               "bitllama_suggesting");
#undef STRUCT
#define STRUCT bitllama_suggestion
_Static_assert(AT(probability, 0) && AT(length, 4) && AT(text, 8) && sizeof(STRUCT) == 256,
               "bitllama_suggestion");
#undef STRUCT
#define STRUCT bitllama_training
_Static_assert(AT(size, 0) && AT(batch, 4) && AT(context, 8) && AT(accumulate, 12) &&
                   AT(steps, 16) && AT(warmup, 20) && AT(threads, 24) && AT(bf16, 28) &&
                   AT(separator, 32) && AT(learning_rate, 36) && AT(final_learning_rate, 40) &&
                   AT(weight_decay, 44) && AT(beta1, 48) && AT(beta2, 52) && AT(clip, 56) &&
                   AT(repeat, 60) && AT(from_start, 64) && AT(dropout, 68) && AT(optimizer, 72) &&
                   AT(momentum, 76) && AT(seed, 80) && sizeof(STRUCT) == 88,
               "bitllama_training");
#undef STRUCT
#define STRUCT bitllama_step
_Static_assert(AT(loss, 0) && AT(learning_rate, 8) && AT(gradient_norm, 12) && AT(step, 16) &&
                   AT(tokens, 24) && sizeof(STRUCT) == 32,
               "bitllama_step");
#undef STRUCT
#define STRUCT ttt_error
_Static_assert(AT(status, 0) && AT(offset, 8) && AT(text, 16) && sizeof(STRUCT) == 272,
               "ttt_error");
