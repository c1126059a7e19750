/* linear.h - products with f32 activations, for models of the original's convention.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LINEAR_H
#define BT_LINEAR_H

#include "../kernels/kernels.h"

/* out [tokens][rows] = scale * (x w^T) (+ residual, which may be out). x [tokens][cols] padded; row
 * is scratch for cols floats, padded. Rows of w are converted to floats and go through the kernels'
 * dot product, which sums in the same order on every target. */
void bt_ternary_product(const bt_kernels *k, const bt_ternary *w, float scale, const float *x,
                        const float *residual, float *out, size_t tokens, float *row);

/* The same for a matrix of int8 rows: out [tokens][rows] = (x q^T) * scales[row]. */
void bt_rows8_product(const bt_kernels *k, const bt_rows8 *w, const float *x, float *out,
                      size_t tokens, float *row);

#endif
