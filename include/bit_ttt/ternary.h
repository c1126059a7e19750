/* ternary.h - products of ternary matrices with int8 activations, for other layers: the product of
 * BitLinear (Ma et al. 2024, arXiv 2402.17764, section 2), for one token or many.
 *
 *     q_t = round(x_t * 127 / max |x_t|), halves away from zero     ttt_activations_quantize
 *     y_t = (W q_t) * (max |x_t| / 127) * scale                     ttt_matrix_multiply
 *
 * The sum W q_t is exact, so results are equal to the last bit on every kernel and target. Weights
 * take 2 bits each in memory, rows and columns rounded up to multiples of 16.
 *
 * Threads: a matrix is immutable and may be used by any number of threads at once, activations by
 * one at a time while they are being quantised and by any number while they are being multiplied.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_TERNARY_H
#define BIT_TTT_TERNARY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TTT_MAX_MATRIX_DIM 65536u /* rows, and columns: the exact sum fits an int32 */

typedef struct ttt_matrix ttt_matrix;
typedef struct ttt_activations ttt_activations;

/* A matrix with `rows` outputs and `cols` inputs: a copy of weights [rows][cols], row-major, each
 * -1, 0 or 1; scale multiplies every output. The caller owns *matrix; NULL on any error. Errors:
 * NULL_POINTER, DIMENSION_MISMATCH (0 or above TTT_MAX_MATRIX_DIM), INVALID_WEIGHTS, INVALID_CONFIG
 * (scale is not finite), OUT_OF_MEMORY. */
BT_API int ttt_matrix_create(const int8_t *weights, size_t rows, size_t cols, float scale,
                             ttt_matrix **matrix);
BT_API void ttt_matrix_destroy(ttt_matrix *matrix); /* NULL is fine */

/* Room for the activations of up to `tokens` tokens of `cols` values. The caller owns *activations;
 * NULL on any error. Errors: NULL_POINTER, DIMENSION_MISMATCH (cols as above, or tokens 0),
 * OUT_OF_MEMORY. */
BT_API int ttt_activations_create(size_t cols, size_t tokens, ttt_activations **activations);
BT_API void ttt_activations_destroy(ttt_activations *activations); /* NULL is fine */

/* Quantises x [tokens][cols], each token by its absmax, and replaces the activations of the last
 * call. Errors: NULL_POINTER, DIMENSION_MISMATCH (tokens is 0 or more than there is room for),
 * NON_FINITE (the last activations stay). */
BT_API int ttt_activations_quantize(ttt_activations *activations, const float *x, size_t tokens);

/* y [tokens][rows] = the products with all tokens of the last ttt_activations_quantize. Errors:
 * NULL_POINTER, DIMENSION_MISMATCH (cols differ, or nothing is quantised yet). */
BT_API int ttt_matrix_multiply(const ttt_matrix *matrix, const ttt_activations *activations,
                               float *y);

#ifdef __cplusplus
}
#endif
#endif
