/* wasm.c - the ternary product as a WebAssembly module of its own, timed from JavaScript
 * (contestants/wasm-kernels.mjs).
 * SPDX-License-Identifier: MIT */
#include "bit_ttt/ternary.h"

#include <emscripten.h>
#include <stdlib.h>

static ttt_matrix *matrix;
static ttt_activations *activations;
static float *y;

static uint32_t random_state = 1;
static uint32_t draw(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* A status. What was prepared before is released. */
EMSCRIPTEN_KEEPALIVE int bench_prepare(size_t rows, size_t cols, size_t tokens)
{
    ttt_matrix_destroy(matrix);
    ttt_activations_destroy(activations);
    matrix = NULL;
    activations = NULL;
    free(y);
    int8_t *weights = malloc(rows * cols);
    float *x = malloc(tokens * cols * sizeof *x);
    y = malloc(tokens * rows * sizeof *y);
    if (!weights || !x || !y) return TTT_OUT_OF_MEMORY;
    for (size_t i = 0; i < rows * cols; i++) weights[i] = (int8_t)((int)(draw() % 3) - 1);
    for (size_t i = 0; i < tokens * cols; i++) x[i] = (float)(draw() % 255) - 127.0f;
    int status = ttt_matrix_create(weights, rows, cols, 1.0f, &matrix);
    if (status == TTT_OK) status = ttt_activations_create(cols, tokens, &activations);
    if (status == TTT_OK) status = ttt_activations_quantize(activations, x, tokens);
    free(weights);
    free(x);
    return status;
}

EMSCRIPTEN_KEEPALIVE void bench_run(size_t turns)
{
    for (size_t i = 0; i < turns; i++) ttt_matrix_multiply(matrix, activations, y);
}

/* The first value of the product, so that modules can be compared. */
EMSCRIPTEN_KEEPALIVE float bench_result(size_t index)
{
    return y[index];
}
