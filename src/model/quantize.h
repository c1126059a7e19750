/* quantize.h - converts f32 weights to the formats of the kernels, for training and inference.
 * SPDX-License-Identifier: MIT */
#ifndef BT_QUANTIZE_H
#define BT_QUANTIZE_H

#include "../kernels/kernels.h"

/* s = mean |w| (BitNet b1.58, arXiv 2402.17764, equation 3), at least 1e-12. */
float bt_ternary_scale(const float *w, size_t n);

/* clamp(round(w / s), -1, 1), halves away from zero. */
static inline int bt_ternary_code(float w, float scale)
{
    float half = 0.5f * scale;
    return (w >= half) - (w <= -half);
}

/* Writes the codes of one row to the panels, and code * scale to out [cols]. */
void bt_ternarize_row(const float *w, size_t cols, float scale, uint8_t *panels, size_t row,
                      float *out);

/* Quantises a row to int8 by its absmax: x ~ q * step; returns the step. */
float bt_row_int8(const float *x, size_t n, int8_t *q);

/* bt_rows8_clear describes a matrix of int8 rows in panels of bt_rows8_bytes bytes, with scales [rows
 * rounded up to 16]; both stay the caller's. It sets every value to zero. */
size_t bt_rows8_bytes(size_t rows, size_t cols);
bt_rows8 bt_rows8_clear(uint8_t *panels, const float *scales, size_t rows, size_t cols);
/* Index of (row, col) in the panels, which hold the value + 128. */
static inline size_t bt_rows8_index(const bt_rows8 *w, size_t row, size_t col)
{
    return (row / BT_ROWS * w->quads + col / 4) * 64 + row % BT_ROWS * 4 + col % 4;
}

#endif
