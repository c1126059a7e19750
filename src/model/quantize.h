/* quantize.h - from f32 weights to what the kernels read; training and inference share it.
 * SPDX-License-Identifier: MIT */
#ifndef BT_QUANTIZE_H
#define BT_QUANTIZE_H

#include "../kernels/kernels.h"

/* s = mean |w| (BitNet b1.58, arXiv 2402.17764, equation 3), never 0. */
float bt_ternary_scale(const float *w, size_t n);

/* clamp(round(w / s), -1, 1), halves away from zero. */
static inline int bt_ternary_code(float w, float scale)
{
    float half = 0.5f * scale;
    return (w >= half) - (w <= -half);
}

/* One row: codes into the panels, code * scale to out. */
void bt_ternarize_row(const float *w, size_t cols, float scale, uint8_t *panels, size_t row,
                      float *out);

/* One row to int8 by its absmax: returns the step, x ~ q * step. */
float bt_row_int8(const float *x, size_t n, int8_t *q);

#endif
