/* layer.h - the layer's private shape, shared by layer.c, forward.c and state.c.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LAYER_H
#define BT_LAYER_H

#include "../base/thread.h"
#include "../kernels/kernels.h"
#include "weights.h"

#include <bit_ttt/ttt.h>

#define BT_BLOCK 64u /* tokens that go through the three passes together */

/* The memory: W in tiles, and the last token's feature and reading, from which the next token's
 * pass makes the pending update. All zero at the start. */
typedef struct {
    float *tiles;   /* [tile_count][tile_floats] */
    float *feature; /* [stride]: row 0 of a block's features */
    float *reading; /* [stride]: row 0 of a block's readings */
} bt_memory_state;

typedef struct bt_layer {
    size_t dim, small, stride; /* D, d, d rounded up to 16 */
    float rate;
    ttt_objective objective;
    uint64_t tokens;
    bt_weights *weights;
    bt_pool *pool; /* NULL with one thread */

    bt_memory_state memory; /* feature and reading are the first rows of the arrays below */
    float *features;        /* [BT_BLOCK + 1][stride] */
    float *readings;        /* [BT_BLOCK + 1][stride] */
    bt_memory_state backup; /* of a memory that may overflow, else all NULL */

    float *own; /* [threads][2][BT_BLOCK + 1][stride], where there are several */

    void *activations; /* [BT_BLOCK][dim rounded up to 16], 2 bytes each */
    int32_t sums[BT_BLOCK];
    float scales[BT_BLOCK], multipliers[BT_BLOCK];
} bt_layer;

/* A reading beyond this is divergence; far above what a stable rate can reach, and low enough that
 * outputs and surprises of any dimension stay finite. */
#define BT_READING_LIMIT 0x1p56f

/* True where the update contracts: W then stays bounded whatever is read (layer.c). */
bool bt_rate_is_stable(float rate);

size_t bt_state_floats(const bt_layer *layer);
void bt_memory_copy(const bt_layer *layer, bt_memory_state *to, const bt_memory_state *from);

/* Makes sure that a backup exists, so that calls rehearse (forward.c). False: out of memory. */
bool bt_layer_need_backup(bt_layer *layer);

#endif
