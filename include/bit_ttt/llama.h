/* llama.h - Bit-Llama: a small ternary language model whose memories learn as it reads.
 *
 *     x = embedding;  each layer: x += mixer(RMSNorm(x)), x += SwiGLU(RMSNorm(x));
 *     logits = head(RMSNorm(x))
 *
 * The mixer of a layer is a test-time-training memory (Sun et al. 2024, arXiv 2407.04620); linear
 * layers are ternary (BitNet b1.58, arXiv 2402.17764). A session holds the memories of one text:
 * their size does not depend on the length of the text. A recall (recall.h) beside them grows with
 * what is read, up to a bound.
 *
 * Tokens are numbers. Text is up to the caller: a model carries its tokenizer.json.
 *
 * Logits, log-probabilities, surprises, drawn tokens and saved states are equal to the last bit on
 * every kernel, compiler and target, and however a text is split into calls. Training gives the
 * same bits for any number of threads on one kernel.
 *
 * Threads: a model is immutable and may be used by any number of threads; a session and a trainer
 * are for one thread at a time. After fork() a trainer goes on with one thread in the child (see
 * ttt.h).
 * Failure: a call succeeds whole or changes nothing. `error` may be NULL. Objects that a function
 * sets through a pointer belong to the caller; the pointer is NULL after any error.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_LLAMA_H
#define BIT_TTT_LLAMA_H

#include "base.h"
#include "recall.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BITLLAMA_MAX_LAYERS 64u
#define BITLLAMA_NO_TOKEN UINT32_MAX

/* The memory of a layer. reconstruct and predict are those of ttt.h; induction is the delta rule of
 * Yang et al. 2024 (arXiv 2406.06484), with gates, and with the query of the token before as the
 * key. */
typedef enum bitllama_mixer {
    BITLLAMA_RECONSTRUCT = 0,
    BITLLAMA_PREDICT = 1,
    BITLLAMA_INDUCTION = 2
} bitllama_mixer;

/* The shape of a model; fill it with bitllama_config_init. */
typedef struct bitllama_config {
    uint32_t size;                                        /* sizeof(bitllama_config) */
    uint32_t vocab_size, hidden_dim, num_layers, mlp_dim; /* multiples of 16, but num_layers */
    uint32_t inner_dim, head_dim; /* induction: width of all heads together, and of one */
    float inner_lr;               /* learning rate of reconstruct and predict */
    float norm_eps;
    uint8_t mixers[BITLLAMA_MAX_LAYERS]; /* a bitllama_mixer for each layer */
} bitllama_config;

/* Defaults: vocab 2048, hidden 128, 4 layers of induction, mlp 512, inner 64, heads of 32. */
BT_API void bitllama_config_init(bitllama_config *config);

/* ---- model ----------------------------------------------------------------------------------- */

typedef struct bitllama_model bitllama_model;

/* Reads a model from the bytes of a file, which may be freed afterwards:
 *   - `.bitt`: the original's (f32, f16 or bf16 tensors) and this project's compact one (ternary
 *     weights in 2 bits, int8 embedding and head); `config` must be NULL;
 *   - `.safetensors`, with its config.json in `config` unless the file's metadata has one, as files
 *     written by this library do.
 * Memory is proportional to the file. Errors: NULL_POINTER, OUT_OF_MEMORY, MODEL_FORMAT,
 * MODEL_VERSION, MODEL_CONFIG, MODEL_TENSOR, MODEL_NON_FINITE. */
BT_API int bitllama_open(const void *file, size_t size, const void *config, size_t config_size,
                         bitllama_model **model, ttt_error *error);

#define BITLLAMA_MAX_SHARDS 1024u

/* One file of a sharded model. */
typedef struct bitllama_shard {
    const char *name; /* as the index has it: "model-00001-of-00002.safetensors" */
    const void *bytes;
    size_t size;
} bitllama_shard;

/* Reads a model from safetensors files, in any order, and their `model.safetensors.index.json`. The
 * bytes may be freed afterwards. The model and its fingerprint are those of one file with all
 * tensors. Each shard is checked like a single file. The index must list all tensors and no other:
 * each must be in the shard that weight_map names, and in no other. The rest of the index is
 * ignored. `config` as above; of metadata, that of the first shard by name that has one counts.
 * Errors as above: the text begins with the name of the shard (or "the index") that is wrong, and
 * the offset is one in that file. The names in an index are untrusted: look for shards in the
 * folder of the index only. */
