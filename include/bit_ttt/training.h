/* training.h - trains Bit-Llamas: part of llama.h, which includes it.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_TRAINING_H
#define BIT_TTT_TRAINING_H

#include "llama.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bitllama_trainer bitllama_trainer;

/* AdamW (arXiv 1711.05101); Muon (arXiv 2502.16982): fewer steps to the same loss, each longer. */
typedef enum bitllama_optimizer { BITLLAMA_ADAMW, BITLLAMA_MUON } bitllama_optimizer;

/* The options of a training; fill it with bitllama_training_init, then change fields. */
typedef struct bitllama_training {
    uint32_t size;           /* sizeof(bitllama_training) */
    uint32_t batch, context; /* windows of a batch (1 to 4096), tokens of a window (16 to 65536) */
    uint32_t accumulate;     /* batches of a step (1 to 65536) */
    uint32_t steps, warmup;  /* schedule: all steps, and those of linearly rising rate */
    uint32_t threads;        /* 1 to 64 */
    uint32_t bf16;      /* 1: operands of f32 products are rounded to bfloat16, for AVX512_BF16 */
    uint32_t separator; /* the token before each document, or BITLLAMA_NO_TOKEN */
    float learning_rate, final_learning_rate; /* peak and final rate, with a cosine between */
    float weight_decay, beta1, beta2;         /* AdamW (arXiv 1711.05101) */
    float clip;                               /* limit of the gradient norm */
    float repeat;       /* share of windows in which a passage is repeated: teaches recall */
    float from_start;   /* share of windows that begin at the start of a document */
    float dropout;      /* 0 to 0.9, before the projections into the residual stream */
    uint32_t optimizer; /* of the ternary matrices: a bitllama_optimizer; AdamW has the others */
    float momentum;     /* of Muon */
    uint64_t seed;
} bitllama_training;
BT_API void bitllama_training_init(bitllama_training *training);
typedef struct bitllama_step {
    double loss;                        /* mean cross-entropy of the step's tokens, in nats */
    float learning_rate, gradient_norm; /* the norm before clipping */
    uint64_t step;                      /* steps done, with this one */
    uint64_t tokens;                    /* trained on in all steps */
} bitllama_step;

/* A trainer of a new model with random weights, and of a copy of tokens [n]; vocab_size may be at
 * most 65536. Errors: NULL_POINTER, MODEL_CONFIG, INVALID_OPTION, INVALID_TOKEN, INVALID_DATA
 * (fewer than context + 1 tokens, or more than 2^32), OUT_OF_MEMORY. */
BT_API int bitllama_trainer_create(const bitllama_config *config, const bitllama_training *training,
                                   const uint32_t *tokens, size_t n, bitllama_trainer **trainer,
                                   ttt_error *error);
BT_API void bitllama_trainer_destroy(bitllama_trainer *trainer); /* NULL is fine */

/* Begins from a model instead of random weights: f32 weights that quantise to what the model holds (as
 * with bitllama_rewrite). Before the first step only. Errors: NULL_POINTER, INVALID_OPTION (steps were
 * made), MODEL_CONFIG (another shape, with both values, or the original's convention). */
BT_API int bitllama_trainer_start_from(bitllama_trainer *trainer, const bitllama_model *model,
                                       ttt_error *error);

BT_API uint64_t bitllama_trainer_steps(const bitllama_trainer *trainer); /* done so far */
BT_API size_t bitllama_trainer_footprint(const bitllama_trainer *trainer);

/* One step of the optimiser, of which it fills *step. Steps after the last of the schedule have the
 * final rate. Errors: NULL_POINTER, DIVERGED (loss or gradient is not finite; the weights stay as
 * they were). */
BT_API int bitllama_trainer_step(bitllama_trainer *trainer, bitllama_step *step);

/* A model of the current weights, quantised, with a tokenizer (size 0: none). Errors: NULL_POINTER,
 * OUT_OF_MEMORY, INVALID_DATA (no JSON object), MODEL_NON_FINITE (a weight has become too large). */
BT_API int bitllama_trainer_model(const bitllama_trainer *trainer, const char *tokenizer,
                                  size_t tokenizer_size, bitllama_model **model);

/* Writes the weights as an f32 safetensors file, with configuration and tokenizer in its metadata.
 * Buffer, *size and errors as for bitllama_pack. */
BT_API int bitllama_trainer_weights(const bitllama_trainer *trainer, const char *tokenizer,
                                    size_t tokenizer_size, void *buffer, size_t capacity,
                                    size_t *size);

/* Checkpoints: weights, moments, step, generator and checksums. A loaded trainer goes on as if training
 * had never stopped. It must have the same configuration, tokens and options, but for threads, steps
 * and warmup. Errors: NULL_POINTER; save: BUFFER_SIZE; load: CHECKPOINT. */
BT_API size_t bitllama_trainer_state_size(const bitllama_trainer *trainer);
BT_API int bitllama_trainer_save(const bitllama_trainer *trainer, void *buffer, size_t size);
BT_API int bitllama_trainer_load(bitllama_trainer *trainer, const void *buffer, size_t size,
                                 ttt_error *error);

#ifdef __cplusplus
}
#endif
#endif
