/* llama.h - Bit-Llama: a small language model of ternary weights, whose memory learns as it reads.
 *
 *     x = embedding;  per layer: x += mixer(RMSNorm(x)), x += SwiGLU(RMSNorm(x));  logits = head(x)
 *
 * A model is immutable and may be shared by any number of sessions on any threads. A session holds
 * what was read: its size does not depend on the length of the text. One session may be used by one
 * thread at a time. All memory of a session is taken when it is created.
 *
 * Tokens are numbers; text is for the caller (a model file carries its tokenizer.json for that).
 * Logits, log-probabilities, surprises, drawn tokens and saved states are equal to the last bit on
 * every kernel, compiler and target, and for any split of a text into calls. Training gives the
 * same bits for any number of threads on one kernel.
 *
 * fork(): as ttt.h says of layers; a trainer made before goes on with one thread in the child.
 * Failure: a call succeeds whole or changes nothing. `error` may be NULL everywhere.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_LLAMA_H
#define BIT_TTT_LLAMA_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BITLLAMA_MAX_LAYERS 64u
#define BITLLAMA_NO_TOKEN UINT32_MAX

/* The memory of a layer. induction: Yang et al. 2024 (arXiv 2406.06484) with keys shifted by one
 * token and tied to the queries; the other two are those of ttt.h. */
typedef enum bitllama_mixer {
    BITLLAMA_RECONSTRUCT = 0,
    BITLLAMA_PREDICT = 1,
    BITLLAMA_INDUCTION = 2
} bitllama_mixer;

/* The shape of a model; fill it with bitllama_config_init. */
typedef struct bitllama_config {
    uint32_t size;                                        /* sizeof(bitllama_config) */
    uint32_t vocab_size, hidden_dim, num_layers, mlp_dim; /* multiples of 16, but num_layers */
    uint32_t inner_dim, head_dim; /* induction: width of all heads, and of one */
    float inner_lr;               /* reconstruct and predict, as of the original's config.json */
    float norm_eps;
    uint8_t mixers[BITLLAMA_MAX_LAYERS]; /* a bitllama_mixer for each layer */
} bitllama_config;

/* Defaults: vocab 2048, hidden 128, 4 layers of induction, mlp 512, inner 64, heads of 32. */
BT_API void bitllama_config_init(bitllama_config *config);

/* ---- model ----------------------------------------------------------------------------------- */

typedef struct bitllama_model bitllama_model;

/* Reads a model from the bytes of a file, which are not needed afterwards:
 *   - `.bitt`: the original's (f32, f16 or bf16 tensors) and this project's compact one (ternary
 *     weights in 2 bits, int8 embedding and head); `config` is then NULL;
 *   - `.safetensors` with the bytes of its config.json in `config` (needed unless the file's
 *     metadata carries one, as those written here do).
 * Errors: NULL_POINTER, OUT_OF_MEMORY, MODEL_FORMAT, MODEL_VERSION, MODEL_CONFIG, MODEL_TENSOR,
 * MODEL_NON_FINITE. Memory is in proportion to the file. */
BT_API int bitllama_open(const void *file, size_t size, const void *config, size_t config_size,
                         bitllama_model **model, ttt_error *error);

#define BITLLAMA_MAX_SHARDS 1024u

/* A file of a model that lies in several. */
typedef struct bitllama_shard {
    const char *name; /* as the index has it: "model-00001-of-00002.safetensors" */
    const void *bytes;
    size_t size;
} bitllama_shard;

/* Reads a model from safetensors files and their `model.safetensors.index.json`, in any order; their
 * bytes are not needed afterwards. It is the same model, of the same fingerprint, as from one file with
 * all tensors. Each shard is checked as a file is that stands alone, and the index against all: each
 * tensor must be in the shard that its weight_map names and in no other, and neither the index nor a
 * shard may have one more. The rest of the index is ignored. `config` as above; the metadata of the
 * first shard by name that carries one counts.
 * Errors as above; the text begins with the name of the shard (or "the index") that one is in, and the
 * offset counts within that. The names in an index are a stranger's: look for such files in the model's
 * own folder only. */
