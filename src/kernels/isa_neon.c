/* isa_neon.c - AArch64 NEON: 4 lanes. Compiled twice: for any ARMv8 CPU and, by isa_neon_dot.c with
 * BT_NEON_DOT, for CPUs with sdot, which adds four products of int8 to each int32 lane.
 * Bound without sdot: a product is at most 8 * 127, a pair of them 2032, and every pair is widened.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <arm_neon.h>

#define BT_VL 4
#include "lanes.h"

typedef int8_t activation;
typedef uint8x16_t packed;
typedef int8x16_t weights, inputs;
typedef int32x4_t accumulator;
#define BT_FLUSH_CHUNKS 0u
#define BT_TILE_V 4
#define BT_TILE_T 4
#define BT_FIELD_SCALES 2
#define BT_MATVEC8_V 4
#define BT_MATVEC_V 4
#define BT_MATVEC_FLUSH 0u

BT_INLINE vi max_i(vi a, vi b)
{
    return (vi)vmaxq_s32((int32x4_t)a, (int32x4_t)b);
}
#define BT_GEMM_ROWS 8
#define BT_FUSED 1
BT_INLINE vf fma_f(vf a, vf b, vf c)
{
    return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
BT_INLINE vf max_f(vf a, vf b)
{
    return (vf)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
}
BT_INLINE vf min_f(vf a, vf b)
{
    return (vf)vminq_f32((float32x4_t)a, (float32x4_t)b);
}
BT_INLINE vf sqrt_f(vf v)
{
    return (vf)vsqrtq_f32((float32x4_t)v);
}
BT_INLINE vf splat4(const float *p)
{
    return load_f(p);
}
BT_INLINE void store_activations(activation *p, vi v)
{
    int16x4_t words = vmovn_s32((int32x4_t)v);
    int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
    int32_t four = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
    memcpy(p, &four, sizeof four);
}
BT_INLINE packed load_panel(const uint8_t *p)
{
    return vld1q_u8(p);
}
BT_INLINE weights unpack_field(packed raw, int field)
{
    return vreinterpretq_s8_u8((raw >> (uint8_t)(2 * field)) & vdupq_n_u8(3));
}
BT_INLINE weights mask_field(packed raw, int field) /* shifted by 4, as bit 7 would be a sign */
{
    if (field >= 2) raw = raw >> (uint8_t)4;
    return vreinterpretq_s8_u8(raw & vdupq_n_u8(field % 2 ? 12 : 3));
}
BT_INLINE inputs load_inputs(const activation *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}
BT_INLINE accumulator dot(accumulator acc, weights w, inputs x)
{
#if defined(BT_NEON_DOT)
    return vdotq_s32(acc, w, x);
#else
    int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x));
    int16x8_t high = vmull_s8(vget_high_s8(w), vget_high_s8(x));
    return vpadalq_s16(acc, vpaddq_s16(low, high));
#endif
}
BT_INLINE vi widen(accumulator acc)
{
    return (vi)acc;
}

/* Bound without sdot: a pair of products is at most 2 * 127 * 127 < 2^15, and every pair is
 * widened. */
#define BT_OFFSET8 0
BT_INLINE weights unpack8(packed raw)
{
    return vreinterpretq_s8_u8(veorq_u8(raw, vdupq_n_u8(128)));
}
BT_INLINE vi dot8(vi acc, weights w, inputs x)
{
    return (vi)dot((int32x4_t)acc, w, x);
}

#include "body.inc"

#if defined(BT_NEON_DOT)
const bt_kernels bt_kernels_neon_dot = BT_TABLE("neon_dot");
#else
const bt_kernels bt_kernels_neon = BT_TABLE("neon");
#endif