BT_API int bitllama_open_sharded(const void *index, size_t index_size, const bitllama_shard *shards,
                                 size_t count, const void *config, size_t config_size,
                                 bitllama_model **model, ttt_error *error);
/* Models are reference-counted, atomically: share adds an owner and returns the model, release
 * removes one, and the last one frees the model. Sessions own a reference. NULL is fine. */
BT_API bitllama_model *bitllama_share(bitllama_model *model);
BT_API void bitllama_release(bitllama_model *model);

/* Properties of a model; 0 for NULL. The fingerprint is a hash of all that outputs depend on;
 * footprints are bytes of memory, for a garbage collector. */
BT_API void bitllama_get_config(const bitllama_model *model, bitllama_config *config);
BT_API uint64_t bitllama_parameters(const bitllama_model *model); /* number of weights */
BT_API uint64_t bitllama_fingerprint(const bitllama_model *model);
BT_API size_t bitllama_model_footprint(const bitllama_model *model);
/* The configuration as JSON, and the model's tokenizer.json (length 0: none): UTF-8 without a
 * terminating NUL, valid as long as the model. */
BT_API const char *bitllama_config_json(const bitllama_model *model, size_t *length);
BT_API const char *bitllama_tokenizer_json(const bitllama_model *model, size_t *length);

/* Writes the compact `.bitt` file to buffer [capacity] and sets *size to its size; a NULL buffer
 * asks for the size alone. tokenizer (JSON) replaces the model's own unless NULL. The file loads to
 * a model of the same fingerprint. Errors: NULL_POINTER, BUFFER_SIZE (*size is set then too),
 * INVALID_DATA (the tokenizer is not a JSON object), OUT_OF_MEMORY. */
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

/* The options of a session; fill it with bitllama_session_options_init, then change fields. */
typedef struct bitllama_session_options {
    uint32_t size; /* sizeof(bitllama_session_options) */
    /* Tokens that are remembered word for word: 0 (none), or a power of two from
     * TTT_RECALL_MIN_CAPACITY to TTT_RECALL_MAX_CAPACITY (recall.h has method, memory and time). */
    uint32_t recall;
    uint32_t generated; /* 1: what bitllama_session_write reads is remembered, too */
} bitllama_session_options;
/* Defaults: a recall of 32768 tokens (at most 1 MB), and generated 0. */
BT_API void bitllama_session_options_init(bitllama_session_options *options);

/* A session with empty memories; a copy of a session; memories emptied, as after creation. A
 * session keeps its model. bitllama_session_create makes one without recall: the model alone.
 * With recall a session also adapts the sharpness and the bias of the head to the text (dynamic
 * evaluation: Krause et al. 2018, arXiv 1709.07432), and what it predicts is the mixture of this
 * model and the recall, in log-probabilities, logits and draws.
 * Errors: NULL_POINTER, OUT_OF_MEMORY (create and fork), INVALID_OPTION (create_with). */
BT_API int bitllama_session_create(bitllama_model *model, bitllama_session **session);
BT_API int bitllama_session_create_with(bitllama_model *model,
                                        const bitllama_session_options *options,
                                        bitllama_session **session);
BT_API void bitllama_session_destroy(bitllama_session *session); /* NULL is fine */
BT_API int bitllama_session_fork(const bitllama_session *from, bitllama_session **session);
BT_API int bitllama_session_reset(bitllama_session *session);
BT_API uint64_t bitllama_session_tokens(const bitllama_session *session);  /* read so far */
BT_API size_t bitllama_session_footprint(const bitllama_session *session); /* without the model */

/* Reads n tokens and learns from them. logprobs [n] or NULL: log p(token | all tokens before) in
 * nats, of a uniform distribution for the first token. surprise [n] or NULL: the error of the
 * memories' predictions, |prediction - value|^2 / |value|^2 where value is what the token makes a
 * memory store, averaged over the layers. Errors: NULL_POINTER, INVALID_TOKEN, OUT_OF_MEMORY
 * (nothing is read then). */
