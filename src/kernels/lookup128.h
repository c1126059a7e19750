/* lookup128.h - the ternary product of 8 or 16 tokens on 128-bit targets by table lookup, the
 * method of the four Russians (Arlazarov, Dinic, Kronrod and Faradzev 1970). Four inputs have 81
 * combinations of ternary weights. A table holds the weighted sum of each combination for all
 * tokens, one token per int16 lane, and a row adds the entry that its byte of packed codes selects,
 * instead of multiplying.
 * Bound: an entry is at most 4 * 127, and 64 of them (16 chunks) are added before widening to
 * int32.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LOOKUP128_H
#define BT_LOOKUP128_H

#define BT_LOOKUP_MIN_ROWS 128u /* with fewer rows, filling the tables costs more than it saves */

enum {
    LOOKUP_ROWS = 512,   /* rows per pass, which fills the tables anew; 71 KB of stack in all */
    LOOKUP_ENTRIES = 171 /* a byte of four codes 0..2 is at most 0xaa = 170; 81 entries are used */
};

/* Entries and sums are V vectors of eight tokens. V = 2 decodes an entry's offset once for 16
 * tokens. */
typedef struct {
    vh tables[4 * LOOKUP_ENTRIES * 2]; /* one chunk's: a table for each of a row's four bytes */
    vh sums16[LOOKUP_ROWS * 2];        /* each row's sum of up to 16 chunks */
    vi sums32[LOOKUP_ROWS * 2][2];
} lookup_work;

#if defined(__clang__)
#define BT_SHUFFLE_H(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define BT_SHUFFLE_H(a, b, ...) __builtin_shuffle(a, b, (vh){__VA_ARGS__})
#endif
#define BT_LOW_HALVES(a, b) BT_SHUFFLE_H(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define BT_HIGH_HALVES(a, b) BT_SHUFFLE_H(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/* Transposes eight activations of eight tokens, whose rows are stride apart: lane t of out[i] is
 * activation i of token t. */
BT_INLINE void lookup_transpose(const activation *x, size_t stride, vh out[8])
{
    vh a[8], b[8];
    BT_UNROLL_FOR(int t = 0; t < 8; t++) memcpy(&a[t], x + (size_t)t * stride, sizeof a[t]);
    BT_UNROLL_FOR(int t = 0; t < 4; t++) { /* interleave rows 4 apart, three times */
        b[2 * t] = BT_LOW_HALVES(a[t], a[t + 4]);
        b[2 * t + 1] = BT_HIGH_HALVES(a[t], a[t + 4]);
    }
    BT_UNROLL_FOR(int t = 0; t < 4; t++) {
        a[2 * t] = BT_LOW_HALVES(b[t], b[t + 4]);
        a[2 * t + 1] = BT_HIGH_HALVES(b[t], b[t + 4]);
    }
    BT_UNROLL_FOR(int t = 0; t < 4; t++) {
        out[2 * t] = BT_LOW_HALVES(a[t], a[t + 4]);
        out[2 * t + 1] = BT_HIGH_HALVES(a[t], a[t + 4]);
    }
}

/* table[V (c0 + 4 c1 + 16 c2 + 64 c3)] = sum over i of (c_i - 1) x_i. */
BT_INLINE void lookup_fill(vh *table, vh x0, vh x1, vh x2, vh x3, const int V)
{
    vh third = -(x0 + x1 + x2 + x3);
    for (int c3 = 0; c3 < 3; c3++, third += x3) {
        vh second = third;
        for (int c2 = 0; c2 < 3; c2++, second += x2) {
            vh first = second;
            BT_UNROLL_FOR(int c1 = 0; c1 < 3; c1++, first += x1) {
                vh *entry = table + V * (64 * c3 + 16 * c2 + 4 * c1);
                entry[0] = first;
                entry[V] = first + x0;
                entry[2 * V] = first + x0 + x0;
            }
        }
    }
}

/* Fills one chunk's four tables for 8 V tokens; byte b of a row has the codes of inputs b,
 * b + 4, b + 8 and b + 12. */
BT_INLINE void lookup_tables(vh *tables, const activation *x, size_t stride, const int V)
{
    static const int order[4] = {0, 2, 1, 3}; /* of four activations in memory (pairs128.h) */
    for (int v = 0; v < V; v++) {
        vh inputs_of[16];
        lookup_transpose(x + (size_t)(8 * v) * stride, stride, inputs_of);
        lookup_transpose(x + (size_t)(8 * v) * stride + 8, stride, inputs_of + 8);
        for (int b = 0; b < 4; b++) {
            const vh *from = inputs_of + order[b];
            lookup_fill(tables + b * LOOKUP_ENTRIES * V + v, from[0], from[4], from[8], from[12],
                        V);
        }
    }
}

