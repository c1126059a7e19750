/* test_matrix.c - the public ternary product: against plain sums to the last bit on every kernel, and
 * what is refused.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include <bit_ttt/ternary.h>

#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* y [tokens][rows] as the header defines it. */
static void reference(const int8_t *w, const float *x, float scale, size_t rows, size_t cols,
                      size_t tokens, float *y)
{
    for (size_t t = 0; t < tokens; t++, x += cols) {
        float largest = 0;
        for (size_t k = 0; k < cols; k++) largest = fmaxf(largest, fabsf(x[k]));
        float up = largest > 1e-9f ? 127.0f / largest : 1.0f;
        float down = largest > 1e-9f ? largest / 127.0f : 1.0f;
        for (size_t i = 0; i < rows; i++) {
            int32_t sum = 0;
            for (size_t k = 0; k < cols; k++) {
                float scaled = x[k] * up;
                sum += w[i * cols + k] * (int32_t)roundf(scaled);
            }
            float product = (float)sum * down;
            y[t * rows + i] = scale == 1.0f ? product : product * scale;
        }
    }
}

static void compare(rng *random, size_t rows, size_t cols, size_t tokens, float scale)
{
    int8_t *w = must_alloc(rows * cols);
    float *x = must_alloc(tokens * cols * sizeof *x);
    float *y = must_zero(tokens * rows * sizeof *y),
          *expected = must_zero(tokens * rows * sizeof *y);
    for (size_t i = 0; i < rows * cols; i++) w[i] = (int8_t)rng_ternary(random);
    /* one row of ones and a token of nothing but its largest value: the largest sum there is */
    for (size_t k = 0; k < cols; k++) w[(rows - 1) * cols + k] = 1;
    rng_fill(random, x, tokens * cols);
    for (size_t k = 0; k < cols; k++) x[k] = 3.5f;
    if (tokens > 1) memset(x + cols, 0, cols * sizeof *x);
    reference(w, x, scale, rows, cols, tokens, expected);

    ttt_matrix *matrix;
    ttt_activations *activations;
    REQUIRE(ttt_matrix_create(w, rows, cols, scale, &matrix) == TTT_OK);
    REQUIRE(ttt_activations_create(cols, tokens + 1, &activations) == TTT_OK);
    CHECK_EQ(ttt_activations_quantize(activations, x, tokens), TTT_OK);
    CHECK_EQ(ttt_matrix_multiply(matrix, activations, y), TTT_OK);
    CHECK_SAME(y, expected, tokens * rows * sizeof *y);
    ttt_matrix_destroy(matrix);
    ttt_activations_destroy(activations);
    free(w);
    free(x);
    free(y);
    free(expected);
}

static void products(void)
{
    static const size_t shapes[][2] = {{1, 1},   {16, 16},  {17, 15},   {32, 128},
                                       {48, 33}, {80, 100}, {256, 256}, {100, 1040}};
    const char *kernels[8];
    rng random = {3};
    for (size_t k = 0, n = usable_kernels(kernels); k < n; k++) {
        use_kernel(kernels[k]);
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (size_t tokens = 1; tokens <= 11; tokens += tokens < 3 ? 1 : 4) {
                check_context("kernel=%s rows=%zu cols=%zu tokens=%zu", kernels[k], shapes[s][0],
                              shapes[s][1], tokens);
                compare(&random, shapes[s][0], shapes[s][1], tokens, tokens % 2 ? 1.0f : 0.37f);
            }
    }
    use_best_kernel();
}

/* The widest row of all: the exact sum needs 24 bits and more. */
static void widest(void)
{
    const char *kernels[8];
    rng random = {4};
    for (size_t k = 0, n = usable_kernels(kernels); k < n; k++) {
        use_kernel(kernels[k]);
        check_context("kernel=%s", kernels[k]);
        compare(&random, 5, TTT_MAX_MATRIX_DIM, 1, 1.0f);
        compare(&random, 5, TTT_MAX_MATRIX_DIM, 3, 1.0f);
    }
    use_best_kernel();
}

/* Activations keep the format of the kernel that quantised them. */
static void kernel_changes(void)
{
    const char *kernels[8];
    int8_t w[16 * 16] = {1, -1, 0, 1};
    float x[16] = {1, 2, -3, 4}, y[16];
    ttt_matrix *matrix;
    ttt_activations *activations;
    REQUIRE(ttt_matrix_create(w, 16, 16, 1.0f, &matrix) == TTT_OK);
    REQUIRE(ttt_activations_create(16, 1, &activations) == TTT_OK);
    size_t n = usable_kernels(kernels);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            use_kernel(kernels[a]);
            CHECK_EQ(ttt_activations_quantize(activations, x, 1), TTT_OK);
            use_kernel(kernels[b]);
            CHECK_EQ(ttt_matrix_multiply(matrix, activations, y), TTT_OK);
            CHECK(y[0] == (32.0f - 64.0f + 127.0f) * (4.0f / 127.0f) && y[1] == 0);
        }
    use_best_kernel();
    ttt_matrix_destroy(matrix);
    ttt_activations_destroy(activations);
}

/* Where the caller rounds otherwise or flushes what is denormal, products are the same, and its setting
 * is left on; with a scale some are denormal. */