BT_API int bitllama_session_read(bitllama_session *session, const uint32_t *tokens, size_t n,
                                 float *logprobs, float *surprise);
/* Reads n tokens that the session has drawn. The recall has them as context but does not remember
 * them, unless the session was made with `generated`. Without recall it is bitllama_session_read. */
BT_API int bitllama_session_write(bitllama_session *session, const uint32_t *tokens, size_t n);
/* Takes the memory for reading n more tokens, so that later calls cannot fail for want of it.
 * Errors: NULL_POINTER, OUT_OF_MEMORY. */
BT_API int bitllama_session_reserve(bitllama_session *session, size_t n);
/* Copies the logits of the next token to logits [vocab_size]; zeros before any. NULL_POINTER. */
BT_API int bitllama_session_logits(bitllama_session *session, float *logits);
/* While frozen (not 0), reading uses the memories but does not change them; nor are these tokens
 * learned later. A fork is frozen too; reset and load do not change it, and it is not part of a
 * saved state. Errors: NULL_POINTER. */
BT_API int bitllama_session_freeze(bitllama_session *session, int frozen);

/* How a token is drawn. Defaults (bitllama_sampling_init): temperature 0.7, min_p 0.1, the default
 * repetition penalty, seed 1. */
typedef struct bitllama_sampling {
    uint32_t size;            /* sizeof(bitllama_sampling) */
    float temperature;        /* 0 to 100; 0: the likeliest token, ties to the smaller id */
    uint32_t top_k;           /* 0: off */
    float top_p;              /* above 0, up to 1; 1: off (arXiv 1904.09751) */
    float min_p;              /* 0 to 1, relative to the likeliest; 0: off (arXiv 2407.01082) */
    float repetition_penalty; /* 1 to 10, over the last 64 tokens; 1: off (arXiv 1909.05858);
                               * 0: the default, 1.1, or off at temperature 0 */
    uint64_t seed;
} bitllama_sampling;
BT_API void bitllama_sampling_init(bitllama_sampling *sampling);

/* Draws the next token, without reading it. It depends on the tokens read and on the options alone:
 * a loaded session goes on with the same tokens. Errors: NULL_POINTER, INVALID_OPTION. */
BT_API int bitllama_session_draw(bitllama_session *session, const bitllama_sampling *sampling,
                                 uint32_t *token);

/* How words are suggested. Defaults (bitllama_suggesting_init): count 3, min_probability 0.003. */
typedef struct bitllama_suggesting {
    uint32_t size;         /* sizeof(bitllama_suggesting) */
    uint32_t count;        /* at most this many suggestions, 1 to BITLLAMA_MAX_SUGGESTIONS */
    float min_probability; /* 0 to 1: none that is less likely */
} bitllama_suggesting;
#define BITLLAMA_MAX_SUGGESTIONS 32u
BT_API void bitllama_suggesting_init(bitllama_suggesting *suggesting);

/* A word that may be meant. */
typedef struct bitllama_suggestion {
    float probability; /* that it comes next, given the letters typed */
    uint32_t length;   /* of text, in bytes */
    char text[248];    /* the whole word with the letters typed, UTF-8 with a terminating NUL */
} bitllama_suggestion;

/* Completes a word: suggests what begins with the letters typed [typed_size] (UTF-8, may be empty)
 * after the tokens `before` [n], which come after what the session has read. list [count] receives
 * the suggestions, the likeliest first, and *found their number. Nothing is learned by asking (but
 * it takes the session's scratch memory: one thread at a time).
 *
 * A word is letters with single apostrophes between; what is typed may begin with more ("of the w").
 * After a letter or a digit it follows a space, after a blank it does not (but spaces at the end of
 * `before` belong to it), after punctuation it may do both. Probabilities are those of model and
 * recall over all ways to cut it into tokens, mixed with counts of the words read, which have a
 * capital where a sentence begins. A larger count searches further.
 * The model must carry a tokenizer (byte-level BPE); the first call takes memory of about two
 * sessions that stays with it. Errors: NULL_POINTER, INVALID_TOKEN, INVALID_OPTION, INVALID_DATA (no such
 * tokenizer; typed is not UTF-8, has a NUL or more than 200 bytes), OUT_OF_MEMORY. */
