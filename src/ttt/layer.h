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

/* The memory: W, and feature and reading of the last token. The update that they stand for is still
 * to come: the pass over the next token carries it out. All zero at the start. */
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

    bt_memory_state memory; /* its feature and reading are row 0 of the next two */
    float *features;        /* [BT_BLOCK + 1][stride] of a block; row 0 is the token before */
    float *readings;        /* [BT_BLOCK + 1][stride] */
    bt_memory_state backup; /* of a memory that may overflow, otherwise all NULL */
    float *copies;          /* [threads][2][BT_BLOCK + 1][stride]; NULL with one thread */
    bt_region blocks, backup_blocks;

    void *activations; /* [BT_BLOCK][dim rounded up to 16], 2 bytes each */
    int32_t sums[BT_BLOCK];
    float scales[BT_BLOCK], multipliers[BT_BLOCK];
} bt_layer;

/* Readings above this mean divergence: more than a stable rate can reach, and little enough for
 * outputs and surprises of any dimension to stay finite. */
#define BT_READING_LIMIT 0x1p56f

/* True where W stays bounded whatever is read (layer.c). */
bool bt_rate_is_stable(float rate);

size_t bt_state_floats(const bt_layer *layer);
void bt_memory_copy(const bt_layer *layer, bt_memory_state *to, const bt_memory_state *from);

/* Ensures a backup, with which calls make a trial run (forward.c). False: out of memory. */
bool bt_layer_need_backup(bt_layer *layer);

#endif
