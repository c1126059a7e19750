/* pairs128.h - the hooks of body.inc for 128-bit targets without a dot product of bytes (SSE2,
 * SIMD128): codes and activations are int16, and multiply_pairs (pmaddwd or the like), which the
 * including file defines, multiplies them and adds neighbouring products to int32.
 *
 * The even bytes of a packed row are those of inputs 0 and 2, the odd bytes those of 1 and 3. So
 * four activations x0 x1 x2 x3 are stored as x0 x2 x1 x3.
 * SPDX-License-Identifier: MIT */
#ifndef BT_PAIRS128_H
#define BT_PAIRS128_H

#include <math.h>

typedef int16_t activation;
typedef int16_t vh __attribute__((vector_size(16)));
typedef uint16_t vuh __attribute__((vector_size(16)));
typedef vuh packed;
typedef struct {
    vh even, odd;
} weights, inputs;
typedef vi accumulator;
#define BT_FLUSH_CHUNKS 0u
#define BT_FIELD_SCALES 1
#define BT_MATVEC8_V 4
#define BT_MATVEC_V 4
#define BT_MATVEC_FLUSH 0u

/* Lane k: a[2 k] * b[2 k] + a[2 k + 1] * b[2 k + 1]. */
BT_INLINE vi multiply_pairs(vh a, vh b);

BT_INLINE vi max_i(vi a, vi b)
{
    vi above = a > b;
    return (a & above) | (b & ~above);
}
#define BT_GEMM_ROWS 4
BT_INLINE vf fma_f(vf a, vf b, vf c)
{
    return a * b + c;
}
BT_INLINE vf max_f(vf a, vf b)
{
    vi above = a > b;
    return (vf)(((vi)a & above) | ((vi)b & ~above));
}
BT_INLINE vf min_f(vf a, vf b)
{
    vi below = a < b;
    return (vf)(((vi)a & below) | ((vi)b & ~below));
}
BT_INLINE vf sqrt_f(vf v)
{
    BT_UNROLL_FOR(int i = 0; i < BT_VL; i++) v[i] = sqrtf(v[i]);
    return v;
}
BT_INLINE vf splat4(const float *p)
{
    return load_f(p);
}
BT_INLINE packed load_panel(const uint8_t *p)
{
    return *(const vuh *)(const void *)p;
}
BT_INLINE weights unpack_field(packed raw, int field)
{
    const vuh mask = {3, 3, 3, 3, 3, 3, 3, 3};
    return (weights){(vh)((raw >> (2 * field)) & mask), (vh)((raw >> (2 * field + 8)) & mask)};
}
/* Codes of field f stay where they lie, times 4^f. dot_field shifts the inputs left by 6 - 2 f
 * instead, once for all rows, so that every product has the factor 2^6.
 * Bound, including the initial value: |sum| <= 2^6 * 3 * 127 * 65536 < 2^31. */
#define BT_MASK_SHIFT 6
BT_INLINE weights mask_field(packed raw, int field)
{
    uint16_t bits = (uint16_t)(3 << 2 * field);
    const vuh mask = {bits, bits, bits, bits, bits, bits, bits, bits};
    return (weights){(vh)(raw & mask), (vh)(raw >> 8 & mask)};
}
BT_INLINE inputs load_inputs(const activation *p)
{
    int32_t pair[2];
    memcpy(pair, p, sizeof pair);
    return (inputs){(vh)splat_i(pair[0]), (vh)splat_i(pair[1])};
}
BT_INLINE accumulator dot(accumulator acc, weights w, inputs x)
{
    acc += multiply_pairs(w.even, x.even) + multiply_pairs(w.odd, x.odd);
    BT_OPAQUE(acc);
    return acc;
}
#define BT_HAS_DOT_FIELD 1
BT_INLINE accumulator dot_field(accumulator acc, weights w, const activation *p, int field)
{
    inputs x = load_inputs(p);
    x.even = (vh)((vuh)x.even << (BT_MASK_SHIFT - 2 * field));
    x.odd = (vh)((vuh)x.odd << (BT_MASK_SHIFT - 2 * field));
    return dot(acc, w, x);
}
BT_INLINE vi widen(accumulator acc)
{
    return acc;
}
#define BT_OFFSET8 0
BT_INLINE weights unpack8(packed raw)
{
    const vuh offset = {0x8080, 0x8080, 0x8080, 0x8080, 0x8080, 0x8080, 0x8080, 0x8080};
    vh bytes = (vh)(raw ^ offset);
    return (weights){(vh)((vuh)bytes << 8) >> 8, bytes >> 8};
}
BT_INLINE vi dot8(vi acc, weights w, inputs x)
{
    return dot(acc, w, x);
}
BT_INLINE void store_activations(activation *p, vi v)
{
    p[0] = (int16_t)v[0];
    p[1] = (int16_t)v[2];
    p[2] = (int16_t)v[1];
    p[3] = (int16_t)v[3];
}

#endif
