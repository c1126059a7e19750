/* weights.h - the two ternary matrices of a layer: immutable, reference-counted, shared by clones.
 * SPDX-License-Identifier: MIT */
#ifndef BT_WEIGHTS_H
#define BT_WEIGHTS_H

#include "../base/alloc.h"
#include "../kernels/kernels.h"

#include <stdatomic.h>

typedef struct bt_weights {
    atomic_size_t references;
    bt_ternary down, up;  /* d x dim, dim x d */
    uint64_t fingerprint; /* hash of the dimension and of all entries, the same on every target */
    bt_region blocks;
} bt_weights;

/* Makes weights from a seed, the same on every target, or from entries known to be -1, 0 or 1: down
 * [dim][d], up [d][dim], row-major. The caller owns one reference; NULL when out of memory. */
bt_weights *bt_weights_from_seed(size_t dim, uint64_t seed);
bt_weights *bt_weights_from_entries(size_t dim, const int8_t *down, const int8_t *up);
bt_weights *bt_weights_share(bt_weights *w);
void bt_weights_release(bt_weights *w); /* NULL is fine */
size_t bt_weights_footprint(const bt_weights *w);

#endif