BT_API int bitllama_session_suggest(const bitllama_session *session, const uint32_t *before,
                                    size_t n, const char *typed, size_t typed_size,
                                    const bitllama_suggesting *suggesting,
                                    bitllama_suggestion *list, uint32_t *found);

/* As ttt_state_size, ttt_save_state and ttt_load_state. Errors: NULL_POINTER; save: BUFFER_SIZE;
 * load: STATE_DAMAGED, STATE_VERSION, STATE_WEIGHTS (of another model), STATE_RECALL (of a recall of
 * another size, or of a session with recall where this one has none), OUT_OF_MEMORY. With recall the
 * size grows with what was read, up to a bound. A state without recall empties that of the session. */
BT_API size_t bitllama_session_state_size(const bitllama_session *session);
BT_API int bitllama_session_save(const bitllama_session *session, void *buffer, size_t size);
BT_API int bitllama_session_load(bitllama_session *session, const void *buffer, size_t size);

/* ---- training -------------------------------------------------------------------------------- */

typedef struct bitllama_trainer bitllama_trainer;

/* AdamW (arXiv 1711.05101); Muon (arXiv 2502.16982) learns more in each step. */
typedef enum bitllama_optimizer { BITLLAMA_ADAMW, BITLLAMA_MUON } bitllama_optimizer;

/* The options of a training; fill it with bitllama_training_init, then change fields. */
typedef struct bitllama_training {
    uint32_t size;           /* sizeof(bitllama_training) */
    uint32_t batch, context; /* windows of a batch (1 to 4096), tokens of a window (16 to 65536) */
    uint32_t accumulate;     /* batches of a step (1 to 65536) */
    uint32_t steps, warmup;  /* schedule: all steps, and those of linearly rising rate */
    uint32_t threads;        /* 1 to 64 */
    uint32_t bf16;      /* 1: f32 products round their operands to bfloat16, for AMX, AVX512_BF16 */
    uint32_t separator; /* the token before each document, or BITLLAMA_NO_TOKEN */
    float learning_rate, final_learning_rate; /* peak and final rate, with a cosine between */
    float weight_decay, beta1, beta2, clip;   /* AdamW; the limit of the gradient norm */
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

/* Copies tokens [n]; vocab_size is at most 65536. Errors: NULL_POINTER, MODEL_CONFIG, INVALID_OPTION,
 * INVALID_TOKEN, INVALID_DATA (n up to the context, or above 2^32), OUT_OF_MEMORY. */
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

/* One step, of which it fills *step; after the last of the schedule with the final rate. Errors:
 * NULL_POINTER, DIVERGED (loss or gradient is not finite; the weights stay as they were). */
BT_API int bitllama_trainer_step(bitllama_trainer *trainer, bitllama_step *step);

/* A model of the current weights, quantised, with a tokenizer (size 0: none). Errors: NULL_POINTER,
 * OUT_OF_MEMORY, INVALID_DATA (no JSON object), MODEL_NON_FINITE (a weight has become too large). */
BT_API int bitllama_trainer_model(const bitllama_trainer *trainer, const char *tokenizer,
                                  size_t tokenizer_size, bitllama_model **model);

/* As an f32 safetensors file, configuration and tokenizer inside; buffer, *size, errors: bitllama_pack. */
BT_API int bitllama_trainer_weights(const bitllama_trainer *trainer, const char *tokenizer,
                                    size_t tokenizer_size, void *buffer, size_t capacity,
                                    size_t *size);

/* A loaded trainer goes on as if it had never stopped; it must have the same configuration, tokens and
 * options, but threads, steps and warmup. Errors: NULL_POINTER; save: BUFFER_SIZE; load: CHECKPOINT. */
BT_API size_t bitllama_trainer_state_size(const bitllama_trainer *trainer);
BT_API int bitllama_trainer_save(const bitllama_trainer *trainer, void *buffer, size_t size);
BT_API int bitllama_trainer_load(bitllama_trainer *trainer, const void *buffer, size_t size,
                                 ttt_error *error);

/* Of what sessions of small random models give on the active kernel: the same on every machine, kernel
 * and target. Errors: NULL_POINTER, OUT_OF_MEMORY. */
BT_API int bitllama_conformance_hash(uint64_t *hash);

#ifdef __cplusplus
}
#endif
#endif
