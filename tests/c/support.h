/* support.h - what several tests share: random numbers, guarded memory, the walk over kernels.
 * SPDX-License-Identifier: MIT */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bit_ttt/ttt.h"

/* splitmix64: the same numbers everywhere. */
typedef struct rng {
    uint64_t state;
} rng;
uint64_t rng_next(rng *r);
size_t rng_below(rng *r, size_t limit);            /* 0 .. limit - 1 */
float rng_float(rng *r, float low, float high);    /* uniform */
void rng_fill(rng *r, float *x, size_t n);         /* uniform in [-1, 1) */
void rng_fill_extreme(rng *r, float *x, size_t n); /* finite: zeros, denormals, any exponent */
int rng_ternary(rng *r);

/* Bytes between two pages that may not be touched. They begin at a page's start or end at a page's
 * end, where they are aligned as far as their size is. Leaves the test case on failure. */
typedef struct guarded {
    void *bytes;
    void *map;
    size_t map_size;
} guarded;
guarded guard_alloc(size_t bytes, bool at_end);
void guard_free(guarded *g);

/* malloc, calloc(n, size) and memory copies that leave the test case on failure. */
void *must_alloc(size_t bytes);
void *must_zero(size_t bytes);
void *must_copy(const void *from, size_t bytes);

/* The names of the kernels that this CPU runs, best first. The first call notes those compiled in
 * that it does not run. At most 8. */
size_t usable_kernels(const char *names[8]);
/* Makes a kernel active, and checks that it then is. */
void use_kernel(const char *name);
/* Back to the one the library chooses itself. */
void use_best_kernel(void);

/* A layer from all of its settings; leaves the case on failure. */
void *make_layer(size_t hidden_dim, float inner_lr, ttt_objective objective, uint32_t threads);

/* The same with the rule rls, and seed 1. */
void *make_rls(size_t hidden_dim, ttt_objective objective, float forgetting, float ridge,
               uint32_t threads);

/* Everything a layer remembers, for the proof that a call changed nothing. */
typedef struct snapshot {
    uint8_t *state;
    size_t size;
    uint64_t tokens, fingerprint;
} snapshot;
snapshot snapshot_take(const void *layer);
/* Checks that the layer still is as it was, and frees the snapshot. */
void snapshot_check(snapshot *was, const void *layer);

/* Tokens for a layer: lcg-like noise in [-1, 1) with a period of tokens, 0 for none. The caller
 * frees them. */
float *make_tokens(uint64_t seed, size_t dim, size_t count, size_t period);

/* True if none of n floats is a NaN or an infinity. */
bool all_finite(const float *x, size_t n);

/* FNV-1a 32 over bytes. */
uint32_t fnv1a32(const void *bytes, size_t size);

/* The whole file as text with a terminating zero, or NULL. The caller frees it. */
char *read_text(const char *path);

float float_of(uint32_t bits);
uint32_t bits_of(float value);

#endif
