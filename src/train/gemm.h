/* gemm.h - single-precision matrix product with packing, cut over threads by parts of C.
 * SPDX-License-Identifier: MIT */
#ifndef BT_GEMM_H
#define BT_GEMM_H

#include "../base/thread.h"
#include "../kernels/kernels.h"

/* What every training operation runs on. */
typedef struct bt_exec {
    const bt_kernels *kernels;
    bt_pool *pool;       /* NULL: one thread */
    const bt_bf16 *bf16; /* how products are rounded, or NULL: not */
    float *pack;         /* [threads][BT_PACK_FLOATS] */
    float *other;        /* [BT_OTHER_FLOATS, or the largest product], the second half of sums */
} bt_exec;

/* C [m][n] (row stride ldc) = or += A [m][k] B [k][n]; A and B by element strides, so that either
 * may be a transpose. Each element sums over ascending k, long sums in two halves: threads and
 * blocking do not show. */
typedef struct bt_gemm {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_col;
    const float *b;
    size_t b_row, b_col;
    float *c;
    size_t ldc;
    bool accumulate;
} bt_gemm;

#define BT_GEMM_DEPTH 256u
#define BT_GEMM_M 96u      /* multiple of every gemm_rows */
#define BT_GEMM_N 512u     /* multiple of every gemm_cols */
#define BT_GEMM_LONG 1024u /* sums from here on are made in two halves, if C has at most: */
#define BT_OTHER_FLOATS ((size_t)1 << 20)
#define BT_PACK_FLOATS ((BT_GEMM_M + BT_GEMM_N) * BT_GEMM_DEPTH + 12 * 32)

void bt_gemm_run(const bt_exec *exec, const bt_gemm *g);

#endif
