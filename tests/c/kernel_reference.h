/* kernel_reference.h - the kernels of src/kernels/kernels.h again, one number at a time and in
 * plain row-major arrays, for the comparison of bits.
 * SPDX-License-Identifier: MIT */
#ifndef KERNEL_REFERENCE_H
#define KERNEL_REFERENCE_H

#include "kernels/kernels.h"

#include <stddef.h>
#include <stdint.h>

/* Runs a check on each table that this CPU runs. */
void each_table(void (*check)(const bt_kernels *table));

uint32_t reference_absmax_bits(const float *x, size_t n);

/* Nearest integer, halves away from zero. */
int32_t reference_round(float v);

/* out[t][i] = sum_k w[i][k] q[t][k], as one float, times multiplier[t], plus residual[t][i].
 * w [rows][cols], q [tokens][cols]; out and residual (or NULL) [tokens][out_stride]. */
typedef struct reference_product {
    const int8_t *w;
    const int8_t *q;
    const float *multipliers, *residual;
    float *out;
    size_t rows, cols, tokens, out_stride;
} reference_product;
void reference_matmul(const reference_product *op);

void reference_normalize(float *x, size_t n, float scale);
float reference_distance2(const float *x, const float *y, size_t n);

/* The memory pass on state [dim][dim] row-major, for rows row_begin .. row_end - 1.
 * q, r [tokens + 1][stride], target [tokens][stride]. */
typedef struct reference_pass {
    float *state, *r;
    const float *q, *target;
    size_t stride, dim, tokens, row_begin, row_end;
    float rate;
} reference_pass;
void reference_memory(const reference_pass *op);

#endif
