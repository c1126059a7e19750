/* kernels.h - the table of compute kernels, and the contract of each entry.
 *
 * Every instruction set compiles the same source (body.inc) into a table of its own. All tables
 * return the same bits, except that the matrix products of training use a fused multiply-add where
 * there is one. A "padded" operand is 64-byte aligned and followed by zeros up to a multiple of 16
 * floats, which kernels may read and overwrite; all others are accessed only within their length.
 * Kernels allocate nothing, keep no state and may run on several threads at once.
 * SPDX-License-Identifier: MIT */
#ifndef BT_KERNELS_H
#define BT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_ROWS 16u        /* rows of a block: one 512-bit register of int32 or float */
#define BT_CHUNK 16u       /* inputs of a packed weight chunk: 4 fields of 4 */
#define BT_CHUNK_BYTES 64u /* 16 rows x 16 inputs x 2 bits */
/* The bits of infinity: absmax_bits is at least this if x has a NaN or an infinity. */
#define BT_ABSMAX_NON_FINITE 0x7f800000u

/* A ternary matrix packed for the kernels: [row_blocks][chunks][64 bytes] (layout.h). */
typedef struct bt_ternary {
    const uint8_t *panels;
    size_t rows, cols;         /* outputs, inputs */
    size_t row_blocks, chunks; /* ceil(rows / 16), ceil(cols / 16) */
} bt_ternary;

/* Operands of the quantiser. For each token: largest = max |x[i]|; scale = 127 / largest and
 * step = largest / 127, or both 1 if largest <= 1e-9; activations[i] = round(x[i] * scale),
 * halves away from zero, and zero from n to the next multiple of 16. A token with a NaN or an
 * infinity gets zeros as activations and NaN as scale and step. */
typedef struct bt_quantize {
    const float *x; /* [tokens][stride] */
    size_t n, stride, tokens;
    void *activations; /* [tokens][n rounded up to 16] of activation_size bytes; private format */
    int32_t *sums;     /* [tokens] sum of each token's activations */
    float *scales;     /* [tokens] or NULL */
    float *steps;      /* [tokens] or NULL; x[i] is about activations[i] * step */
} bt_quantize;

/* Operands of normalize. For each token: x <- x / scale, then x <- x / |x|_2 if |x|_2 > 1e-6. */
typedef struct bt_normalize {
    float *x; /* [tokens][stride], each padded */
    size_t n, stride, tokens;
    const float *scales; /* [tokens], or NULL for 1 */
    bool integers;       /* all x are integers below 2^31, such as a matmul with multipliers of 1 */
} bt_normalize;

/* Operands of the ternary product: out[t][i] = acc * multiplier[t] (+ residual[t][i]), where
 * acc = sum_k w[i][k] * q[t][k] is exact in int32 and converted to float once. */
typedef struct bt_matmul {
    const bt_ternary *w;
    const void *activations;  /* [tokens][chunks * 16], as this table's quantize wrote them */
    const int32_t *sums;      /* [tokens] sum of each token's activations */
    const float *multipliers; /* [tokens] */
    const float *residual;    /* [tokens][out_stride] or NULL; may equal out */
    float *out;               /* [tokens][out_stride]; rows past w->rows are never written */
    size_t out_stride;        /* in floats */
    size_t tokens;
} bt_matmul;

/* A matrix of int8 with one scale per row, packed: [row_blocks][quads][16 rows][4 inputs]. A
 * byte is the value + 128; rows and inputs past the end hold 128. */
typedef struct bt_rows8 {
    const uint8_t *panels;
    const float *scales;                  /* [row_blocks * 16] */
    size_t rows, cols, row_blocks, quads; /* quads = ceil(cols / 16) * 4 */
} bt_rows8;

/* Operands of the int8 product: out[t][i] = (acc * scales[i]) * multipliers[t], with acc exact in
 * int32 (cols up to 65536). */
