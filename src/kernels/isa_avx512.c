/* isa_avx512.c - 16 lanes, vpdpbusd: u8 codes (w + 1) times s8 activations, four products a lane.
 * Bound: |sum| <= 2 * 127 * 65536 < 2^31. Zen 4: vpdpbusd 1 a cycle, latency 4, so the 2 x 8 tile
 * keeps 16 independent accumulators in flight.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <immintrin.h>

#define BT_VL 16
#include "lanes.h"

typedef int8_t activation;
typedef __m512i packed, weights, inputs, accumulator;
#define BT_FLUSH_CHUNKS 0u
#define BT_TILE_V 2
#define BT_TILE_T 8
#define BT_MASKS 4
#define BT_VECTOR8_V 1
#define BT_VECTOR8_Q 4
#define BT_VECTOR_V 4
#define BT_VECTOR_FLUSH 0u
#define BT_MEMORY_TILES 2
#define BT_MEMORY_BLOCKS 8
#define BT_TOGETHER(x) __asm__("" : "+v"(x[0]), "+v"(x[1]), "+v"(x[2]), "+v"(x[3]))

BT_INLINE vi max_i(vi a, vi b)
{
    return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b);
}
#define BT_GEMM_ROWS 12
#define BT_FUSED 1
BT_INLINE vf fma_f(vf a, vf b, vf c)
{
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
BT_INLINE vf max_f(vf a, vf b)
{
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}
BT_INLINE vf min_f(vf a, vf b)
{
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
}
BT_INLINE vf sqrt_f(vf v)
{
    return (vf)_mm512_sqrt_ps((__m512)v);
}
BT_INLINE vf splat4(const float *p)
{
    return (vf)_mm512_broadcast_f32x4(_mm_loadu_ps(p));
}
BT_INLINE void store_activations(activation *p, vi v)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8((__m512i)v));
}
#define BT_STORE_FOUR 1
BT_INLINE vi store_four(activation *p, const vi v[4], vi sum)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i low = _mm512_packs_epi32((__m512i)v[0], (__m512i)v[1]);
    __m512i high = _mm512_packs_epi32((__m512i)v[2], (__m512i)v[3]);
    __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
    _mm512_storeu_si512(p, bytes);
    return (vi)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi8(1), bytes);
}
BT_INLINE packed load_w(const uint8_t *p)
{
    return _mm512_load_si512(p);
}
BT_INLINE weights unpack(packed raw, int field)
{
    return _mm512_and_si512(_mm512_srli_epi32(raw, (unsigned)(2 * field)), _mm512_set1_epi8(3));
}
BT_INLINE weights mask(packed raw, int field)
{
    return _mm512_and_si512(raw, _mm512_set1_epi8((char)(3 << (2 * field))));
}
BT_INLINE inputs load_x(const activation *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}
BT_INLINE accumulator dot(accumulator acc, weights w, inputs x)
{
#if defined(__clang__)
    return _mm512_dpbusd_epi32(acc, w, x);
#else /* gcc's intrinsic copies the accumulator around, and spills */
    __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(w), "v"(x));
    return acc;
#endif
}
/* Broadcast by the instruction itself, which takes hardly a place in the pipes. */
#define BT_DOT_FIELD 1
typedef struct {
    activation x[4];
} quad;
BT_INLINE accumulator dot_field(accumulator acc, weights w, const activation *x, int field)
{
    (void)field;
    __asm__("vpdpbusd %2%{1to16%}, %1, %0"
            : "+v"(acc)
            : "v"(w), "m"(*(const quad *)(const void *)x));
    return acc;
}
BT_INLINE vi total(accumulator acc)
{
    return (vi)acc;
}

#define BT_OFFSET8 (-128)
BT_INLINE weights unpack8(packed raw)
{
    return raw;
}
BT_INLINE vi dot8(vi acc, weights w, inputs x)
{
    return (vi)dot((__m512i)acc, w, x);
}

#include "body.inc"

const bt_kernels bt_kernels_avx512 = BT_TABLE("avx512");
