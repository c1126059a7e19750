/* isa_wasm_relaxed.c - WebAssembly with relaxed SIMD: 4 lanes; i16x8.relaxed_dot_i8x16_i7x16_s
 * multiplies int8 by 7-bit values and adds two products to each int16 lane. It serves the integer
 * products; the other kernels are those of isa_wasm128.c.
 *
 * A runtime without this instruction rejects any module that contains it. So this file compiles to
 * a placeholder, an instruction with the same operands that nothing else uses, and wasm/relax.mjs
 * puts the real one in its place in a second module. At run time computes_exactly()
 * finds out whether this module is the second one and whether the runtime's results are exact.
 * Bound: as in isa_avx2.c, whose instruction has the operands swapped. The specification makes the
 * products exact for 7-bit operands of 0 to 127, and no others are used.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <wasm_simd128.h>

#define BT_VL 4
#include "lanes.h"
#include "layout.h"

typedef int8_t activation;
typedef v128_t packed, weights, inputs, accumulator;
#define BT_PARTS (16 / BT_VL)
#define BT_FLUSH_CHUNKS 16u
#define BT_TILE_V 2
#define BT_TILE_T 4
#define BT_FIELD_SCALES 2
#define BT_MATVEC8_V 4
#define BT_MATVEC_V 2
#define BT_MATVEC_FLUSH 8u

/* The placeholder of the relaxed dot product of x (int8) and w (0 to 127). */
BT_INLINE v128_t relaxed_dot(v128_t x, v128_t w)
{
#if defined(BT_OTHER_PLACEHOLDER) /* wasm/relax.mjs finds the places where the two builds differ */
    return wasm_i16x8_narrow_i32x4(x, w);
#else
    return wasm_u16x8_narrow_i32x4(x, w);
#endif
}

BT_INLINE vi max_i(vi a, vi b)
{
    return (vi)wasm_i32x4_max((v128_t)a, (v128_t)b);
}
BT_INLINE void store_activations(activation *p, vi v)
{
    BT_UNROLL_FOR(int i = 0; i < 4; i++) p[i] = (int8_t)v[i];
}
BT_INLINE packed load_panel(const uint8_t *p)
{
    return wasm_v128_load(p);
}
BT_INLINE weights unpack_field(packed raw, int field)
{
    return wasm_v128_and(wasm_u16x8_shr(raw, (uint32_t)(2 * field)), wasm_i8x16_splat(3));
}
BT_INLINE weights mask_field(packed raw, int field)
{
    if (field >= 2) raw = wasm_u16x8_shr(raw, 4);
    return wasm_v128_and(raw, wasm_i8x16_splat(field % 2 ? 12 : 3));
}
BT_INLINE inputs load_inputs(const activation *p)
{
    return wasm_v128_load32_splat(p);
}
BT_INLINE accumulator dot(accumulator acc, weights w, inputs x)
{
    return wasm_i16x8_add(acc, relaxed_dot(x, w));
}
BT_INLINE vi widen(accumulator acc)
{
    return (vi)wasm_i32x4_extadd_pairwise_i16x8(acc);
}

/* w x = |x| * (sign(x) w), where |x| has 7 bits. A pair is at most 2 * 127 * 127 < 2^15. */
#define BT_OFFSET8 0
BT_INLINE weights unpack8(packed raw)
{
    return wasm_v128_xor(raw, wasm_i8x16_splat(-128));
}
BT_INLINE vi dot8(vi acc, weights w, inputs x)
{
    v128_t sign = wasm_i8x16_shr(x, 7);
    v128_t signed_w = wasm_i8x16_sub(wasm_v128_xor(w, sign), sign);
    return acc + (vi)wasm_i32x4_extadd_pairwise_i16x8(relaxed_dot(signed_w, wasm_i8x16_abs(x)));
}

#include "body_product.inc"

bt_kernels bt_kernels_wasm_relaxed = {.name = "relaxed"};

/* Tries every activation with the factors 0, 1, 64 and 127, in both positions of a pair. */
static bool computes_exactly(void)
{
    static const int8_t factors[] = {0, 1, 64, 127};
    for (int x = -127; x <= 127; x++)
        for (int k = 0; k < 4; k++) {
            int8_t other = (int8_t)(127 - k * 85), factor = factors[k], opposite = factors[3 - k];
            v128_t sums = relaxed_dot(
                wasm_i8x16_make((int8_t)x, other, other, (int8_t)x, 0, (int8_t)x, (int8_t)x, 0,
                                (int8_t)x, (int8_t)x, 1, 2, -3, 4, (int8_t)-x, other),
                wasm_i8x16_make(factor, opposite, factor, opposite, 99, factor, factor, 5, factor,
                                factor, 127, 127, 127, 0, factor, opposite));
            int16_t got[8], wanted[8] = {(int16_t)(x * factor + other * opposite),
                                         (int16_t)(other * factor + x * opposite),
                                         (int16_t)(x * factor),
                                         (int16_t)(x * factor),
                                         (int16_t)(2 * x * factor),
                                         3 * 127,
                                         -3 * 127,
                                         (int16_t)(-x * factor + other * opposite)};
            wasm_v128_store(got, sums);
            if (memcmp(got, wanted, sizeof got) != 0) return false;
        }
    return true;
}

bool bt_wasm_relaxed_usable(void)
{
    if (bt_kernels_wasm_relaxed.matmul) return true;
    if (!computes_exactly()) return false;
    const char *name = bt_kernels_wasm_relaxed.name;
    bt_kernels table = bt_kernels_wasm128;
    table.name = name;
    table.activation_size = sizeof(activation);
    table.quantize = quantize;
    table.matmul = matmul;
    table.matmul8 = matmul8;
    bt_kernels_wasm_relaxed = table;
    return true;
}
