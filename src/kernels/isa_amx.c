/* isa_amx.c - the matrix products of training with AMX, the matrix unit of x86 CPUs: one instruction
 * multiplies 16 rows by 16 columns of 32 bfloat16 numbers each, and adds the products to 16 x 16 sums
 * in f32 (Intel 64 and IA-32 manual, volume 1, chapter 18). Used with the kernels of isa_avx512.c.
 *
 * A tile register holds 16 rows of 64 bytes. Of an operand it takes 32 values of k for 16 rows of a or
 * columns of b: rows of a as they are, and of b the pairs (k, k + 1) of all columns side by side.
 * SPDX-License-Identifier: MIT */
#if defined(__linux__)
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): syscall() */
#endif
#include "tables.h"

#if defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIDE 16u    /* rows or columns of one register */
#define WIDTH 32u   /* of a panel: two registers */
#define DEPTH 32u   /* values of k in a register */
#define BYTES 1024u /* of a register */

/* Rounds to bfloat16, nearest with ties to even; the pairs (low, high) lie side by side. */
static __m512i pairs(__m512 low, __m512 high)
{
    __m512i l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
    __m512i h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
    return _mm512_or_si512(l, _mm512_slli_epi32(h, 16));
}

/* Transposes 16 x 16 numbers of 32 bits: rows 1, 2, 4 and 8 apart change places, block by block. */
static void transpose(__m512i r[SIDE])
{
    __m512i t[SIDE];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 16; i += 8)
        for (int j = i; j < i + 4; j++) {
            t[j] = _mm512_shuffle_i32x4(r[j], r[j + 4], 0x88);
            t[j + 4] = _mm512_shuffle_i32x4(r[j], r[j + 4], 0xdd);
        }
    for (int j = 0; j < 8; j++) {
        r[j] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0x88);
        r[j + 8] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0xdd);
    }
}

static __mmask16 first(size_t n)
{
    return (__mmask16)(n < SIDE ? (1u << n) - 1 : 0xffffu);
}

/* 32 values of k, of which `depth` are there, for each of `count` rows. */
static void load_rows(__m512i r[SIDE], const float *x, size_t count, size_t stride, size_t depth)
{
    __mmask16 low = first(depth), high = first(depth < SIDE ? 0 : depth - SIDE);
    for (size_t i = 0; i < SIDE; i++) {
        const float *row = x + i * stride;
        if (i >= count) {
            r[i] = _mm512_setzero_si512();
            continue;
        }
        r[i] = (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, row + SIDE),
                                            _mm512_maskz_loadu_ps(low, row));
    }
}

/* 16 pairs of k side by side, for `count` neighbouring columns. */
static void load_pairs(__m512i r[SIDE], const float *x, size_t count, size_t depth, size_t k_stride)
{
    __mmask16 lanes = first(count);
    for (size_t k = 0; k < DEPTH; k += 2, x += 2 * k_stride) {
        __m512 low = k < depth ? _mm512_maskz_loadu_ps(lanes, x) : _mm512_setzero_ps();
        __m512 high =
            k + 1 < depth ? _mm512_maskz_loadu_ps(lanes, x + k_stride) : _mm512_setzero_ps();
        r[k / 2] = pairs(low, high);
    }
}

/* All panels of an operand, register by register: [panel][depth / 32][2][16][32]. */
static void pack(char *out, const float *x, size_t n, size_t stride, size_t depth, size_t k_stride,
                 bool by_pairs)
{
    for (size_t i = 0; i < n; i += WIDTH)
        for (size_t k = 0; k < depth; k += DEPTH)
            for (size_t j = i; j < i + WIDTH; j += SIDE, out += BYTES) {
                const float *from = x + j * stride + k * k_stride;
                size_t count = n > j ? n - j : 0, rest = depth - k;
                __m512i r[SIDE];
                if (stride == 1) load_pairs(r, from, count, rest, k_stride);
                else load_rows(r, from, count, stride, rest);
                if ((stride == 1) != by_pairs) transpose(r);
                for (size_t row = 0; row < SIDE; row++) _mm512_storeu_si512(out + row * 64, r[row]);
            }
}
static void pack_a(void *out, const float *x, size_t rows, size_t stride, size_t depth,
                   size_t k_stride)
{
    pack(out, x, rows, stride, depth, k_stride, false);
}
static void pack_b(void *out, const float *x, size_t cols, size_t stride, size_t depth,
                   size_t k_stride)
{
    pack(out, x, cols, stride, depth, k_stride, true);
}

/* Registers 0 to 3: sums; 4 and 5: rows of a; 6 and 7: columns of b. */
static void tile(size_t depth, const void *panel_a, const void *panel_b, float *c, size_t stride,
                 bool accumulate)
{
    const char *a = panel_a, *b = panel_b;
    float *below = c + SIDE * stride;
    size_t bytes = stride * sizeof *c;
    if (accumulate) {
        _tile_loadd(0, c, bytes);
        _tile_loadd(1, c + SIDE, bytes);
        _tile_loadd(2, below, bytes);
        _tile_loadd(3, below + SIDE, bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (size_t k = 0; k < depth; k += DEPTH, a += 2 * BYTES, b += 2 * BYTES) {
        _tile_loadd(4, a, 64);
        _tile_loadd(6, b, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b + BYTES, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a + BYTES, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, bytes);
    _tile_stored(1, c + SIDE, bytes);
    _tile_stored(2, below, bytes);
    _tile_stored(3, below + SIDE, bytes);
}

/* What LDTILECFG reads: eight registers of 16 rows of 64 bytes. In memory, as the intrinsic does not tell
 * the compiler that it reads all of it. */
static const struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} registers = {.palette = 1,
               .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
               .rows = {SIDE, SIDE, SIDE, SIDE, SIDE, SIDE, SIDE, SIDE}};

static void begin(void)
{
    _tile_loadconfig(&registers);
}
static void end(void)
{
    _tile_release(); /* or the system saves 8 KB at each switch of threads */
}

const bt_tiles bt_tiles_amx = {.rows = WIDTH,
                               .cols = WIDTH,
                               .depth_unit = DEPTH,
                               .element = 2,
                               .pack_a = pack_a,
                               .pack_b = pack_b,
                               .tile = tile,
                               .begin = begin,
                               .end = end};

/* A process has to ask for the tile registers before their first use (Linux, x86/xstate.rst). */
bool bt_amx_usable(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, TILES_AND_BF16 = 1 << 22 | 1 << 24 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & TILES_AND_BF16) == TILES_AND_BF16 &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#else /* other systems have other ways to ask for the registers */
const bt_tiles bt_tiles_amx = {0};
bool bt_amx_usable(void)
{
    return false;
}
#endif
