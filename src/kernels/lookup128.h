/* lookup128.h - the ternary product of 8 or 16 tokens at once on 128-bit targets, without multiplying: for
 * each four inputs, the sums that their 81 combinations of weights give for all tokens are made
 * once, and each row then adds one of them ("four Russians": Arlazarov, Dinic, Kronrod and Faradzev 1970).
 * A lane is a token; a byte of packed codes is the place of its sum.
 * Bound: a sum is at most 4 * 127, and 64 of them, 16 chunks, are added before they are widened to int32.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LOOKUP128_H
#define BT_LOOKUP128_H

#define BT_LOOKUP_MIN_ROWS 128u /* rows from which the tables pay */

enum {
    LOOKUP_ROWS = 512,   /* rows a pass, for which tables are made again; 71 KB of stack in all */
    LOOKUP_ENTRIES = 171 /* codes of 0 to 2 in each pair of bits: 81 of them are used */
};

/* An entry is V vectors of eight tokens, and so is a row's sum. Two share the work of finding the place. */
typedef struct {
    vh tables[4 * LOOKUP_ENTRIES * 2]; /* of a chunk: one for each byte of its packed lanes */
    vh narrow[LOOKUP_ROWS * 2];
    vi wide[LOOKUP_ROWS * 2][2];
} lookup_work;

#if defined(__clang__)
#define BT_SHUFFLE_H(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define BT_SHUFFLE_H(a, b, ...) __builtin_shuffle(a, b, (vh){__VA_ARGS__})
#endif
#define BT_LOW_HALVES(a, b) BT_SHUFFLE_H(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define BT_HIGH_HALVES(a, b) BT_SHUFFLE_H(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/* Eight activations of eight tokens, stride values apart, to eight vectors of one activation each. */
BT_INLINE void lookup_transpose(const activation *x, size_t stride, vh out[8])
{
    vh a[8], b[8];
    BT_UNROLL_FOR(int t = 0; t < 8; t++) memcpy(&a[t], x + (size_t)t * stride, sizeof a[t]);
    BT_UNROLL_FOR(int t = 0; t < 4; t++) { /* rows t and t + 4, then pairs of those, ... */
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

/* table[V (c0 + 4 c1 + 16 c2 + 64 c3)] = sum of (c - 1) x over the four. */
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

/* A chunk's tables for 8 V tokens. */
BT_INLINE void lookup_tables(vh *tables, const activation *x, size_t stride, const int V)
{
    static const int place[4] = {0, 2, 1, 3}; /* of a quad's inputs (pairs128.h) */
    for (int v = 0; v < V; v++) {
        vh inputs_of[16];
        lookup_transpose(x + (size_t)(8 * v) * stride, stride, inputs_of);
        lookup_transpose(x + (size_t)(8 * v) * stride + 8, stride, inputs_of + 8);
        for (int b = 0; b < 4; b++) {
            const vh *from = inputs_of + place[b];
            lookup_fill(tables + b * LOOKUP_ENTRIES * V + v, from[0], from[4], from[8], from[12],
                        V);
        }
    }
}

/* Adds to each row's sums what its codes pick from a chunk's tables. */
BT_INLINE void lookup_rows(lookup_work *work, const bt_ternary *w, size_t block, size_t blocks,
                           size_t chunk, const int V)
{
    const char *tables = (const char *)work->tables;
    const uint32_t mask = V == 2 ? 0x1fe0 : 0xff0, shift = V == 2 ? 5 : 4;
    for (size_t i = 0; i < blocks; i++) {
        const uint8_t *panel = w->panels + ((block + i) * w->chunks + chunk) * BT_CHUNK_BYTES;
        vh *sums = work->narrow + i * BT_ROWS * (size_t)V;
        for (size_t r = 0; r < BT_ROWS; r++) {
            uint32_t codes, place[4];
            memcpy(&codes, panel + 4 * r, 4);
            place[0] = codes << shift & mask;
            place[1] = codes >> (8 - shift) & mask;
            place[2] = codes >> (16 - shift) & mask;
            place[3] = codes >> (24 - shift) & mask;
            BT_UNROLL_FOR(int v = 0; v < V; v++) {
                vh sum = sums[(size_t)V * r + (size_t)v];
                BT_UNROLL_FOR(int b = 0; b < 4; b++)
                    sum += *(const vh *)(const void *)(tables + (b * LOOKUP_ENTRIES * V + v) * 16 +
                                                       place[b]);
                sums[(size_t)V * r + (size_t)v] = sum;
            }
        }
    }
}

static void lookup_widen(lookup_work *work, size_t sums)
{
    for (size_t i = 0; i < sums; i++) {
        vh narrow = work->narrow[i], none = {0};
        work->wide[i][0] += (vi)BT_LOW_HALVES(none, narrow) >> 16;
        work->wide[i][1] += (vi)BT_HIGH_HALVES(none, narrow) >> 16;
        work->narrow[i] = none;
    }
}

BT_INLINE void product_store(const bt_matmul *op, size_t v, size_t t, vi sum);

/* From [row][token] to the output's [token][row], four by four. */
BT_INLINE void lookup_store(const lookup_work *work, const bt_matmul *op, size_t row, size_t rows,
                            size_t t, const size_t V)
{
    for (size_t i = 0; i < rows; i += 4)
        for (size_t part = 0; part < 2 * V; part++) {
            const vi *from = work->wide[i * V + part / 2] + part % 2;
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

/* 8 V tokens of the product, from t on. */
BT_INLINE void lookup_tokens(const bt_matmul *operands, size_t t, const int V)
{
    const bt_ternary matrix = *operands->w, *w = &matrix; /* copies, which no store can touch */
    bt_matmul copy = *operands, *op = &copy;
    copy.w = w;
    size_t stride = w->chunks * BT_CHUNK, pass = LOOKUP_ROWS / BT_ROWS;
    const activation *x = (const activation *)op->activations + t * stride;
    lookup_work work;
    for (size_t block = 0; block < w->row_blocks; block += pass) {
        size_t blocks = w->row_blocks - block < pass ? w->row_blocks - block : pass;
        size_t sums = blocks * BT_ROWS * (size_t)V;
        memset(work.narrow, 0, sums * sizeof *work.narrow);
        memset(work.wide, 0, sums * sizeof *work.wide);
        for (size_t c = 0; c < w->chunks; c++) {
            lookup_tables(work.tables, x + c * BT_CHUNK, stride, V);
            lookup_rows(&work, w, block, blocks, c, V);
            if (c % 16 == 15) lookup_widen(&work, sums);
        }
        lookup_widen(&work, sums);
        lookup_store(&work, op, block * BT_ROWS, blocks * BT_ROWS, t, (size_t)V);
    }
}

/* Apart, so that only one of them is on the stack. */
static __attribute__((noinline)) void lookup_sixteen(const bt_matmul *op, size_t t)
{
    lookup_tokens(op, t, 2);
}
static __attribute__((noinline)) void lookup_eight(const bt_matmul *op, size_t t)
{
    lookup_tokens(op, t, 1);
}

/* As many tokens from t on as come in eights; returns the first that is left. */
static size_t lookup_product(const bt_matmul *op, size_t t)
{
    for (; t + 16 <= op->tokens; t += 16) lookup_sixteen(op, t);
    for (; t + 8 <= op->tokens; t += 8) lookup_eight(op, t);
    return t;
}

#endif