BT_API int bitllama_open_sharded(const void *index, size_t index_size, const bitllama_shard *shards,
                                 size_t count, const void *config, size_t config_size,
                                 bitllama_model **model, ttt_error *error);
BT_API bitllama_model *bitllama_share(bitllama_model *model); /* one more owner */
BT_API void bitllama_release(bitllama_model *model);          /* NULL is fine */

BT_API void bitllama_get_config(const bitllama_model *model, bitllama_config *config);
BT_API uint64_t bitllama_parameters(const bitllama_model *model); /* weights, counted one by one */
BT_API uint64_t bitllama_fingerprint(const bitllama_model *model);
/* Bytes of the process that it occupies, for a garbage collector to know; here and below 0 for NULL. */
BT_API size_t bitllama_model_footprint(const bitllama_model *model);
/* The configuration as JSON, and the tokenizer.json that came with the model (length 0: none did):
 * UTF-8 without a terminating NUL, the model's. */
BT_API const char *bitllama_config_json(const bitllama_model *model, size_t *length);
BT_API const char *bitllama_tokenizer_json(const bitllama_model *model, size_t *length);

/* Writes the compact `.bitt` file: *size is set to its bytes; a NULL buffer asks for that alone.
 * tokenizer (JSON) replaces the model's own unless NULL. The file loads to a model of the same
 * fingerprint. BUFFER_SIZE if it does not fit (*size is set then too), INVALID_DATA if the
 * tokenizer is not a JSON object, OUT_OF_MEMORY. */
BT_API int bitllama_pack(const bitllama_model *model, const char *tokenizer, size_t tokenizer_size,
                         void *buffer, size_t capacity, size_t *size);

/* The files of a model, as bitllama_open and bitllama_open_sharded take them. */
typedef struct bitllama_files {
    const bitllama_shard *list; /* without an index: one file, whose name is not used */
    size_t count;
    const void *index; /* NULL: there is none */
    size_t index_size;
    const void *config; /* as with bitllama_open */
    size_t config_size;
} bitllama_files;

/* Kinds of files of f32 tensors: the original's single file, and a safetensors file. */
typedef enum bitllama_format { BITLLAMA_BITT = 0, BITLLAMA_SAFETENSORS = 1 } bitllama_format;

#define BITLLAMA_MAX_METADATA 64u

/* An entry of a safetensors file's __metadata__: UTF-8 with a terminating NUL. */
typedef struct bitllama_metadata {
    const char *key, *value;
} bitllama_metadata;

/* What bitllama_rewrite reads and writes. tokenizer (JSON) goes into the header of a .bitt file in
 * place of the input's, unless it is NULL; of length 0, there is none. metadata is that of the
 * safetensors part: with the texts of config.json and tokenizer.json as "config" and "tokenizer", a
 * .safetensors file needs no others beside it. */
typedef struct bitllama_rewriting {
    uint32_t size;        /* sizeof(bitllama_rewriting) */
    uint32_t format;      /* a bitllama_format */
    bitllama_files files; /* the input */
    const char *tokenizer;
    size_t tokenizer_size;
    const bitllama_metadata *metadata; /* [entries], at most BITLLAMA_MAX_METADATA */
    size_t entries;
} bitllama_rewriting;

/* Writes the tensors of a model's files as f32, in the order of the headers: f32 to the bit, f16 and
 * bf16 widened exactly, those of a compact file as weights that quantise to what is stored, so that
 * the model keeps its fingerprint. (It may change where all codes of a ternary tensor are 0, or where
 * a scale is near the limits of its range.) Tensors that the configuration does not ask for are kept
 * if they can be f32. A .bitt file gets the input's configuration as it stands there and, if that has
 * a format_version, a checksum.
 * Errors: those of opening the files, which each call does; *size and buffer as with bitllama_pack,
 * BUFFER_SIZE; INVALID_OPTION (size or format); INVALID_DATA (the tokenizer is not a JSON object; the
 * metadata is too large, has a key twice or is not UTF-8). The buffer may not overlap the files. */