/* Adds to each row's sums the four entries that its codes of one chunk select. */
BT_INLINE void lookup_rows(lookup_work *work, const bt_ternary *w, size_t block, size_t blocks,
                           size_t chunk, const int V)
{
    const char *tables = (const char *)work->tables;
    const uint32_t mask = V == 2 ? 0x1fe0 : 0xff0, shift = V == 2 ? 5 : 4;
    for (size_t i = 0; i < blocks; i++) {
        const uint8_t *panel = w->panels + ((block + i) * w->chunks + chunk) * BT_CHUNK_BYTES;
        vh *sums = work->sums16 + i * BT_ROWS * (size_t)V;
        for (size_t r = 0; r < BT_ROWS; r++) {
            uint32_t codes, offset[4]; /* a code byte times the bytes of an entry */
            memcpy(&codes, panel + 4 * r, 4);
            offset[0] = codes << shift & mask;
            offset[1] = codes >> (8 - shift) & mask;
            offset[2] = codes >> (16 - shift) & mask;
            offset[3] = codes >> (24 - shift) & mask;
            BT_UNROLL_FOR(int v = 0; v < V; v++) {
                vh sum = sums[(size_t)V * r + (size_t)v];
                BT_UNROLL_FOR(int b = 0; b < 4; b++)
                    sum += *(const vh *)(const void *)(tables + (b * LOOKUP_ENTRIES * V + v) * 16 +
                                                       offset[b]);
                sums[(size_t)V * r + (size_t)v] = sum;
            }
        }
    }
}

/* Moves the int16 sums to the int32 sums. */
static void lookup_widen(lookup_work *work, size_t sums)
{
    for (size_t i = 0; i < sums; i++) {
        vh sum = work->sums16[i], zero = {0};
        work->sums32[i][0] += (vi)BT_LOW_HALVES(zero, sum) >> 16;
        work->sums32[i][1] += (vi)BT_HIGH_HALVES(zero, sum) >> 16;
        work->sums16[i] = zero;
    }
}

BT_INLINE void product_store(const bt_matmul *op, size_t v, size_t t, vi sum);

/* Stores the sums, transposing 4 x 4 blocks from [row][token] to the output's [token][row]. */
BT_INLINE void lookup_store(const lookup_work *work, const bt_matmul *op, size_t row, size_t rows,
                            size_t t, const size_t V)
{
    for (size_t i = 0; i < rows; i += 4)
        for (size_t part = 0; part < 2 * V; part++) {
            const vi *from = work->sums32[i * V + part / 2] + part % 2;
            vi a = BT_SHUFFLE(from[0], from[2 * V], 0, 4, 1, 5);
            vi b = BT_SHUFFLE(from[4 * V], from[6 * V], 0, 4, 1, 5);
            vi c = BT_SHUFFLE(from[0], from[2 * V], 2, 6, 3, 7);
            vi d = BT_SHUFFLE(from[4 * V], from[6 * V], 2, 6, 3, 7);
            size_t token = t + 4 * part, v = (row + i) / 4;
            product_store(op, v, token, BT_SHUFFLE(a, b, 0, 1, 4, 5));
            product_store(op, v, token + 1, BT_SHUFFLE(a, b, 2, 3, 6, 7));
            product_store(op, v, token + 2, BT_SHUFFLE(c, d, 0, 1, 4, 5));
            product_store(op, v, token + 3, BT_SHUFFLE(c, d, 2, 3, 6, 7));
        }
}

/* The product for 8 V tokens, from t on. */
BT_INLINE void lookup_tokens(const bt_matmul *operands, size_t t, const int V)
{
    const bt_ternary matrix = *operands->w, *w = &matrix; /* locals, which stores cannot alias */
    bt_matmul copy = *operands, *op = &copy;
    copy.w = w;
    size_t stride = w->chunks * BT_CHUNK, pass = LOOKUP_ROWS / BT_ROWS;
    const activation *x = (const activation *)op->activations + t * stride;
    lookup_work work;
    for (size_t block = 0; block < w->row_blocks; block += pass) {
        size_t blocks = w->row_blocks - block < pass ? w->row_blocks - block : pass;
        size_t sums = blocks * BT_ROWS * (size_t)V;
        memset(work.sums16, 0, sums * sizeof *work.sums16);
        memset(work.sums32, 0, sums * sizeof *work.sums32);
        for (size_t c = 0; c < w->chunks; c++) {
            lookup_tables(work.tables, x + c * BT_CHUNK, stride, V);
            lookup_rows(&work, w, block, blocks, c, V);
            if (c % 16 == 15) lookup_widen(&work, sums);
        }
        lookup_widen(&work, sums);
        lookup_store(&work, op, block * BT_ROWS, blocks * BT_ROWS, t, (size_t)V);
    }
}

/* Not inlined, so that only one lookup_work is on the stack. */
static __attribute__((noinline)) void lookup_16(const bt_matmul *op, size_t t)
{
    lookup_tokens(op, t, 2);
}
static __attribute__((noinline)) void lookup_8(const bt_matmul *op, size_t t)
{
    lookup_tokens(op, t, 1);
}

/* Computes groups of 16 and 8 tokens from t on; returns the first token that is left. */
static size_t lookup_product(const bt_matmul *op, size_t t)
{
    for (; t + 16 <= op->tokens; t += 16) lookup_16(op, t);
    for (; t + 8 <= op->tokens; t += 8) lookup_8(op, t);
    return t;
}

#endif