typedef struct bt_matmul8 {
    const bt_rows8 *w;
    const void *activations; /* as in bt_matmul */
    const int32_t *sums;
    const float *multipliers;
    float *out;        /* [tokens][out_stride]; rows past w->rows are not written */
    size_t out_stride; /* in floats */
    size_t tokens;
    size_t block_begin, block_end; /* row blocks to compute */
} bt_matmul8;

/* Operands of the memory pass: the delta rule, one token after another, for the rows i of the
 * requested tiles. The key of token t is k = q[t] and its query q[t+1], so that q has tokens + 1
 * rows, of which the first belongs to the token before this call. For t = 0 .. tokens - 1:
 *     g_i = rate * (r[t]_i - target[t]_i);   S_i <- S_i - g_i k^T;   r[t+1]_i = S_i . q[t+1]
 * or, with gates (keep is not NULL), a = keep[t] and b = write[t]:
 *     g_i = b * (a * r[t]_i - target[t]_i);  S_i <- a S_i - g_i k^T;  r[t+1]_i = S_i . q[t+1]
 * With keys of their own k = key[t] instead of q[t]; with a limit, and without gates, the difference
 * r[t]_i - target[t]_i is kept within [-limit, limit]. The dot product has four partial sums by
 * column mod 4, added as (s0 + s1) + (s2 + s3); every multiplication and addition rounds
 * separately. */
typedef struct bt_memory {
    float *state;        /* padded tiles, layout.h */
    const float *q;      /* padded [tokens + 1][stride] */
    const float *key;    /* padded [tokens][stride]; usually q */
    const float *target; /* padded [tokens][target_stride] */
    float *r;      /* padded [tokens + 1][stride]; row 0 is an input, the others are results */
    size_t stride; /* in floats, a multiple of 16 */
    size_t dim;    /* rows and columns of S */
    size_t tokens;
    float rate, limit;         /* limit: 0 for none */
    const float *keep, *write; /* [tokens], gate_stride floats apart; both NULL without gates */
    size_t target_stride, gate_stride;
} bt_memory;

/* Operands of recursive least squares: P = U D U', U upper triangular with a diagonal of 1, D
 * diagonal, learns the features k[t] one after another. P is the inverse of the features' weighted
 * correlation, divided by its first value, so that it begins as the unit matrix; it is read as
 * P~ = U D~ U' with d~_j = min(d_j, 1 / |u_j|^2), u_j being column j of U, which forgetting cannot
 * make larger than P was at first in any column. For each token:
 *     b = P~ k;  s = k . b;  a = noise + s;  P <- min(growth (P~ - b b' / a), 1 on the diagonal of D)
 *     leverage = s / a;  r = k - b, or without r, b <- b / a, the gain
 * by Bierman's recurrence (Bierman 1977, Factorization Methods for Discrete Sequential Estimation,
 * chapter V). With s_0 = 0 and b = 0, for the columns j from the first on:
 *     f_j = u_j . k;  v_j = d~_j f_j;  s_(j+1) = s_j + f_j v_j;  a_j = noise + s_j
 *     d_j <- min(max(d~_j (a_j / a_(j+1)) growth, 2^-64), 1)
 *     (u_j, b) <- (u_j - b (f_j / a_j), b + u_j v_j) with the old u_j
 * The dot products u_j . k and |u_j|^2 have 16 partial sums as distance2; all else is element-wise.
 * A u_j with |u_j|^2 > 2^64 becomes column j of the unit matrix first. */
typedef struct bt_rls {
    float *u;        /* the columns of U (bt_column_index) */
    float *d;        /* padded [dim], but with ones as padding */
    const float *k;  /* padded [tokens][stride] */
    float *b;        /* padded [tokens][stride] */
    float *r;        /* padded [tokens][stride], or NULL */
    float *leverage; /* [tokens] */
    size_t stride;   /* in floats, a multiple of 16 */
    size_t dim, tokens;
    float noise;  /* forgetting times ridge */
    float growth; /* 1 / forgetting */
} bt_rls;