BT_API int bitllama_rewrite(const bitllama_rewriting *rewriting, void *buffer, size_t capacity,
                            size_t *size, ttt_error *error);

/* ---- session --------------------------------------------------------------------------------- */

typedef struct bitllama_session bitllama_session;

BT_API int bitllama_session_create(bitllama_model *model, bitllama_session **session);
BT_API void bitllama_session_destroy(bitllama_session *session); /* NULL is fine */
BT_API int bitllama_session_fork(const bitllama_session *from, bitllama_session **session);
BT_API int bitllama_session_reset(bitllama_session *session);
BT_API uint64_t bitllama_session_tokens(const bitllama_session *session);  /* read so far */
BT_API size_t bitllama_session_footprint(const bitllama_session *session); /* without the model */

/* Reads n tokens and learns from them. logprobs [n] (or NULL): log p(token | all before), natural;
 * uniform for the very first. surprise [n] (or NULL): how badly the memories of all layers foresaw
 * what the token made them store, relative to its size: mean of |prediction - value|^2 / |value|^2.
 * Errors: NULL_POINTER, INVALID_TOKEN (nothing is read then). */
BT_API int bitllama_session_read(bitllama_session *session, const uint32_t *tokens, size_t n,
                                 float *logprobs, float *surprise);
/* Copies the logits [vocab_size] for the token to come; zeros before the first token. */
BT_API int bitllama_session_logits(bitllama_session *session, float *logits);
/* While frozen, reading uses the memories but does not change them; what was read then is not
 * learned later either. A fork is frozen too; a saved state does not say, and reset leaves it. */
BT_API int bitllama_session_freeze(bitllama_session *session, int frozen);

/* How a token is chosen. Defaults (bitllama_sampling_init): temperature 0.7, min_p 0.1, the usual
 * repetition penalty, seed 1. */
typedef struct bitllama_sampling {
    uint32_t size;            /* sizeof(bitllama_sampling) */
    float temperature;        /* 0 to 100; 0: the likeliest, ties to the smaller id */
    uint32_t top_k;           /* 0: off */
    float top_p;              /* above 0, at most 1: off (arXiv 1904.09751) */
    float min_p;              /* 0: off, to 1; relative to the likeliest (arXiv 2407.01082) */
    float repetition_penalty; /* 1: off, to 10 (arXiv 1909.05858), over the last 64 tokens; 0: the
                               * usual, 1.1, and off at temperature 0 */
    uint64_t seed;
} bitllama_sampling;
BT_API void bitllama_sampling_init(bitllama_sampling *sampling);

/* Chooses the next token; it is not read yet. The choice depends on what was read, the options and
 * the number of tokens read, on nothing else: a restored session goes on with the same tokens.
 * Errors: NULL_POINTER, INVALID_OPTION. */
BT_API int bitllama_session_draw(bitllama_session *session, const bitllama_sampling *sampling,
                                 uint32_t *token);

/* As ttt_save_state and ttt_load_state: BUFFER_SIZE; STATE_DAMAGED, STATE_VERSION, STATE_WEIGHTS
 * (of another model). */
BT_API size_t bitllama_session_state_size(const bitllama_session *session);
BT_API int bitllama_session_save(const bitllama_session *session, void *buffer, size_t size);
BT_API int bitllama_session_load(bitllama_session *session, const void *buffer, size_t size);

/* ---- training -------------------------------------------------------------------------------- */

typedef struct bitllama_trainer bitllama_trainer;

