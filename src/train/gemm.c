/* gemm.c - a matrix product in blocks, which are packed and multiplied (Goto and van de Geijn 2008,
 * ACM TOMS 34:3).
 * SPDX-License-Identifier: MIT */
#include "gemm.h"

#include "../kernels/layout.h"

#include <string.h>

/* Computes a tile that extends beyond the edge of C, in a buffer. */
static void edge_tile(const bt_tiles *tiles, size_t depth, const char *a, const char *b, float *c,
                      size_t ldc, size_t rows, size_t cols, bool accumulate, float *tile)
{
    size_t width = tiles->cols;
    for (size_t i = 0; accumulate && i < rows; i++)
        memcpy(tile + i * width, c + i * ldc, cols * sizeof *c);
    tiles->tile(depth, a, b, tile, width, accumulate);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * ldc, tile + i * width, cols * sizeof *c);
}

/* Rows [i0, i1) and columns [j0, j1) of C, from packed panels of A and B. */
static void block(const bt_tiles *tiles, const bt_gemm *g, size_t i0, size_t i1, size_t j0,
                  size_t j1, size_t depth, const float *a, const float *b, bool accumulate,
                  float *tile)
{
    size_t rows = tiles->rows, cols = tiles->cols;
    const char *right = (const char *)b;
    for (size_t j = j0; j < j1; j += cols, right += bt_panel_bytes(tiles, cols, depth)) {
        const char *left = (const char *)a;
        for (size_t i = i0; i < i1; i += rows, left += bt_panel_bytes(tiles, rows, depth)) {
            float *c = g->c + i * g->ldc + j;
            if (i1 - i >= rows && j1 - j >= cols)
                tiles->tile(depth, left, right, c, g->ldc, accumulate);
            else
                edge_tile(tiles, depth, left, right, c, g->ldc, i1 - i < rows ? i1 - i : rows,
                          j1 - j < cols ? j1 - j : cols, accumulate, tile);
        }
    }
}

/* A part of a product: rows and columns of C, and a range of the sums. */
typedef struct {
    size_t i0, i1, j0, j1, k0, k1;
} part;

static void multiply(const bt_exec *exec, const bt_gemm *g, const part *o, size_t worker)
{
    const bt_tiles *tiles = exec->tiles;
    float *a = exec->pack + worker * BT_PACK_FLOATS, *b = a + BT_GEMM_M * BT_GEMM_DEPTH;
    float *tile = b + BT_GEMM_N * BT_GEMM_DEPTH;
    if (tiles->begin) tiles->begin();
    for (size_t j = o->j0; j < o->j1; j += BT_GEMM_N) {
        size_t j1 = o->j1 - j < BT_GEMM_N ? o->j1 : j + BT_GEMM_N;
        for (size_t k = o->k0; k < o->k1; k += BT_GEMM_DEPTH) {
            size_t depth = o->k1 - k < BT_GEMM_DEPTH ? o->k1 - k : BT_GEMM_DEPTH;
            tiles->pack_b(b, g->b + k * g->b_row + j * g->b_col, j1 - j, g->b_col, depth, g->b_row);
            for (size_t i = o->i0; i < o->i1; i += BT_GEMM_M) {
                size_t i1 = o->i1 - i < BT_GEMM_M ? o->i1 : i + BT_GEMM_M;
                tiles->pack_a(a, g->a + i * g->a_row + k * g->a_col, i1 - i, g->a_row, depth,
                              g->a_col);
                block(tiles, g, i, i1, j, j1, depth, a, b, g->accumulate || k > o->k0, tile);
            }
        }
    }
    if (tiles->end) tiles->end();
}

typedef struct {
    const bt_exec *exec;
    const bt_gemm *g;
    bool columns; /* items are columns of C, otherwise rows */
} job;

/* Items: columns or rows of C. */
static void sides_task(void *context, size_t begin, size_t end, size_t worker)
{
    const job *work = context;
    part o = {0, work->g->m, 0, work->g->n, 0, work->g->k};
    if (work->columns) o.j0 = begin, o.j1 = end;
    else o.i0 = begin, o.i1 = end;
    multiply(work->exec, work->g, &o, worker);
}

/* Items: the rows of C for the first half of the sums, which goes to C, then again all rows for the
 * second half, which goes to `partial`. */
static void halves_task(void *context, size_t begin, size_t end, size_t worker)
{
    const job *work = context;
    const bt_gemm *g = work->g;
    size_t m = g->m, middle = bt_round_up(g->k / 2, BT_GEMM_DEPTH);
    if (begin < m)
        multiply(work->exec, g, &(part){begin, end < m ? end : m, 0, g->n, 0, middle}, worker);
    if (end <= m) return;
    bt_gemm second = *g;
    second.c = work->exec->partial;
    second.ldc = g->n;
    second.accumulate = false;
    multiply(work->exec, &second,
             &(part){begin > m ? begin - m : 0, end - m, 0, g->n, middle, g->k}, worker);
}

/* Items: rows of C. */
static void add_task(void *context, size_t begin, size_t end, size_t worker)
{
    const job *work = context;
    const bt_gemm *g = work->g;
    (void)worker;
    for (size_t i = begin; i < end; i++)
        for (size_t j = 0; j < g->n; j++) g->c[i * g->ldc + j] += work->exec->partial[i * g->n + j];
}

/* If k is long and C small, workers share the rows of C twice, once for each half of the sums, which
 * are added at the end. Otherwise each worker gets an equal part of the longer side of C, and packs
 * the operand of the other side itself, which is faster than reading what another core has packed. */
void bt_gemm_run(const bt_exec *exec, const bt_gemm *g)
{
    job work = {exec, g, g->n > g->m};
    size_t count = bt_pool_count(exec->pool);
    if (g->k >= BT_GEMM_LONG && g->m * g->n <= BT_PARTIAL_FLOATS) {
        bt_pool_run(exec->pool, 2 * g->m, (2 * g->m + count - 1) / count, halves_task, &work);
        bt_pool_run(exec->pool, g->m, 16, add_task, &work);
        return;
    }
    size_t unit = work.columns ? exec->tiles->cols : exec->tiles->rows;
    size_t side = work.columns ? g->n : g->m;
    bt_pool_run(exec->pool, side, bt_round_up((side + count - 1) / count, unit), sides_task, &work);
}
