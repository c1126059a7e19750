/* vectors.h - copies, clears and sums of long vectors, on the worker pool.
 * SPDX-License-Identifier: MIT */
#ifndef BT_VECTORS_H
#define BT_VECTORS_H

#include "gemm.h"

void bt_copy(const bt_exec *exec, float *y, const float *x, size_t count);
void bt_clear(const bt_exec *exec, float *y, size_t count);

/* The sum of squares of x [count], count a multiple of 16, the same for any number of threads. sums
 * [bt_square_blocks(count)] is scratch memory: one sum for each block of BT_SQUARES floats. */
#define BT_SQUARES 4096u
static inline size_t bt_square_blocks(size_t count)
{
    return (count + BT_SQUARES - 1) / BT_SQUARES;
}
double bt_squares(const bt_exec *exec, const float *x, size_t count, double *sums);

#endif
