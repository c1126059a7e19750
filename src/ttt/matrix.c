/* matrix.c - the public ternary product (bit_ttt/ternary.h).
 * SPDX-License-Identifier: MIT */
#include <bit_ttt/ternary.h>

#include "../base/alloc.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"

#include <math.h>

struct ttt_matrix {
    bt_ternary ternary;
    float scale;
    bt_region blocks;
};

struct ttt_activations {
    const bt_kernels *kernels;     /* the values are in their format */
    size_t cols, capacity, tokens; /* capacity: the most tokens; tokens: those quantised last */
    void *values;                  /* [capacity][cols rounded up to 16], at most 2 bytes each */
    int32_t *sums;                 /* [capacity] of each token's values */
    float *scales;                 /* [capacity] max |x| / 127 */
    /* All scales are below 2^64. They are at least 1e-9 / 127 in any case, so products of a scale
     * and an integer are normal numbers, on which the rounding mode is the only part of the
     * floating-point environment that has an effect. */
    bool ordinary;
    bt_region blocks;
};

static bool dimension_ok(size_t n)
{
    return n > 0 && n <= TTT_MAX_MATRIX_DIM;
}

int ttt_matrix_create(const int8_t *weights, size_t rows, size_t cols, float scale,
                      ttt_matrix **matrix)
{
    if (matrix) *matrix = NULL;
    if (!weights || !matrix) return TTT_NULL_POINTER;
    if (!dimension_ok(rows) || !dimension_ok(cols)) return TTT_DIMENSION_MISMATCH;
    if (!isfinite(scale)) return TTT_INVALID_CONFIG;
    for (size_t i = 0; i < rows * cols; i++)
        if (weights[i] < -1 || weights[i] > 1) return TTT_INVALID_WEIGHTS;
    ttt_matrix *m = bt_alloc(1, sizeof *m);
    if (!m) return TTT_OUT_OF_MEMORY;
    m->scale = scale;
    uint8_t *panels = bt_region_alloc(&m->blocks, 1, bt_ternary_bytes(rows, cols));
    if (!panels) {
        ttt_matrix_destroy(m);
        return TTT_OUT_OF_MEMORY;
    }
    bt_ternary_clear(panels, rows, cols);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < cols; k++) bt_ternary_set(panels, cols, i, k, weights[i * cols + k]);
    bt_ternary_view(&m->ternary, panels, rows, cols);
    *matrix = m;
    return TTT_OK;
}

void ttt_matrix_destroy(ttt_matrix *matrix)
{
    if (!matrix) return;
    bt_region_free(&matrix->blocks);
    bt_free(matrix);
}

int ttt_activations_create(size_t cols, size_t tokens, ttt_activations **activations)
{
    if (!activations) return TTT_NULL_POINTER;
    *activations = NULL;
    if (!dimension_ok(cols) || tokens == 0) return TTT_DIMENSION_MISMATCH;
    ttt_activations *a = bt_alloc(1, sizeof *a);
    if (!a) return TTT_OUT_OF_MEMORY;
    a->cols = cols;
    a->capacity = tokens;
    a->values = bt_region_alloc(&a->blocks, tokens, bt_round_up(cols, BT_CHUNK) * sizeof(int16_t));
    a->sums = bt_region_alloc(&a->blocks, tokens, sizeof *a->sums);
    a->scales = bt_region_floats(&a->blocks, tokens);
    if (a->blocks.failed) {
        ttt_activations_destroy(a);
        return TTT_OUT_OF_MEMORY;
    }
    *activations = a;
    return TTT_OK;
}

void ttt_activations_destroy(ttt_activations *activations)
{
    if (!activations) return;
    bt_region_free(&activations->blocks);
    bt_free(activations);
}

int ttt_activations_quantize(ttt_activations *activations, const float *x, size_t tokens)
{
    ttt_activations *a = activations;
    if (!a || !x) return TTT_NULL_POINTER;
    if (tokens == 0 || tokens > a->capacity) return TTT_DIMENSION_MISMATCH;
    const bt_kernels *k = bt_kernels_active();
    if (k->absmax_bits(x, tokens * a->cols) >= BT_ABSMAX_NON_FINITE) return TTT_NON_FINITE;
    bt_fpenv saved = bt_fpenv_enter();
    bt_quantize op = {.x = x,
                      .n = a->cols,
                      .stride = a->cols,
                      .tokens = tokens,
                      .activations = a->values,
                      .sums = a->sums,
                      .steps = a->scales};
    k->quantize(&op);
    a->ordinary = true;
    for (size_t t = 0; t < tokens; t++) a->ordinary = a->ordinary && a->scales[t] < 0x1p64f;
    bt_fpenv_leave(saved);
    a->kernels = k;
    a->tokens = tokens;
    return TTT_OK;
}

static void multiply(const ttt_matrix *matrix, const ttt_activations *a, float *y)
{
    bt_matmul op = {.w = &matrix->ternary,
                    .activations = a->values,
                    .sums = a->sums,
                    .multipliers = a->scales,
                    .out = y,
                    .out_stride = matrix->ternary.rows,
                    .tokens = a->tokens};
    a->kernels->matmul(&op);
    if (matrix->scale != 1.0f)
        for (size_t i = 0; i < a->tokens * matrix->ternary.rows; i++) y[i] *= matrix->scale;
}

int ttt_matrix_multiply(const ttt_matrix *matrix, const ttt_activations *activations, float *y)
{
    const ttt_activations *a = activations;
    if (!matrix || !a || !y) return TTT_NULL_POINTER;
    if (a->tokens == 0 || a->cols != matrix->ternary.cols) return TTT_DIMENSION_MISMATCH;
    if (matrix->scale == 1.0f && a->ordinary && bt_fpenv_nearest()) {
        multiply(matrix, a, y);
        return TTT_OK;
    }
    bt_fpenv saved = bt_fpenv_enter();
    multiply(matrix, a, y);
    bt_fpenv_leave(saved);
    return TTT_OK;
}
