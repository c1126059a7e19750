/* isa_baseline.c - 4 lanes, for every CPU of the architecture: SSE2 on x86-64, elsewhere plain C
 * with vector extensions.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define BT_VL 4
#include "lanes.h"
#include "pairs128.h"
#include "lookup128.h"
#define BT_TILE_V 2
#define BT_TILE_T 4

BT_INLINE vi multiply_pairs(vh a, vh b)
{
#if defined(__SSE2__)
    return (vi)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    vi x = (vi)a, y = (vi)b;
    return ((x << 16) >> 16) * ((y << 16) >> 16) + (x >> 16) * (y >> 16);
#endif
}

#include "body.inc"

const bt_kernels bt_kernels_baseline = BT_TABLE("baseline");
