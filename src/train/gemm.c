/* gemm.c - blocks, packs and multiplies (the scheme of Goto and van de Geijn 2008, ACM TOMS 34:3).
 * SPDX-License-Identifier: MIT */
#include "gemm.h"

#include "../kernels/layout.h"

#include <string.h>

/* count rows of `lines` vectors each, padded to width: out[line][r] = x[r * step + line * next] */
static void pack(float *out, const float *x, size_t count, size_t width, size_t step, size_t lines,
                 size_t next)
{
    for (size_t r0 = 0; r0 < count; r0 += width) {
        size_t r1 = count - r0 < width ? count - r0 : width;
        for (size_t line = 0; line < lines; line++, out += width) {
            const float *p = x + r0 * step + line * next;
            if (step == 1 && r1 == width) {
                memcpy(out, p, width * sizeof *out);
                continue;
            }
            for (size_t r = 0; r < r1; r++) out[r] = p[r * step];
            for (size_t r = r1; r < width; r++) out[r] = 0.0f;
        }
    }
}

/* One tile of C that hangs over its edge goes through a buffer. */
static void edge_tile(const bt_kernels *kernels, size_t depth, const float *a, const float *b,
                      float *c, size_t ldc, size_t rows, size_t cols, float *tile)
{
    size_t width = kernels->gemm_cols;
    for (size_t i = 0; i < rows; i++) memcpy(tile + i * width, c + i * ldc, cols * sizeof *c);
    kernels->sgemm_tile(depth, a, b, tile, width);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * ldc, tile + i * width, cols * sizeof *c);
}

static void block(const bt_kernels *kernels, const bt_gemm *g, size_t i0, size_t i1, size_t j0,
                  size_t j1, size_t depth, const float *a, const float *b, float *tile)
{
    size_t rows = kernels->gemm_rows, cols = kernels->gemm_cols;
    for (size_t j = j0; j < j1; j += cols, b += cols * depth) {
        const float *left = a;
        for (size_t i = i0; i < i1; i += rows, left += rows * depth) {
            float *c = g->c + i * g->ldc + j;
            if (i1 - i >= rows && j1 - j >= cols)
                kernels->sgemm_tile(depth, left, b, c, g->ldc);
            else
                edge_tile(kernels, depth, left, b, c, g->ldc, i1 - i < rows ? i1 - i : rows,
                          j1 - j < cols ? j1 - j : cols, tile);
        }
    }
}

typedef struct {
    const bt_exec *exec;
    const bt_gemm *g;
} job;

typedef struct {
    size_t i0, i1, j0, j1;
} area;

/* The longer side of C is cut: what belongs to the other one is packed by every worker. */
static area share(const bt_gemm *g, const bt_kernels *kernels, size_t index, size_t count)
{
    area c = {0, g->m, 0, g->n};
    if (g->m >= g->n) {
        c.i0 = bt_share(g->m, kernels->gemm_rows, index, count);
        c.i1 = bt_share(g->m, kernels->gemm_rows, index + 1, count);
    } else {
        c.j0 = bt_share(g->n, kernels->gemm_cols, index, count);
        c.j1 = bt_share(g->n, kernels->gemm_cols, index + 1, count);
    }
    return c;
}

static void gemm_task(void *context, size_t index, size_t count)
{
    const job *work = context;
    const bt_gemm *g = work->g;
    const bt_kernels *kernels = work->exec->kernels;
    float *a = work->exec->pack + index * BT_PACK_FLOATS, *b = a + BT_GEMM_M * BT_GEMM_DEPTH;
    float *tile = b + BT_GEMM_N * BT_GEMM_DEPTH;
    area c = share(g, kernels, index, count);
    if (!g->accumulate)
        for (size_t i = c.i0; i < c.i1; i++)
            memset(g->c + i * g->ldc + c.j0, 0, (c.j1 - c.j0) * sizeof *g->c);
    for (size_t j = c.j0; j < c.j1; j += BT_GEMM_N) {
        size_t j1 = c.j1 - j < BT_GEMM_N ? c.j1 : j + BT_GEMM_N;
        for (size_t k = 0; k < g->k; k += BT_GEMM_DEPTH) {
            size_t depth = g->k - k < BT_GEMM_DEPTH ? g->k - k : BT_GEMM_DEPTH;
            pack(b, g->b + k * g->b_row + j * g->b_col, j1 - j, kernels->gemm_cols, g->b_col, depth,
                 g->b_row);
            for (size_t i = c.i0; i < c.i1; i += BT_GEMM_M) {
                size_t i1 = c.i1 - i < BT_GEMM_M ? c.i1 : i + BT_GEMM_M;
                pack(a, g->a + i * g->a_row + k * g->a_col, i1 - i, kernels->gemm_rows, g->a_row,
                     depth, g->a_col);
                block(kernels, g, i, i1, j, j1, depth, a, b, tile);
            }
        }
    }
}

void bt_gemm_run(const bt_exec *exec, const bt_gemm *g)
{
    job work = {exec, g};
    bt_pool_run(exec->pool, gemm_task, &work);
}
