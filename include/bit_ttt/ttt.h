/* ttt.h - the test-time-training layer: a memory that learns with every token it reads.
 *
 * A layer has two fixed ternary matrices, down and up, and a memory: the fast-weight matrix W
 * [d][d] with d = D / 4, D = hidden_dim. For each token x [D] (Sun et al. 2024, arXiv 2407.04620,
 * section 2, with the ternary projections of BitNet b1.58, arXiv 2402.17764, section 2):
 *
 *     f = L2norm(down(x))            ternary projection of x quantised to int8 by its absmax
 *     reconstruct:  r = W f;  W <- W - inner_lr (r - f) f^T;     surprise = |r - f|^2
 *     predict:      W <- W - inner_lr (W k - f) k^T;  r = W f;   surprise = |W k - f|^2,
 *                   k being the f of the token before (zero for the first)
 *     y = up(r) + x
 *
 * That is gradient descent, one step a token. The rule rls is recursive least squares with
 * forgetting instead (Haykin, Adaptive Filter Theory, chapter 10; von Oswald et al. 2023, arXiv
 * 2309.05858, and 2025, arXiv 2506.05233): P, the inverse of ridge I plus the weighted sum of f f^T
 * over the tokens read, learns each feature at once, and as much of it as it does not know yet.
 *
 *     leverage = f^T P f / (forgetting + f^T P f);  g = P f / (forgetting + f^T P f)
 *     P <- (P - g f^T P) / forgetting, bounded by its first value, I / ridge, column by column
 *     reconstruct:  r = W f, and then P learns f, with W = I - ridge P
 *     predict:      W <- W + (f - r(t-1)) g(t-1)^T;  r = W f;  and then P learns f
 *     surprise = leverage, of both: 1 for a direction never seen, about 1/n after n times
 *
 * P is kept as U D U^T (Bierman 1977, Factorization Methods for Discrete Sequential Estimation), so
 * that rounding leaves it positive definite; src/kernels/kernels.h has the recurrence (bt_rls).
 *
 * up(r) is the integer product with r quantised to int8, times max |r| / 127. The original divides
 * by 127 / max |r| instead, which sometimes rounds the last bit differently, and sums in another
 * order: its results agree within 1e-5.
 *
 * The memory persists between calls: ten calls with one token each compute the same as one call
 * with ten. Outputs and states are equal to the last bit on every kernel, thread count, compiler
 * and target.
 *
 * Threads: a layer is for one thread at a time; different layers may be used at once. After fork()
 * a layer with several threads computes the same in the child, with one thread; layers made in the
 * child have all of theirs. A layer that another thread was using during the fork may only be
 * destroyed there. Failure: a call succeeds whole or changes nothing, neither output nor memory.
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
    TTT_RECONSTRUCT = 0, /* W learns f(t) -> f(t), the objective of the original */
    TTT_PREDICT = 1      /* W learns f(t-1) -> f(t), read after the update */
} ttt_objective;

typedef enum ttt_rule {
    TTT_GRADIENT = 0, /* one gradient step a token, the rule of the original */
    TTT_RLS = 1       /* recursive least squares with forgetting */
} ttt_rule;

/* The options of a layer; fill it with ttt_config_init, then change fields. */
typedef struct ttt_config {
    uint32_t size; /* sizeof(ttt_config), or 32: the fields up to threads, with rule gradient */
    uint32_t objective;  /* a ttt_objective */
    uint64_t hidden_dim; /* D, TTT_MIN_HIDDEN_DIM to TTT_MAX_HIDDEN_DIM */
    uint64_t seed;       /* of the ternary weights, which are the same on every target */
    float inner_lr;      /* finite; the memory is stable from 0 to 1.99, otherwise it may diverge;
                            rls does not use it */
    uint32_t threads; /* 1 to TTT_MAX_THREADS with the calling one; results do not depend on it */
    /* For rls; gradient does not use forgetting and ridge, but they must be in their ranges. */
    uint32_t rule;     /* a ttt_rule */
    float forgetting;  /* above 0.9, to 1: by this a token's weight falls with each later one */
    float ridge;       /* 1e-6 to 1e6: the smaller, the faster a new direction is learnt */
    uint32_t reserved; /* 0 */
} ttt_config;

/* Defaults: reconstruct, hidden_dim 64, inner_lr 0.1, the fixed seed, one thread, gradient,
 * forgetting 0.9995, ridge 0.005. NULL is fine. */
BT_API void ttt_config_init(ttt_config *config);

/* Creates a layer with an empty memory. The caller owns *layer; NULL on any error.
 * Errors: NULL_POINTER, DIMENSION_MISMATCH (hidden_dim), INVALID_CONFIG, OUT_OF_MEMORY. */
BT_API int ttt_create_from_config(const ttt_config *config, void **layer);

/* The original's constructor: objective reconstruct, default seed, one thread, rule gradient. NULL on
 * failure. */
BT_API void *ttt_create(size_t hidden_dim, float inner_lr);

