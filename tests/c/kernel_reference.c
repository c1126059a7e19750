/* kernel_reference.c - the contract of src/kernels/kernels.h, written out by hand.
 * SPDX-License-Identifier: MIT */
#include "kernel_reference.h"

#include "check.h"
#include "support.h"

#include <math.h>
#include <string.h>

void each_table(void (*check)(const bt_kernels *table))
{
    const char *names[8];
    size_t count = usable_kernels(names);
    for (size_t i = 0; i < count; i++) {
        use_kernel(names[i]);
        REQUIRE(strcmp(bt_kernels_active()->name, names[i]) == 0);
        check(bt_kernels_active());
    }
    use_best_kernel();
}

uint32_t reference_absmax_bits(const float *x, size_t n)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        if (bits > largest) largest = bits;
    }
    return largest;
}

int32_t reference_round(float v)
{
    double magnitude = floor(fabs((double)v) + 0.5); /* exact: v has 24 bits, a double 53 */
    return (int32_t)(v < 0 ? -magnitude : magnitude);
}

void reference_matmul(const reference_product *op)
{
    for (size_t t = 0; t < op->tokens; t++)
        for (size_t i = 0; i < op->rows; i++) {
            int64_t sum = 0;
            for (size_t k = 0; k < op->cols; k++)
                sum += (int64_t)op->w[i * op->cols + k] * op->q[t * op->cols + k];
            float y = (float)sum * op->multipliers[t];
            size_t at = t * op->out_stride + i;
            op->out[at] = op->residual ? y + op->residual[at] : y;
        }
}

/* Sixteen sums by index mod 16, folded by halves. */
static float fold16(float part[16])
{
    for (size_t k = 0; k < 8; k++) part[k] += part[k + 8];
    for (size_t k = 0; k < 4; k++) part[k] += part[k + 4];
    for (size_t k = 0; k < 2; k++) part[k] += part[k + 2];
    return part[0] + part[1];
}

void reference_normalize(float *x, size_t n, float scale)
{
    float part[16] = {0};
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] / scale;
        float square = x[i] * x[i];
        part[i % 16] += square;
    }
    float norm = sqrtf(fold16(part));
    if (norm > 1e-6f)
        for (size_t i = 0; i < n; i++) x[i] = x[i] / norm;
}

float reference_distance2(const float *x, const float *y, size_t n)
{
    float part[16] = {0};
    for (size_t i = 0; i < n; i++) {
        float d = x[i] - y[i], square = d * d;
        part[i % 16] += square;
    }
    return fold16(part);
}

/* One row, one token: the update of the token before and the product with this one's query. */
static float memory_row(float *s, const float *key, const float *query, float gain, size_t dim)
{
    float a[4] = {0};
    for (size_t j = 0; j < dim; j++) {
        float step = gain * key[j];
        s[j] = s[j] - step;
        float product = s[j] * query[j];
        a[j % 4] += product;
    }
    return (a[0] + a[1]) + (a[2] + a[3]);
}

void reference_memory(const reference_pass *op)
{
    for (size_t i = op->row_begin; i < op->row_end; i++)
        for (size_t t = 0; t < op->tokens; t++) {
            const float *key = op->q + t * op->stride;
            float gain = op->rate * (op->r[t * op->stride + i] - op->target[t * op->stride + i]);
            op->r[(t + 1) * op->stride + i] =
                memory_row(op->state + i * op->dim, key, key + op->stride, gain, op->dim);
        }
}
