/* isa_avx512bf16.c - the matrix products of training with the CPU's bfloat16 instructions, which
 * make twice as many products per instruction as f32; used with the kernels of isa_avx512.c
 * (bt_bf16_best).
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <immintrin.h>

#define ROWS 12 /* as the tile of isa_avx512.c */
#define COLS 32
#define BT_UNROLL_FOR(...) _Pragma("GCC unroll 16") for (__VA_ARGS__)

/* Rounds a panel [depth][width] to bfloat16, nearest with ties to even, and packs depths k and
 * k + 1 into the lower and upper halves of one row of floats, in place. An odd last row is paired
 * with zeros. */
static void round_pairs(float *panel, size_t width, size_t depth)
{
    for (size_t k = 0; k < depth; k += 2) {
        const float *first = panel + k * width, *second = first + width;
        float *out = panel + k / 2 * width;
        for (size_t i = 0; i < width; i += 16) {
            __mmask16 lanes = (__mmask16)(width - i < 16 ? (1u << (width - i)) - 1 : 0xffffu);
            __m512 low = _mm512_maskz_loadu_ps(lanes, first + i);
            __m512 high =
                k + 1 < depth ? _mm512_maskz_loadu_ps(lanes, second + i) : _mm512_setzero_ps();
            __m256bh l = _mm512_cvtneps_pbh(low), h = _mm512_cvtneps_pbh(high);
            __m512i both =
                _mm512_or_si512(_mm512_cvtepu16_epi32((__m256i)l),
                                _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)h), 16));
            _mm512_mask_storeu_ps(out + i, lanes, (__m512)both);
        }
    }
}

/* Rounds the panels that the f32 kernels have packed. */
static void round_panels(float *panel, size_t count, size_t width, size_t depth)
{
    for (size_t i = 0; i < count; i += width, panel += width * depth)
        round_pairs(panel, width, depth);
}
static void pack_a(void *out, const float *x, size_t rows, size_t stride, size_t depth,
                   size_t k_stride)
{
    bt_kernels_avx512.gemm.pack_a(out, x, rows, stride, depth, k_stride);
    round_panels(out, rows, ROWS, depth);
}
static void pack_b(void *out, const float *x, size_t cols, size_t stride, size_t depth,
                   size_t k_stride)
{
    bt_kernels_avx512.gemm.pack_b(out, x, cols, stride, depth, k_stride);
    round_panels(out, cols, COLS, depth);
}

/* gemm_tile of body_gemm.inc over pairs of depths. */
static void tile(size_t depth, const void *panel_a, const void *panel_b, float *c, size_t stride,
                 bool accumulate)
{
    const float *a = panel_a, *b = panel_b;
    __m512 acc[ROWS][2];
    BT_UNROLL_FOR(int i = 0; i < ROWS; i++)
        BT_UNROLL_FOR(int j = 0; j < 2; j++)
            acc[i][j] =
                accumulate ? _mm512_loadu_ps(c + (size_t)i * stride + j * 16) : _mm512_setzero_ps();
    for (size_t k = 0; k < (depth + 1) / 2; k++) {
        __m512bh left = (__m512bh)_mm512_loadu_ps(b + k * COLS);
        __m512bh right = (__m512bh)_mm512_loadu_ps(b + k * COLS + 16);
        BT_UNROLL_FOR(int i = 0; i < ROWS; i++) {
            __m512bh factor = (__m512bh)_mm512_set1_ps(a[k * ROWS + (size_t)i]);
            acc[i][0] = _mm512_dpbf16_ps(acc[i][0], factor, left);
            acc[i][1] = _mm512_dpbf16_ps(acc[i][1], factor, right);
        }
    }
    BT_UNROLL_FOR(int i = 0; i < ROWS; i++)
        BT_UNROLL_FOR(int j = 0; j < 2; j++)
            _mm512_storeu_ps(c + (size_t)i * stride + j * 16, acc[i][j]);
}

const bt_tiles bt_tiles_avx512bf16 = {.rows = ROWS,
                                      .cols = COLS,
                                      .depth_unit = 1,
                                      .element = sizeof(float),
                                      .pack_a = pack_a,
                                      .pack_b = pack_b,
                                      .tile = tile};
