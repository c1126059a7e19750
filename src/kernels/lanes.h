/* lanes.h - vectors of BT_VL floats or int32, in GCC/clang vector extensions.
 *
 * The file that includes this has set BT_VL to 4, 8 or 16. All arithmetic is element-wise IEEE 754
 * (compiled with -ffp-contract=off), so the width never shows in a result.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LANES_H
#define BT_LANES_H

#include <stdint.h>
#include <string.h>

#define BT_INLINE static inline __attribute__((always_inline))
#define BT_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define BT_UNROLL BT_PRAGMA(clang loop unroll(full))
#define BT_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define BT_UNROLL BT_PRAGMA(GCC unroll 16)
#define BT_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif

/* Keeps gcc from summing a tile's products as trees, which takes more registers than there are. */
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__i386__))
#define BT_HOLD(v) __asm__("" : "+v"(v))
#elif defined(__GNUC__) && !defined(__clang__) && defined(__aarch64__)
#define BT_HOLD(v) __asm__("" : "+w"(v))
#else
#define BT_HOLD(v) (void)0
#endif

typedef float vf __attribute__((vector_size(BT_VL * 4)));
typedef int32_t vi __attribute__((vector_size(BT_VL * 4)));
typedef uint32_t vu __attribute__((vector_size(BT_VL * 4))); /* where a NaN's bits may wrap */
typedef float vf_memory __attribute__((vector_size(BT_VL * 4), aligned(4), may_alias));
typedef int32_t vi_memory __attribute__((vector_size(BT_VL * 4), aligned(4), may_alias));

BT_INLINE vf load_f(const float *p)
{
    return *(const vf_memory *)p;
}
BT_INLINE void store_f(float *p, vf v)
{
    *(vf_memory *)p = v;
}
BT_INLINE vi load_bits(const float *p)
{
    return *(const vi_memory *)(const void *)p;
}
BT_INLINE vf splat_f(float x)
{
    return x - (vf){0}; /* x - 0 is x, also for -0 */
}
BT_INLINE vi splat_i(int32_t x)
{
    return x - (vi){0};
}
BT_INLINE vf to_float(vi v)
{
    return __builtin_convertvector(v, vf);
}
BT_INLINE vi truncate(vf v)
{
    return __builtin_convertvector(v, vi);
}

/* The upper half, quarter, ... of the lanes brought down; what ends up above does not matter. */
#define BT_FOLD4(v, join)                                                                          \
    v = join(v, BT_SHUFFLE(v, v, BT_DOWN_2));                                                      \
    v = join(v, BT_SHUFFLE(v, v, BT_DOWN_1))
#if BT_VL == 4
#define BT_DOWN_2 2, 3, 2, 3
#define BT_DOWN_1 1, 1, 1, 1
#define BT_FOLD(v, join) BT_FOLD4(v, join)
#elif BT_VL == 8
#define BT_DOWN_4 4, 5, 6, 7, 4, 5, 6, 7
#define BT_DOWN_2 2, 3, 2, 3, 6, 7, 6, 7
#define BT_DOWN_1 1, 1, 3, 3, 5, 5, 7, 7
#define BT_FOLD(v, join)                                                                           \
    v = join(v, BT_SHUFFLE(v, v, BT_DOWN_4));                                                      \
    BT_FOLD4(v, join)
#else
#define BT_DOWN_8 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15
#define BT_DOWN_4 4, 5, 6, 7, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15
#define BT_DOWN_2 2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15
#define BT_DOWN_1 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15
#define BT_FOLD(v, join)                                                                           \
    v = join(v, BT_SHUFFLE(v, v, BT_DOWN_8));                                                      \
    v = join(v, BT_SHUFFLE(v, v, BT_DOWN_4));                                                      \
    BT_FOLD4(v, join)
#endif
#define BT_ADD(a, b) ((a) + (b))
#define BT_OR(a, b) ((a) | (b))
BT_INLINE float fold_f(vf v) /* lanes k and k + VL / 2 first, then quarters, ... */
{
    BT_FOLD(v, BT_ADD);
    return v[0];
}
BT_INLINE int32_t fold_i(vi v)
{
    BT_FOLD(v, BT_ADD);
    return v[0];
}

/* Four vectors, each of BT_VL / 4 rows with four partial sums a0..a3 a row, to one vector of
 * (a0 + a1) + (a2 + a3): lane 4 l + x is row l of vector x. */
#if BT_VL == 4
#define BT_EVEN_PAIRS 0, 2, 4, 6
#define BT_ODD_PAIRS 1, 3, 5, 7
#elif BT_VL == 8
#define BT_EVEN_PAIRS 0, 2, 8, 10, 4, 6, 12, 14
#define BT_ODD_PAIRS 1, 3, 9, 11, 5, 7, 13, 15
#else
#define BT_EVEN_PAIRS 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30
#define BT_ODD_PAIRS 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31
#endif
BT_INLINE vf add_pairs(vf a, vf b)
{
    return BT_SHUFFLE(a, b, BT_EVEN_PAIRS) + BT_SHUFFLE(a, b, BT_ODD_PAIRS);
}
BT_INLINE vf fold_rows(const vf s[4])
{
    return add_pairs(add_pairs(s[0], s[1]), add_pairs(s[2], s[3]));
}

/* Element x of each quarter of four lanes, in all four. */
#if BT_VL == 4
#define BT_QUARTER(x) x, x, x, x
#elif BT_VL == 8
#define BT_QUARTER(x) x, x, x, x, 4 + x, 4 + x, 4 + x, 4 + x
#else
#define BT_QUARTER(x)                                                                              \
    x, x, x, x, 4 + x, 4 + x, 4 + x, 4 + x, 8 + x, 8 + x, 8 + x, 8 + x, 12 + x, 12 + x, 12 + x,   \
        12 + x
#endif
BT_INLINE void spread_rows(vf v, vf out[4])
{
    out[0] = BT_SHUFFLE(v, v, BT_QUARTER(0));
    out[1] = BT_SHUFFLE(v, v, BT_QUARTER(1));
    out[2] = BT_SHUFFLE(v, v, BT_QUARTER(2));
    out[3] = BT_SHUFFLE(v, v, BT_QUARTER(3));
}

#endif
