/* matrix.c - the ternary product by itself, for layers of one's own (bit_ttt/ternary.h).
 * SPDX-License-Identifier: MIT */
#include <bit_ttt/ternary.h>

#include "../base/alloc.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"

#include <math.h>

struct ttt_matrix {
    bt_ternary ternary;
    uint8_t *panels;
    float scale;
};

struct ttt_activations {
    const bt_kernels *kernels; /* whose format the values have */
    size_t cols, room, tokens;
    void *values; /* [room][cols rounded up] */
    int32_t *sums;
    float *scales; /* max |x| / 127 */
    /* Products with integers neither overflow nor, as scales are 1 or above 1e-9 / 127, are denormal: of
     * the floating-point environment only the rounding matters, unless it traps what is inexact. */
    bool ordinary;
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
    m->panels = bt_alloc(1, bt_ternary_bytes(rows, cols));
    if (!m->panels) {
        ttt_matrix_destroy(m);
        return TTT_OUT_OF_MEMORY;
    }
    bt_ternary_clear(m->panels, rows, cols);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < cols; k++)
            bt_ternary_set(m->panels, cols, i, k, weights[i * cols + k]);
    bt_ternary_view(&m->ternary, m->panels, rows, cols);
    *matrix = m;
    return TTT_OK;
}

void ttt_matrix_destroy(ttt_matrix *matrix)
{
    if (!matrix) return;
    bt_free(matrix->panels);
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
    a->room = tokens;
    a->values =
        bt_alloc(tokens, bt_round_up(cols, BT_CHUNK) * 2); /* 2: no kernel takes more bytes */
    a->sums = bt_alloc(tokens, sizeof *a->sums);
    a->scales = bt_alloc(tokens, sizeof *a->scales);
    if (!a->values || !a->sums || !a->scales) {
        ttt_activations_destroy(a);
        return TTT_OUT_OF_MEMORY;
    }
    *activations = a;
    return TTT_OK;
}

void ttt_activations_destroy(ttt_activations *activations)
{
    if (!activations) return;
    bt_free(activations->values);
    bt_free(activations->sums);
    bt_free(activations->scales);
    bt_free(activations);
}

int ttt_activations_quantize(ttt_activations *activations, const float *x, size_t tokens)
{
    ttt_activations *a = activations;
    if (!a || !x) return TTT_NULL_POINTER;
    if (tokens == 0 || tokens > a->room) return TTT_DIMENSION_MISMATCH;
    const bt_kernels *k = bt_kernels_active();
    if (k->absmax_bits(x, tokens * a->cols) >= BT_MAX_ABSMAX) return TTT_NON_FINITE;
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
