/* layer.h - the private struct of a layer.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LAYER_H
#define BT_LAYER_H

#include "../base/alloc.h"
#include "../base/thread.h"
#include "../kernels/kernels.h"
#include "weights.h"

#include <bit_ttt/ttt.h>

#define BT_BLOCK 64u /* tokens that go through the three passes together */

/* The memory: W, and feature and reading of the last token. W is without the update by this token,
 * which the pass over the next token makes. All is zero at the start, but P. */
typedef struct {
    float *tiles;   /* [tile_count][tile_floats] (kernels/layout.h); NULL for rls and reconstruct */
    float *feature; /* [stride] */
    float *reading; /* [stride] */
    /* Of rls, otherwise NULL. ridge P = U D U^T begins as the unit matrix, and has learnt the last
     * token. */
    float *columns;  /* U (kernels/layout.h, bt_column_index) */
    float *diagonal; /* D [stride]; ones behind the last column */
    float *gain;     /* [stride] of the last token; only predict reads it */
} bt_memory_state;

typedef struct bt_layer {
    size_t dim, small, stride; /* D, d = D / 4, d rounded up to 16 */
    float rate;
    ttt_objective objective;
    ttt_rule rule;
    float forgetting, ridge;
    uint64_t tokens;
    bt_weights *weights;
    bt_pool *pool; /* NULL with one thread */

    bt_memory_state memory; /* its feature and reading are row 0 of features and readings */
    float *features;        /* [BT_BLOCK + 1][stride] of a block; row 0: the token before it */
    float *readings;        /* [BT_BLOCK + 1][stride] */
    float *gains;           /* [BT_BLOCK + 1][stride] of rls, else NULL */
    bt_memory_state backup; /* for a memory that may overflow; otherwise all NULL */
    float *copies; /* [threads][2, or 3 with gains][BT_BLOCK + 1][stride]; NULL with one thread */
    bt_region blocks, backup_blocks;

    void *activations;      /* [BT_BLOCK][dim rounded up to 16], 2 bytes each */
    int32_t sums[BT_BLOCK]; /* of each token, as are the next two (bt_quantize) */
    float scales[BT_BLOCK], multipliers[BT_BLOCK], leverages[BT_BLOCK];
} bt_layer;

/* Readings above this mean divergence. A stable rate cannot reach it, and up to it outputs and
 * surprises of any dimension are finite. */
#define BT_READING_LIMIT 0x1p56f

/* True if W stays bounded whatever is read (layer.c). */
bool bt_rate_is_stable(float rate);

void bt_memory_copy(const bt_layer *layer, bt_memory_state *to, const bt_memory_state *from);

/* Allocates the backup, if there is none yet; calls then make a trial run (forward.c). False: out of
 * memory. */
bool bt_layer_need_backup(bt_layer *layer);

/* rls.c: makes P ridge^-1 I; lets P learn tokens whose features are in rows 1 to tokens, and sets
 * their leverages, and gains or, to reconstruct, readings; copies I - ridge P to w [d][d]. */
void bt_rls_reset(const bt_layer *layer, bt_memory_state *memory);
void bt_rls_learn(bt_layer *layer, const bt_kernels *kernels, size_t tokens);
void bt_rls_memory(const bt_layer *layer, float *w);
/* Writes U and D at p, or reads them; checks what is to be read: numbers that bt_rls_learn writes. */
uint8_t *bt_rls_put(const bt_layer *layer, uint8_t *p);
const uint8_t *bt_rls_get(bt_layer *layer, const uint8_t *p);
bool bt_rls_valid(const bt_layer *layer, const uint8_t *p);

/* predict with rls: W's errors count at most this much, which bounds W whatever is read (rls.c). */
#define BT_RLS_ERROR_LIMIT 64.0f

#endif
