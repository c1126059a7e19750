/* gemm.h - the f32 matrix product of training, on the worker pool.
 * SPDX-License-Identifier: MIT */
#ifndef BT_GEMM_H
#define BT_GEMM_H

#include "../base/thread.h"
#include "../kernels/kernels.h"

/* The kernels, pool and scratch memory of the operations of training. */
typedef struct bt_exec {
    const bt_kernels *kernels;
    const bt_tiles *tiles; /* of kernels, in f32 or bfloat16 */
    bt_pool *pool;         /* NULL: one thread */
    float *pack;           /* [threads][BT_PACK_FLOATS] */
    float *partial;        /* second halves of long sums; as large as the largest C that needs it */
} bt_exec;

/* C = A B, or C += A B with `accumulate`; A [m][k], B [k][n], C [m][n] with rows ldc apart. A and B
 * have strides for rows and columns, one of which is 1, so either may be a transpose. Each element is summed in the
 * order of k, long sums in two halves, so results do not depend on threads or blocks. */
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

#define BT_GEMM_DEPTH 256u     /* multiple of every depth_unit */
#define BT_GEMM_M 96u          /* multiple of the rows of every tile */
#define BT_GEMM_N 512u         /* multiple of the columns */
#define BT_GEMM_TILE (32 * 32) /* floats of the largest tile */
/* Sums of at least BT_GEMM_LONG terms are cut if C has at most BT_PARTIAL_FLOATS elements. */
#define BT_GEMM_LONG 1024u
#define BT_PARTIAL_FLOATS ((size_t)1 << 20)
#define BT_PACK_FLOATS ((BT_GEMM_M + BT_GEMM_N) * BT_GEMM_DEPTH + BT_GEMM_TILE)

void bt_gemm_run(const bt_exec *exec, const bt_gemm *g);

#endif
