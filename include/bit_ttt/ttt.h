/* ttt.h - the test-time-training layer: a memory that learns with every token it reads.
 *
 * One layer holds two fixed ternary matrices and a small fast-weight matrix W [d][d], d = D / 4,
 * D = hidden_dim. For each token x [D] (Sun et al. 2024, arXiv 2407.04620, section 2, with the
 * ternary projections of BitNet b1.58, arXiv 2402.17764, section 2):
 *
 *     f = L2norm(down(x))            ternary projection of x quantised to int8 by its absmax
 *     reconstruct:  r = W f;  W <- W - inner_lr (r - f) f^T;     surprise = |r - f|^2
 *     predict:      W <- W - inner_lr (W k - f) k^T;  r = W f;   surprise = |W k - f|^2,
 *                   k being the f of the token before (zero for the first)
 *     y = up(r) + x
 *
 * up(r) is the integer product of r's int8 values times max |r| / 127. The original divides it by
 * 127 / max |r|, which now and then rounds the last bit the other way and is slower: its results
 * are met within 1e-5, as its order of summation differs as well.
 *
 * The memory lives on between calls: one call with ten tokens and ten calls with one token compute
 * the same. Outputs and states are equal to the last bit on every kernel, thread count, compiler
 * and target.
 *
 * Threads: a layer may be used by one thread at a time, different layers by any number at once. After
 * fork() a layer with threads > 1 computes the same in the child, with one thread; layers made there have
 * their own. One that another thread was using at the time of the fork may only be destroyed there.
 * Failure: a call succeeds whole or changes nothing, neither its output nor the memory.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_TTT_H
#define BIT_TTT_TTT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TTT_MIN_HIDDEN_DIM 4u
#define TTT_MAX_HIDDEN_DIM 65536u
#define TTT_MAX_THREADS 64u
#define TTT_DEFAULT_SEED 1u

typedef enum ttt_objective {
    TTT_RECONSTRUCT = 0, /* W learns f(t) -> f(t): the original engine's objective */
    TTT_PREDICT = 1      /* W learns f(t-1) -> f(t), read after the update */
} ttt_objective;

/* What a layer is made from; fill it with ttt_config_init, then change what you need. */
typedef struct ttt_config {
    uint32_t size;       /* sizeof(ttt_config), so that later versions can add fields */
    uint32_t objective;  /* a ttt_objective */
    uint64_t hidden_dim; /* D, TTT_MIN_HIDDEN_DIM to TTT_MAX_HIDDEN_DIM */
    uint64_t seed;       /* of the ternary weights; equal seeds give equal weights everywhere */
    float inner_lr;      /* finite; stable between 0 and 2, anything else may diverge */
    uint32_t threads;    /* 1 to TTT_MAX_THREADS, the calling one included; no effect on results */
} ttt_config;

/* Defaults: reconstruct, hidden_dim 64, inner_lr 0.1, the fixed seed, one thread. NULL is fine. */
BT_API void ttt_config_init(ttt_config *config);

/* Makes a layer with an empty memory. *model is the caller's to destroy; NULL on any error.
 * Errors: NULL_POINTER, DIMENSION_MISMATCH (hidden_dim), INVALID_CONFIG, OUT_OF_MEMORY. */
BT_API int ttt_create_from_config(const ttt_config *config, void **model);

/* The original's constructor: objective reconstruct, default seed, one thread. NULL on failure. */
BT_API void *ttt_create(size_t hidden_dim, float inner_lr);

/* Frees a layer. NULL is fine. */
BT_API void ttt_destroy(void *model);

/* Reads seq_len tokens: input [seq_len][hidden_dim] to output of the same shape, row-major.
 * output may be input itself. Errors: NULL_POINTER, DIMENSION_MISMATCH (seq_len 0 or
 * overflowing), NON_FINITE, INPUT_RANGE, DIVERGED, OVERLAP. */
BT_API int ttt_forward(void *model, const float *input, size_t seq_len, float *output);

/* The same with lengths checked: input_len and output_len count floats and must both equal
 * seq_len * hidden_dim, otherwise DIMENSION_MISMATCH. surprise [seq_len] may be NULL: 1 for a
 * feature never seen, towards 0 as the memory learns it. */
BT_API int ttt_forward_ex(void *model, const float *input, size_t input_len, size_t seq_len,
                          float *output, size_t output_len, float *surprise);

/* Replaces the ternary weights: down [hidden_dim][d], up [d][hidden_dim], each -1, 0 or 1,
 * row-major ([in][out]). Copies them and resets the memory, which was learned with the old ones.
 * Errors: NULL_POINTER, INVALID_WEIGHTS, OUT_OF_MEMORY. */
BT_API int ttt_set_weights(void *model, const int8_t *down, const int8_t *up);

/* Copies the ternary weights out, in the layout of ttt_set_weights. */
BT_API int ttt_get_weights(const void *model, int8_t *down, int8_t *up);

/* Empties the memory: the layer is as it was created. */
BT_API int ttt_reset(void *model);

/* A second layer with a copy of the memory; nothing mutable is shared. NULL on failure. */
BT_API void *ttt_clone(const void *model);

/* Size of a saved state in bytes; 0 for NULL. Constant over the life of a layer. */
BT_API size_t ttt_state_size(const void *model);

/* Writes the memory to buffer (size >= ttt_state_size, else BUFFER_SIZE): a versioned,
 * checksummed, little-endian blob that loads on any target. */
BT_API int ttt_save_state(const void *model, void *buffer, size_t size);

/* Replaces the memory by a saved one; size is the exact size of the blob. Each mismatch is an
 * error of its own (TTT_STATE_*) and leaves the memory as it was. */
BT_API int ttt_load_state(void *model, const void *buffer, size_t size);

/* Plain properties; 0 (or reconstruct) for NULL. */
BT_API size_t ttt_hidden_dim(const void *model);
BT_API size_t ttt_memory_dim(const void *model);
BT_API float ttt_inner_lr(const void *model);
BT_API int ttt_get_objective(const void *model);
BT_API size_t ttt_threads(const void *model);
BT_API uint64_t ttt_tokens_seen(const void *model);
BT_API uint64_t ttt_weights_fingerprint(const void *model);
/* Bytes of the process that the layer occupies, for a garbage collector to know: everything that
 * ttt_destroy gives back, and the weights, also where clones share them. */
BT_API size_t ttt_footprint(const void *model);

/* Copies W as it stands after the last token to w [d][d], row-major. */
BT_API int ttt_get_memory(const void *model, float *w);

/* Kernels. The fastest one that this CPU can run is active; the environment variable
 * BIT_TTT_KERNEL (read once) and ttt_set_kernel may choose a lower one, never one that this CPU
 * cannot run; an unknown name in the environment is ignored. The choice is process-wide and takes
 * effect with the next call of each layer; results are the same bits with any. */
BT_API const char *ttt_kernel(void);
BT_API int ttt_set_kernel(const char *name); /* "auto", "baseline", "avx2", "avx512", "neon", ... */
BT_API size_t ttt_kernel_count(void);        /* compiled in, best first */
BT_API const char *ttt_kernel_name(size_t index); /* NULL past the end */
BT_API int ttt_kernel_usable(size_t index);       /* 1 if this CPU can run it */

/* Runs layers of many sizes, lengths, objectives, thread counts and splits on the active kernel
 * and hashes every output, surprise and state: the same number on every machine, kernel and
 * target. Errors: NULL_POINTER, OUT_OF_MEMORY. */
BT_API int ttt_conformance_hash(uint64_t *hash);

#ifdef __cplusplus
}
#endif
#endif
