/* isa_avx2.c - AVX2: 8 lanes; vpmaddubsw adds to int16 accumulators, which are widened after a few
 * chunks.
 * Bound: a dot adds at most 2 * 2 * 127 = 508, so 64 of them (16 chunks) stay below 2^15. With the
 * codes of mask_field it adds up to four times that, but only two of a chunk's four to one
 * accumulator: 8 chunks.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <immintrin.h>

#define BT_VL 8
#include "lanes.h"

typedef int8_t activation;
typedef __m256i packed, weights, inputs, accumulator;
#define BT_FLUSH_CHUNKS 16u
#define BT_TILE_V 2
#define BT_TILE_T 4
#define BT_FIELD_SCALES 2
#define BT_MATVEC8_V 4
#define BT_MATVEC_V 2
#define BT_MATVEC_FLUSH 8u

BT_INLINE vi max_i(vi a, vi b)
{
    return (vi)_mm256_max_epi32((__m256i)a, (__m256i)b);
}
#define BT_GEMM_ROWS 6
#define BT_FUSED 1
BT_INLINE vf fma_f(vf a, vf b, vf c)
{
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
BT_INLINE vf max_f(vf a, vf b)
{
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}
BT_INLINE vf min_f(vf a, vf b)
{
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
}
BT_INLINE vf sqrt_f(vf v)
{
    return (vf)_mm256_sqrt_ps((__m256)v);
}
BT_INLINE vf splat4(const float *p)
{
    return (vf)_mm256_broadcast_ps((const __m128 *)(const void *)p);
}
BT_INLINE void store_activations(activation *p, vi v)
{
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)v),
                                    _mm256_extracti128_si256((__m256i)v, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packs_epi16(words, words));
}
#define BT_HAS_STORE_ACTIVATIONS4 1
BT_INLINE vi store_activations4(activation *p, const vi v[4], vi sum)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i low = _mm256_packs_epi32((__m256i)v[0], (__m256i)v[1]);
    __m256i high = _mm256_packs_epi32((__m256i)v[2], (__m256i)v[3]);
    __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
    _mm256_storeu_si256((__m256i *)(void *)p, bytes);
    return sum + (v[0] + v[1]) + (v[2] + v[3]);
}
BT_INLINE packed load_panel(const uint8_t *p)
{
    return _mm256_load_si256((const __m256i *)(const void *)p);
}
BT_INLINE weights unpack_field(packed raw, int field)
{
    return _mm256_and_si256(_mm256_srli_epi16(raw, 2 * field), _mm256_set1_epi8(3));
}
BT_INLINE weights mask_field(packed raw, int field)
{
    if (field >= 2) raw = _mm256_srli_epi16(raw, 4);
    return _mm256_and_si256(raw, _mm256_set1_epi8(field % 2 ? 12 : 3));
}
BT_INLINE inputs load_inputs(const activation *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
}
BT_INLINE accumulator dot(accumulator acc, weights w, inputs x)
{
    acc = _mm256_add_epi16(acc, _mm256_maddubs_epi16(w, x));
    BT_OPAQUE(acc);
    return acc;
}
BT_INLINE vi widen(accumulator acc)
{
    return (vi)_mm256_madd_epi16(acc, _mm256_set1_epi16(1));
}

/* vpmaddubsw needs an unsigned operand, so w x = |x| * (sign(x) w). A pair of products is at most
 * 2 * 127 * 127 < 2^15. */
#define BT_OFFSET8 0
BT_INLINE weights unpack8(packed raw)
{
    return _mm256_xor_si256(raw, _mm256_set1_epi8(-128));
}
BT_INLINE vi dot8(vi acc, weights w, inputs x)
{
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(w, x));
    acc += (vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    BT_OPAQUE(acc);
    return acc;
}

#include "body.inc"

const bt_kernels bt_kernels_avx2 = BT_TABLE("avx2");