/* Frees a layer. NULL is fine. */
BT_API void ttt_destroy(void *layer);

/* Reads seq_len tokens, input [seq_len][hidden_dim], and writes output of the same shape,
 * row-major; output may be input itself. Errors: NULL_POINTER, DIMENSION_MISMATCH (seq_len 0 or too
 * large), NON_FINITE, INPUT_RANGE, DIVERGED, OVERLAP. */
BT_API int ttt_forward(void *layer, const float *input, size_t seq_len, float *output);

/* The same with checked lengths: input_len and output_len count floats and must be seq_len *
 * hidden_dim, otherwise DIMENSION_MISMATCH. surprise [seq_len], or NULL, is set to the surprise of
 * each token: 1 for an unknown feature, towards 0 as the memory learns it. */
BT_API int ttt_forward_ex(void *layer, const float *input, size_t input_len, size_t seq_len,
                          float *output, size_t output_len, float *surprise);

/* Replaces the ternary weights by copies of down [hidden_dim][d] and up [d][hidden_dim], row-major
 * ([in][out]), each -1, 0 or 1, and resets the memory, which was learned with the old ones.
 * Errors: NULL_POINTER, INVALID_WEIGHTS, OUT_OF_MEMORY. */
BT_API int ttt_set_weights(void *layer, const int8_t *down, const int8_t *up);

/* Copies the ternary weights to down and up, in the layout of ttt_set_weights. Errors:
 * NULL_POINTER. */
BT_API int ttt_get_weights(const void *layer, int8_t *down, int8_t *up);

/* Empties the memory: the layer is as it was after its creation. Errors: NULL_POINTER. */
BT_API int ttt_reset(void *layer);

/* A new layer with a copy of the memory, which the caller owns. They share the weights, which are
 * immutable. NULL on failure. */
BT_API void *ttt_clone(const void *layer);

/* Bytes of a saved state, constant during the life of a layer; 0 for NULL. */
BT_API size_t ttt_state_size(const void *layer);

/* Writes the memory to buffer [size]: versioned, with checksums, little-endian, for any target.
 * Errors: NULL_POINTER, BUFFER_SIZE (size below ttt_state_size). */
BT_API int ttt_save_state(const void *layer, void *buffer, size_t size);

/* Replaces the memory by a saved one of exactly `size` bytes. Errors, which leave the memory as it
 * was: NULL_POINTER, OUT_OF_MEMORY, and STATE_* by what does not match. */
BT_API int ttt_load_state(void *layer, const void *buffer, size_t size);

/* Properties; 0 (reconstruct, gradient) for NULL. memory_dim is d; threads counts the calling one. */
BT_API size_t ttt_hidden_dim(const void *layer);
BT_API size_t ttt_memory_dim(const void *layer);
BT_API float ttt_inner_lr(const void *layer);
BT_API int ttt_get_objective(const void *layer);
BT_API int ttt_get_rule(const void *layer);
BT_API float ttt_forgetting(const void *layer);
BT_API float ttt_ridge(const void *layer);
BT_API size_t ttt_threads(const void *layer);
BT_API uint64_t ttt_tokens_seen(const void *layer);
BT_API uint64_t ttt_weights_fingerprint(const void *layer);
/* Bytes of memory that the layer occupies, for a garbage collector: all that ttt_destroy frees, and
 * the weights, even where clones share them. 0 for NULL. */
BT_API size_t ttt_footprint(const void *layer);

/* Copies W after the last token to w [d][d], row-major; d^3 / 3 multiplications with rls and
 * reconstruct. Errors: NULL_POINTER. */
BT_API int ttt_get_memory(const void *layer, float *w);

/* Kernels: the compute code for an instruction set. The fastest that this CPU can run is active,
 * unless the environment variable BIT_TTT_KERNEL (read once; unknown names are ignored) or
 * ttt_set_kernel selects another. The selection is for the process and takes effect with the next
 * call of each layer; all kernels give the same bits. Thread-safe. ttt_set_kernel: "auto",
 * "baseline", "avx2", "avx512", "neon", ...; errors: NULL_POINTER, UNKNOWN_KERNEL,
 * UNSUPPORTED_KERNEL. */
BT_API const char *ttt_kernel(void);
BT_API int ttt_set_kernel(const char *name);
BT_API size_t ttt_kernel_count(void);             /* compiled in, fastest first */
BT_API const char *ttt_kernel_name(size_t index); /* NULL past the end */
BT_API int ttt_kernel_usable(size_t index);       /* 1 if this CPU can run it */

/* Hashes outputs, surprises and states of layers of many sizes, objectives and thread counts on the
 * active kernel. The hash is the same on every machine, kernel and target. Errors: NULL_POINTER,
 * OUT_OF_MEMORY. */
BT_API int ttt_conformance_hash(uint64_t *hash);
/* The same of layers with rule rls. */
BT_API int ttt_rls_conformance_hash(uint64_t *hash);

#ifdef __cplusplus
}
#endif
#endif
