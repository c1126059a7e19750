/* linear.h - products with activations that are not quantised, for the original's convention.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LINEAR_H
#define BT_LINEAR_H

#include "../kernels/kernels.h"

/* out [tokens][rows] = scale * (w . x) (+ residual, which may be out): each row of w as floats
 * -1, 0, 1 goes through the kernels' dot product, whose sixteen partial sums by index mod 16 are
 * the same on all of them. x [tokens][cols] padded; row is scratch for cols floats, padded. */
void bt_ternary_product(const bt_kernels *k, const bt_ternary *w, float scale, const float *x,
                        const float *residual, float *out, size_t tokens, float *row);

/* out [tokens][rows] = scales[row] * (w . x), w being the int8 values as floats. */
void bt_rows8_product(const bt_kernels *k, const bt_rows8 *w, const float *x, float *out,
                      size_t tokens, float *row);

#endif
