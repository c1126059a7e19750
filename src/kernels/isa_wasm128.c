/* isa_wasm128.c - WebAssembly SIMD128: 4 lanes; i32x4.dot_i16x8_s on int16 codes and activations.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <wasm_simd128.h>

#define BT_VL 4
#include "lanes.h"
#include "pairs128.h"
#include "lookup128.h"
#define BT_TILE_V 2
#define BT_TILE_T 4

BT_INLINE vi multiply_pairs(vh a, vh b)
{
    return (vi)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b);
}

#include "body.inc"

const bt_kernels bt_kernels_wasm128 = BT_TABLE("simd128");
