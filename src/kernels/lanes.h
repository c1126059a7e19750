/* lanes.h - vectors of BT_VL floats or int32, nearly all by vector extensions of GCC and clang.
 *
 * The including file has defined BT_VL as 4, 8 or 16. All arithmetic is element-wise IEEE 754,
 * compiled with -ffp-contract=off, so results do not depend on the width.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LANES_H
#define BT_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BT_INLINE static inline __attribute__((always_inline))
#define BT_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define BT_UNROLL_FOR(...) BT_PRAGMA(clang loop unroll(full)) for (__VA_ARGS__)
#define BT_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define BT_UNROLL_FOR(...) BT_PRAGMA(GCC unroll 16) for (__VA_ARGS__)
#define BT_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif

/* Hides the value of v from gcc, which otherwise reassociates the integer sums of a tile into trees
 * that need more registers than there are. */
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__i386__))
#define BT_OPAQUE(v) __asm__("" : "+v"(v))
#elif defined(__GNUC__) && !defined(__clang__) && defined(__aarch64__)
#define BT_OPAQUE(v) __asm__("" : "+w"(v))
#else
#define BT_OPAQUE(v) (void)0
#endif

typedef float vf __attribute__((vector_size(BT_VL * 4)));
typedef int32_t vi __attribute__((vector_size(BT_VL * 4)));
typedef uint32_t vu __attribute__((vector_size(BT_VL * 4))); /* for arithmetic that may wrap */
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
/* The n < BT_VL floats at p, then zeros. */
BT_INLINE vf load_partial(const float *p, size_t n)
{
    float some[BT_VL] = {0};
    for (size_t k = 0; k < BT_VL && k < n; k++) some[k] = p[k];
    return load_f(some);
}
BT_INLINE vi load_bits(const float *p)
{
    return *(const vi_memory *)(const void *)p;
}
BT_INLINE vf splat_f(float x)
{
    return x - (vf){0}; /* x is broadcast; x - 0 is x, also for -0 */
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

/* Bit by bit, a where the mask is 1 and b where it is 0. */
BT_INLINE vi choose_bits(vi mask, vi a, vi b)
{
#if BT_VL == 16
    return (vi)_mm512_ternarylogic_epi32((__m512i)mask, (__m512i)a, (__m512i)b, 0xca);
#else
    return (a & mask) | (b & ~mask);
#endif
}

/* BT_FOLD(v, join) reduces v to lane 0 by halves: lane k is joined with lane k + VL / 2, then with
 * lane k + VL / 4, and so on to 1. The other lanes end up undefined. v is a variable, join a
 * function or macro of two vectors. BT_DOWN_n is the shuffle that brings lane k + n to lane k.
 * NOLINTBEGIN(bugprone-macro-parentheses): the arguments are variables, functions, index lists. */
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
BT_INLINE float fold_f(vf v)
{
    BT_FOLD(v, BT_ADD);
    return v[0];
}
BT_INLINE int32_t fold_i(vi v)
{
    BT_FOLD(v, BT_ADD);
    return v[0];
}

/* BT_FOLD_ALL(v, join) reduces each of the BT_VL vectors v[k] in the order of BT_FOLD; lane k of
 * v[0] is the result for v[k]. Each step joins the halves (then quarters, ...) of two vectors in
 * one operation, which takes a third of the operations of BT_VL times BT_FOLD. */
#define BT_FOLD_STEP(v, count, join, low, high)                                                    \
    BT_UNROLL_FOR(int i_ = 0; i_ < (count); i_++)                                                  \
    v[i_] = join(BT_SHUFFLE(v[i_], v[i_ + (count)], low), BT_SHUFFLE(v[i_], v[i_ + (count)], high))
#if BT_VL == 4
#define BT_LOW_2 0, 1, 4, 5
#define BT_HIGH_2 2, 3, 6, 7
#define BT_LOW_1 0, 4, 2, 6
#define BT_HIGH_1 1, 5, 3, 7
#define BT_FOLD_ALL(v, join)                                                                       \
    BT_FOLD_STEP(v, 2, join, BT_LOW_2, BT_HIGH_2);                                                 \
    BT_FOLD_STEP(v, 1, join, BT_LOW_1, BT_HIGH_1)
#elif BT_VL == 8
#define BT_LOW_4 0, 1, 2, 3, 8, 9, 10, 11
#define BT_HIGH_4 4, 5, 6, 7, 12, 13, 14, 15
#define BT_LOW_2 0, 1, 8, 9, 4, 5, 12, 13
#define BT_HIGH_2 2, 3, 10, 11, 6, 7, 14, 15
#define BT_LOW_1 0, 8, 2, 10, 4, 12, 6, 14
#define BT_HIGH_1 1, 9, 3, 11, 5, 13, 7, 15
#define BT_FOLD_ALL(v, join)                                                                       \
    BT_FOLD_STEP(v, 4, join, BT_LOW_4, BT_HIGH_4);                                                 \
    BT_FOLD_STEP(v, 2, join, BT_LOW_2, BT_HIGH_2);                                                 \
    BT_FOLD_STEP(v, 1, join, BT_LOW_1, BT_HIGH_1)
#else
#define BT_LOW_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define BT_HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define BT_LOW_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define BT_HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define BT_LOW_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define BT_HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define BT_LOW_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define BT_HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define BT_FOLD_ALL(v, join)                                                                       \
    BT_FOLD_STEP(v, 8, join, BT_LOW_8, BT_HIGH_8);                                                 \
    BT_FOLD_STEP(v, 4, join, BT_LOW_4, BT_HIGH_4);                                                 \
    BT_FOLD_STEP(v, 2, join, BT_LOW_2, BT_HIGH_2);                                                 \
    BT_FOLD_STEP(v, 1, join, BT_LOW_1, BT_HIGH_1)
#endif

/* NOLINTEND(bugprone-macro-parentheses) */

/* fold_rows: each of four vectors holds BT_VL / 4 rows, with four partial sums s0..s3 per row.
 * Lane 4 l + x of the result is (s0 + s1) + (s2 + s3) of row l of vector x. */
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

/* spread_rows, the inverse layout: lane 4 l + x of v is repeated in lanes 4 l .. 4 l + 3 of
 * out[x]. */
#if BT_VL == 4
#define BT_QUARTER(x) (x), (x), (x), (x)
#elif BT_VL == 8
#define BT_QUARTER(x) (x), (x), (x), (x), 4 + (x), 4 + (x), 4 + (x), 4 + (x)
#else
#define BT_QUARTER(x)                                                                              \
    (x), (x), (x), (x), 4 + (x), 4 + (x), 4 + (x), 4 + (x), 8 + (x), 8 + (x), 8 + (x), 8 + (x),    \
        12 + (x), 12 + (x), 12 + (x), 12 + (x)
#endif
BT_INLINE void spread_rows(vf v, vf out[4])
{
    out[0] = BT_SHUFFLE(v, v, BT_QUARTER(0));
    out[1] = BT_SHUFFLE(v, v, BT_QUARTER(1));
    out[2] = BT_SHUFFLE(v, v, BT_QUARTER(2));
    out[3] = BT_SHUFFLE(v, v, BT_QUARTER(3));
}

#endif