#define BT_RLS_LARGEST 0x1p64f

#define BT_MEMORY_CHUNK 16u /* tokens whose updates training computes together (body_memory.inc) */

/* One head of one sequence's memory in training (body_memory.inc). The query of token t is q(t),
 * its key k(t) = q(t-1), zero for t = 0. The target v(t) depends on the task: k(t) if v == q and
 * not ahead (reconstruct), q(t) if v == q and ahead (predict), else the row of another array
 * (induction). q, v, r and their gradients are [tokens][stride], of which width columns are
 * used, a multiple of 16. */
typedef struct bt_memory_train {
    size_t tokens, width, stride, gate_stride;
    const float *q, *v;
    const float *keep, *write; /* gates [tokens], gate_stride floats apart, or NULL: 1 and rate */
    float rate;
    bool ahead;
    const float *zeros; /* [width] */
    float *r;
    float
        *chunk_states; /* [ceil(tokens / BT_MEMORY_CHUNK)][width * width]: S^T before each chunk */
    float *work;       /* scratch of bt_memory_work(width) floats */
    /* Only for the backward pass, which adds to dq and dv and overwrites dkeep and dwrite. */
    const float *dr;
    float *dq, *dv, *dkeep, *dwrite;
} bt_memory_train;

/* The floats of scratch that memory_forward and memory_backward need. */
static inline size_t bt_memory_work(size_t width)
{
    return 3 * width * width + 13 * (BT_MEMORY_CHUNK + 1) * width;
}

/* Parameters of one AdamW step. scale multiplies the gradients (clipping); correction1 and
 * correction2 are 1 / (1 - beta^step), the bias corrections. */
typedef struct bt_adamw {
    float rate, beta1, beta2, eps, decay, scale, correction1, correction2;
} bt_adamw;

/* The tiles that matrix products of training are made of, and the packing of their operands. Packing
 * copies an operand into panels of `rows` rows of a, or `cols` columns of b, filled up with zeros, in a
 * layout that only `tile` of the same struct reads. A panel for `depth` values of k takes
 * bt_panel_bytes. Element (row, k) of a, or (col, k) of b, is x[row * stride + k * k_stride]; one of the strides is 1. */
typedef struct bt_tiles {
    size_t rows, cols;
    size_t depth_unit, element; /* depths are filled up to a multiple; bytes of one number */
    void (*pack_a)(void *out, const float *x, size_t rows, size_t stride, size_t depth,
                   size_t k_stride);
    void (*pack_b)(void *out, const float *x, size_t cols, size_t stride, size_t depth,
                   size_t k_stride);
    /* c = a b or c += a b, for one panel of each and c [rows][cols], rows stride floats apart. */
    void (*tile)(size_t depth, const void *a, const void *b, float *c, size_t stride,
                 bool accumulate);
    void (*begin)(void), (*end)(void); /* before and after the tiles of a thread, or NULL */
} bt_tiles;

/* width: rows or cols of the tiles. */
static inline size_t bt_panel_bytes(const bt_tiles *t, size_t width, size_t depth)
{
    return width * ((depth + t->depth_unit - 1) / t->depth_unit * t->depth_unit) * t->element;
}

/* Operands of mix_counts: p = (base scale keep + max(counts - discount, 0) gain) rest. */
typedef struct bt_mix_counts {
    const uint32_t *counts; /* [n], below 2^24 */
    float scale, keep, discount, gain, rest;
} bt_mix_counts;