static void check_modes(float scale)
{
    enum { ROWS = 40, COLS = 100, TOKENS = 3 };
    static const int directions[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    int8_t w[ROWS * COLS];
    float x[TOKENS * COLS], y[TOKENS * ROWS], expected[TOKENS * ROWS];
    rng random = {5};
    for (size_t i = 0; i < ROWS * COLS; i++) w[i] = (int8_t)rng_ternary(&random);
    for (size_t i = 0; i < TOKENS * COLS; i++)
        x[i] = rng_float(&random, -1, 1) * (i < COLS ? 2e-9f : 3);
    ttt_matrix *matrix;
    ttt_activations *activations;
    REQUIRE(ttt_matrix_create(w, ROWS, COLS, scale, &matrix) == TTT_OK);
    REQUIRE(ttt_activations_create(COLS, TOKENS, &activations) == TTT_OK);
    reference(w, x, scale, ROWS, COLS, TOKENS, expected);
    for (size_t i = 0; i < 8; i++) {
        check_context("direction %d flush %zu scale %g", directions[i % 4], i / 4, (double)scale);
        fesetround(directions[i % 4]);
#if defined(__x86_64__)
        if (i >= 4) _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
        CHECK_EQ(ttt_activations_quantize(activations, x, TOKENS), TTT_OK);
        CHECK_EQ(ttt_matrix_multiply(matrix, activations, y), TTT_OK);
        CHECK_EQ(fegetround(), directions[i % 4]);
#if defined(__x86_64__)
        CHECK_EQ((_mm_getcsr() & 0x8040) != 0, i >= 4);
        _mm_setcsr(_mm_getcsr() & ~0x8040u);
#endif
        fesetround(FE_TONEAREST);
        CHECK_SAME(y, expected, sizeof y);
    }
    ttt_matrix_destroy(matrix);
    ttt_activations_destroy(activations);
}

static void caller_modes(void)
{
    const char *kernels[8];
    for (size_t k = 0, n = usable_kernels(kernels); k < n; k++) {
        use_kernel(kernels[k]);
        check_modes(1.0f);
        check_modes(0.37f);
        check_modes(1e-37f);
    }
}

static void refusals(void)
{
    int8_t w[4] = {1, 0, -1, 2};
    float x[4] = {1, 2, 3, 4}, y[4] = {9, 9, 9, 9}, bad[2] = {1, NAN};
    ttt_matrix *matrix = (ttt_matrix *)w;
    ttt_activations *activations = NULL, *wide = NULL;
    CHECK_EQ(ttt_matrix_create(NULL, 2, 2, 1, &matrix), TTT_NULL_POINTER);
    CHECK(matrix == NULL);
    CHECK_EQ(ttt_matrix_create(w, 2, 2, 1, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_matrix_create(w, 0, 2, 1, &matrix), TTT_DIMENSION_MISMATCH);
    CHECK_EQ(ttt_matrix_create(w, 2, TTT_MAX_MATRIX_DIM + 1, 1, &matrix), TTT_DIMENSION_MISMATCH);
    CHECK_EQ(ttt_matrix_create(w, 2, 2, INFINITY, &matrix), TTT_INVALID_CONFIG);
    CHECK_EQ(ttt_matrix_create(w, 2, 2, 1, &matrix), TTT_INVALID_WEIGHTS);
    w[3] = 1;
    REQUIRE(ttt_matrix_create(w, 2, 2, 1, &matrix) == TTT_OK);
    CHECK_EQ(ttt_activations_create(2, 0, &activations), TTT_DIMENSION_MISMATCH);
    CHECK_EQ(ttt_activations_create(0, 1, &activations), TTT_DIMENSION_MISMATCH);
    CHECK_EQ(ttt_activations_create(2, SIZE_MAX / 4, &activations), TTT_OUT_OF_MEMORY);
    REQUIRE(ttt_activations_create(2, 2, &activations) == TTT_OK);
    REQUIRE(ttt_activations_create(4, 1, &wide) == TTT_OK);
    CHECK_EQ(ttt_matrix_multiply(matrix, activations, y), TTT_DIMENSION_MISMATCH); /* nothing yet */
    CHECK_EQ(ttt_activations_quantize(activations, x, 3), TTT_DIMENSION_MISMATCH);
    CHECK_EQ(ttt_activations_quantize(activations, NULL, 1), TTT_NULL_POINTER);
    CHECK_EQ(ttt_activations_quantize(wide, x, 1), TTT_OK);
    CHECK_EQ(ttt_matrix_multiply(matrix, wide, y), TTT_DIMENSION_MISMATCH);
    CHECK(y[0] == 9 && y[3] == 9);
    CHECK_EQ(ttt_activations_quantize(activations, x, 2), TTT_OK);
    CHECK_EQ(ttt_activations_quantize(activations, bad, 1), TTT_NON_FINITE);
    CHECK_EQ(ttt_matrix_multiply(matrix, activations, y), TTT_OK); /* still both tokens */
    CHECK(y[2] != 9 && y[3] != 9);
    ttt_matrix_destroy(matrix);
    ttt_activations_destroy(activations);
    ttt_activations_destroy(wide);
    ttt_matrix_destroy(NULL);
    ttt_activations_destroy(NULL);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"products", products},         {"widest", widest},     {"kernel_changes", kernel_changes},
        {"caller_modes", caller_modes}, {"refusals", refusals},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
