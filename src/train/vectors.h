/* vectors.h - copies, clears and sums of long vectors, shared out over the
 * pool. SPDX-License-Identifier: MIT */
#ifndef BT_VECTORS_H
#define BT_VECTORS_H

#include "gemm.h"

void bt_copy(const bt_exec *exec, float *y, const float *x, size_t count);
void bt_clear(const bt_exec *exec, float *y, size_t count);

/* Sum of squares; count is a multiple of 16, sums has room for
 * bt_square_blocks(count). */
#define BT_SQUARES 4096u
static inline size_t bt_square_blocks(size_t count)
{
    return (count + BT_SQUARES - 1) / BT_SQUARES;
}
double bt_squares(const bt_exec *exec, const float *x, size_t count, double *sums);

#endif
