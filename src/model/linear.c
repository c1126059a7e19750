/* linear.c - products with f32 activations. Simple rather than fast: models that this project
 * trains use the integer kernels instead.
 * SPDX-License-Identifier: MIT */
#include "linear.h"

#include "../kernels/layout.h"
#include "quantize.h"

void bt_ternary_product(const bt_kernels *k, const bt_ternary *w, float scale, const float *x,
                        const float *residual, float *out, size_t tokens, float *row)
{
    for (size_t i = 0; i < w->rows; i++) {
        for (size_t j = 0; j < w->cols; j++) row[j] = (float)bt_ternary_get(w, i, j);
        for (size_t t = 0; t < tokens; t++) {
            size_t at = t * w->rows + i;
            float y = k->dot(row, x + t * w->cols, w->cols) * scale;
            out[at] = residual ? y + residual[at] : y;
        }
    }
}

void bt_rows8_product(const bt_kernels *k, const bt_rows8 *w, const float *x, float *out,
                      size_t tokens, float *row)
{
    for (size_t i = 0; i < w->rows; i++) {
        const uint8_t *p = w->panels + bt_rows8_index(w, i, 0);
        for (size_t j = 0; j < w->cols; j++) row[j] = (float)((int)p[j / 4 * 64 + j % 4] - 128);
        for (size_t t = 0; t < tokens; t++)
            out[t * w->rows + i] = k->dot(row, x + t * w->cols, w->cols) * w->scales[i];
    }
}