typedef struct bt_kernels {
    const char *name;
    size_t activation_size; /* bytes of one quantised activation: 1 or 2 */

    /* The bit pattern of the largest |x_i|; infinities and NaN compare above all finite values. */
    uint32_t (*absmax_bits)(const float *x, size_t n);

    void (*quantize)(const bt_quantize *op);
    void (*matmul)(const bt_matmul *op);
    void (*matmul8)(const bt_matmul8 *op);
    void (*normalize)(const bt_normalize *op);

    /* |x - y|^2. x and y are padded. There are 16 partial sums, by index mod 16; indices 8 apart
     * are added first, then 4, 2 and 1 apart. */
    float (*distance2)(const float *x, const float *y, size_t n);

    /* The memory pass over tiles [tile_begin, tile_end). */
    void (*memory)(const bt_memory *op, size_t tile_begin, size_t tile_end);

    void (*rls)(const bt_rls *op);

    /* For the language model and for training (body_float.inc); n is a multiple of 16. */
    void (*sigmoid)(const float *x, float *y, size_t n);
    void (*swiglu)(const float *gate, const float *up, float *h, size_t n);
    void (*swiglu_backward)(const float *gate, const float *up, const float *dh, float *dgate,
                            float *dup, size_t n);
    /* Returns 1 / RMS, which the backward pass takes as inverse. rmsnorm_backward adds to dx. */
    float (*rmsnorm)(const float *x, const float *w, float eps, float *y, size_t n);
    void (*rmsnorm_backward)(const float *x, const float *w, float inverse, const float *dy,
                             float *dx, size_t n);
    /* Returns -log softmax(logits)[target]; with gradient, the logits become their gradient. */
    float (*cross_entropy)(float *logits, size_t n, size_t target, float scale, bool gradient);
    /* w <- exp((w - largest) * sharpness); returns the sum of the results. */
    float (*softmax_weights)(float *w, size_t n, float largest, float sharpness);
    /* For a session with recall. p <- exp(sharpness * logits + bias - *largest), where *largest is the
     * largest of these exponents; returns the sum. */
    float (*adapted_softmax)(const float *logits, const float *bias, float sharpness, float *p,
                             size_t n, float *largest);
    void (*mix_counts)(const bt_mix_counts *op, const float *base, float *p, size_t n);
    /* y = ln x + add, ln to 3 ulp; of x below the smallest normal number, that number's logarithm. */
    void (*logarithms)(const float *x, float *y, float add, size_t n);
    /* bias <- bias - p scale rate, within [-limit, limit]. */
    void (*adapt_bias)(float *bias, const float *p, float scale, float rate, float limit, size_t n);
    /* places_above stores the first `most` indices i with x[i] >= least and returns how many there
     * are; largest_place returns the first index of the largest x. No x is NaN. */
    size_t (*places_above)(const float *x, size_t n, float least, uint32_t *places, size_t most);
    uint32_t (*largest_place)(const float *x, size_t n);
    /* y = activation * step, as quantize makes them of x; all NaN if an x is not finite. */
    void (*fake_quantize)(const float *x, float *y, size_t n);
    float (*dot)(const float *x, const float *y, size_t n);

    bt_tiles gemm;      /* f32 */
    bt_tiles gemm_bf16; /* operands rounded to bfloat16; bt_bf16_best may find faster ones */

    void (*memory_forward)(const bt_memory_train *op);
    void (*memory_backward)(const bt_memory_train *op);
    void (*adamw)(const bt_adamw *o, float *w, const float *gradient, float *m, float *v, size_t n);
} bt_kernels;

/* The active table (registry.c); the first call chooses the best one that this CPU can run. */
const bt_kernels *bt_kernels_active(void);

/* ln x of one number, as `logarithms` has it. */
static inline float bt_logarithm(const bt_kernels *kernels, float x)
{
    float lanes[16] = {0};
    lanes[0] = x;
    kernels->logarithms(lanes, lanes, 0.0f, 16);
    return lanes[0];
}

/* The fastest tiles with operands in bfloat16 (8 bits of significand) and sums in f32: with the AVX-512
 * kernels those by the CPU's matrix unit or bfloat16 instructions, if it has them, else gemm_bf16. */
const bt_tiles *bt_bf16_best(const bt_kernels *kernels);

#endif