/* Fill with bitllama_training_init, then change what you need. */
typedef struct bitllama_training {
    uint32_t size;           /* sizeof(bitllama_training) */
    uint32_t batch, context; /* windows a batch, tokens a window (16 to 65536) */
    uint32_t accumulate;     /* batches a step */
    uint32_t steps, warmup;  /* steps in all (the schedule), and of rising rate */
    uint32_t threads;        /* 1 to 64 */
    uint32_t bf16;      /* 1: f32 products round their operands to bfloat16, which is faster on a
                              * CPU with AVX512_BF16 (0) */
    uint32_t separator; /* the token before each document, or BITLLAMA_NO_TOKEN */
    float learning_rate, final_learning_rate; /* peak, and last; cosine in between */
    float weight_decay, beta1, beta2, clip;   /* AdamW (arXiv 1711.05101); largest gradient norm */
    float repeat;     /* share of windows in which a passage stands twice: teaches recall */
    float from_start; /* share of windows that begin where a document does */
    float dropout;    /* share of what the projections into the stream read that is set to 0, 0 to
                       * 0.9: against learning a short text by heart */
    uint64_t seed;
} bitllama_training;
BT_API void bitllama_training_init(bitllama_training *training);

typedef struct bitllama_step {
    double loss; /* mean nats a token of the step */
    float learning_rate, gradient_norm;
    uint64_t step;   /* steps done, this one included */
    uint64_t tokens; /* trained on since the start, all steps */
} bitllama_step;

/* A new model with random weights, to be trained on tokens [n], which are copied (ids below
 * vocab_size, at most 65536 of them). Errors: NULL_POINTER, MODEL_CONFIG, INVALID_OPTION,
 * INVALID_TOKEN, INVALID_DATA (fewer than context + 1 tokens), OUT_OF_MEMORY. */
BT_API int bitllama_trainer_create(const bitllama_config *config, const bitllama_training *training,
                                   const uint32_t *tokens, size_t n, bitllama_trainer **trainer,
                                   ttt_error *error);
BT_API void bitllama_trainer_destroy(bitllama_trainer *trainer); /* NULL is fine */

BT_API uint64_t bitllama_trainer_steps(const bitllama_trainer *trainer); /* done so far */
BT_API size_t bitllama_trainer_footprint(const bitllama_trainer *trainer);

/* One optimiser step. DIVERGED if the loss is not finite: the weights are then as before. Steps
 * past `steps` go on at the final rate. */
BT_API int bitllama_trainer_step(bitllama_trainer *trainer, bitllama_step *step);

/* The model as it stands, quantised as it would be shipped. INVALID_DATA if the tokenizer is not a
 * JSON object (length 0: none), MODEL_NON_FINITE if a weight has become too large. */
BT_API int bitllama_trainer_model(const bitllama_trainer *trainer, const char *tokenizer,
                                  size_t tokenizer_size, bitllama_model **model);

/* The weights as an f32 safetensors file with config and tokenizer in its metadata; *size and
 * buffer as with bitllama_pack. */
BT_API int bitllama_trainer_weights(const bitllama_trainer *trainer, const char *tokenizer,
                                    size_t tokenizer_size, void *buffer, size_t capacity,
                                    size_t *size);

/* Everything that training needs to go on as if it had never stopped (weights, moments, step,
 * generator), checksummed. Loading needs a trainer of the same configuration, options (threads,
 * steps and warmup may differ) and tokens: BUFFER_SIZE, CHECKPOINT. */
BT_API size_t bitllama_trainer_state_size(const bitllama_trainer *trainer);
BT_API int bitllama_trainer_save(const bitllama_trainer *trainer, void *buffer, size_t size);
BT_API int bitllama_trainer_load(bitllama_trainer *trainer, const void *buffer, size_t size,
                                 ttt_error *error);

/* Runs small models of random weights through everything a session does, on the active kernel, and
 * hashes logits, log-probabilities, surprises, drawn tokens and states: the same number on every
 * machine, kernel and target. Errors: NULL_POINTER, OUT_OF_MEMORY. */
BT_API int bitllama_conformance_hash(uint64_t *hash);

#ifdef __cplusplus
}
#endif
#endif
