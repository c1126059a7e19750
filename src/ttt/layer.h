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
 * which the pass over the next token makes. All is zero at the start. */
typedef struct {
    float *tiles;   /* [tile_count][tile_floats] (kernels/layout.h) */
    float *feature; /* [stride] */
    float *reading; /* [stride] */
} bt_memory_state;

typedef struct bt_layer {
    size_t dim, small, stride; /* D, d = D / 4, d rounded up to 16 */
    float rate;
    ttt_objective objective;
    uint64_t tokens;
    bt_weights *weights;
    bt_pool *pool; /* NULL with one thread */

    bt_memory_state memory; /* its feature and reading are row 0 of features and readings */
    float *features;        /* [BT_BLOCK + 1][stride] of a block; row 0: the token before it */
    float *readings;        /* [BT_BLOCK + 1][stride] */
    bt_memory_state backup; /* for a memory that may overflow; otherwise all NULL */
    float *copies;          /* [threads][2][BT_BLOCK + 1][stride]; NULL with one thread */
    bt_region blocks, backup_blocks;

    void *activations;      /* [BT_BLOCK][dim rounded up to 16], 2 bytes each */
    int32_t sums[BT_BLOCK]; /* of each token, as are the next two (bt_quantize) */
    float scales[BT_BLOCK], multipliers[BT_BLOCK];
} bt_layer;

/* Readings above this mean divergence. A stable rate cannot reach it, and up to it outputs and
 * surprises of any dimension are finite. */
#define BT_READING_LIMIT 0x1p56f

/* True if W stays bounded whatever is read (layer.c). */
bool bt_rate_is_stable(float rate);

size_t bt_state_floats(const bt_layer *layer);
void bt_memory_copy(const bt_layer *layer, bt_memory_state *to, const bt_memory_state *from);

/* Allocates the backup, if there is none yet; calls then make a trial run (forward.c). False: out of
 * memory. */
bool bt_layer_need_backup(bt_layer *layer);

#endif
