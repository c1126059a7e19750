/* kernels.h - the table of compute kernels and the contract of each entry.
 *
 * Every instruction set fills one table from the same body (body.inc), so all tables return the
 * same bits. Operands named "padded" are 64-byte aligned, zero past their length up to a multiple
 * of 16 floats, and may be read and written there; all others are touched only inside their length.
 * SPDX-License-Identifier: MIT */
#ifndef BT_KERNELS_H
#define BT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_ROWS 16u               /* rows of a block: one 512-bit register of int32 or float */
#define BT_CHUNK 16u              /* inputs of a packed weight chunk: 4 fields of 4 */
#define BT_CHUNK_BYTES 64u        /* 16 rows x 16 inputs x 2 bits */
#define BT_MAX_ABSMAX 0x7f800000u /* absmax_bits from here on: a NaN or an infinity */

/* A ternary matrix packed for the kernels (layout.h): [row_blocks][chunks][64 bytes]. */
typedef struct bt_ternary {
    const uint8_t *panels;
    size_t rows, cols;         /* outputs, inputs */
    size_t row_blocks, chunks; /* ceil(rows / 16), ceil(cols / 16) */
} bt_ternary;

/* Operands of the quantiser. Of each token: largest = max |x|, scale = 127 / largest, or 1 where that
 * is at most 1e-9; activations[i] = round(x[i] * scale), halves away from zero, and zero from n to the
 * next multiple of 16. A token that is not finite becomes zeros with a NaN for scale and step. */
typedef struct bt_quantize {
    const float *x; /* [tokens][stride] */
    size_t n, stride, tokens;
    void *activations; /* [tokens][n rounded up to 16] in the kernel's own element format */
    int32_t *sums;     /* [tokens] sum of each token's activations */
    float *scales;     /* [tokens] or NULL: scale */
    float *steps;      /* [tokens] or NULL: largest / 127, or 1: x is about activation * step */
} bt_quantize;

/* Operands of normalize, for each token: x <- x / scale, then x <- x / |x|_2 if that norm is above 1e-6. */
typedef struct bt_normalize {
    float *x; /* [tokens][stride], each padded */
    size_t n, stride, tokens;
    const float *scales; /* [tokens], or NULL for 1 */
    bool integers;       /* x holds integers below 2^31, as a product with multipliers of 1 */
} bt_normalize;

/* Operands of the ternary product: out[t][i] = acc * multiplier[t] (+ residual[t][i]), where
 * acc = sum_k w[i][k] * q[t][k] is exact in int32 and converted to float once. */
typedef struct bt_matmul {
    const bt_ternary *w;
    const void *activations;  /* [tokens][chunks * 16] in the kernel's own element format */
    const int32_t *sums;      /* [tokens] sum of each token's quantised activations */
    const float *multipliers; /* [tokens] */
    const float *residual;    /* [tokens][out_stride] or NULL; may equal out */
    float *out;               /* [tokens][out_stride]; rows past w->rows are never written */
    size_t out_stride;        /* in floats */
    size_t tokens;
} bt_matmul;

/* A matrix of int8 rows with a scale each, packed: [row_blocks][quads][16 rows][4 inputs], where a
 * byte is the value + 128; rows and inputs past the end hold 128. */
typedef struct bt_rows8 {
    const uint8_t *panels;
    const float *scales;                  /* [row_blocks * 16] */
    size_t rows, cols, row_blocks, quads; /* quads = ceil(cols / 16) * 4 */
} bt_rows8;

/* out[t][i] = (acc * scales[i]) * multiplier[t], acc exact in int32 (cols up to 65536). */
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

/* Operands of the memory pass. For t = 0 .. tokens-1, rows i of the tiles asked for, with
 * k = q[t], query = q[t+1] (so q has tokens + 1 rows, the first being the last token's before):
 *     g_i = rate * (r[t]_i - target[t]_i);   S_i <- S_i - g_i k^T;   r[t+1]_i = S_i . query
 * or, with gates (keep not NULL), a = keep[t], b = write[t]:
 *     g_i = b * (a * r[t]_i - target[t]_i);  S_i <- a S_i - g_i k^T;  r[t+1]_i = S_i . query
 * The dot product uses four partial sums by column mod 4, combined as (a0 + a1) + (a2 + a3);
 * multiply and add round separately. */
typedef struct bt_memory {
    float *state;        /* padded tiles, layout.h */
    const float *q;      /* padded [tokens + 1][stride] */
    const float *target; /* padded [tokens][target_stride] */
    float *r;            /* padded [tokens + 1][stride]; row 0 is read, the others written */
    size_t stride;       /* in floats, a multiple of 16 */
    size_t dim;          /* d */
    size_t tokens;
    float rate;
    const float *keep, *write; /* [tokens] at gate_stride floats, or NULL */
    size_t target_stride, gate_stride;
} bt_memory;

/* One sequence and head of a memory in training: q is e(t), with k(t) = q(t-1), zero at t = 0. v is
 * the target's source: q itself (reconstruct: v(t) = k(t); with ahead, predict: v(t) = q(t)) or
 * another array (induction). All [tokens][stride], width columns of them, width a multiple of 16. */
#define BT_MEMORY_CHUNK 16u /* tokens that are solved at once; a state is stored before each */
typedef struct bt_memory_train {
    size_t tokens, width, stride, gate_stride;
    const float *q, *v, *keep, *write; /* keep, write: alpha and beta, or NULL: 1 and rate */
    float rate;
    bool ahead;
    const float *zeros; /* [width] */
    float *r;
    float *checkpoints; /* [ceil(tokens / BT_MEMORY_CHUNK)][width * width]: states, transposed */
    float *work;        /* bt_memory_work(width) floats */
    const float *dr;    /* backward only, as all below; dq and dv accumulate, the others are set */
    float *dq, *dv, *dkeep, *dwrite;
} bt_memory_train;

static inline size_t bt_memory_work(size_t width)
{
    return 3 * width * width + 13 * (BT_MEMORY_CHUNK + 1) * width;
}

/* scale multiplies gradients (clipping); the corrections are 1 / (1 - beta^step). */
typedef struct bt_adamw {
    float rate, beta1, beta2, eps, decay, scale, correction1, correction2;
} bt_adamw;

/* Products of training in bfloat16 (8 bits of mantissa), summed in f32: what packing made is rounded, in
 * place and perhaps into another order, and goes through a tile of its own; as bt_kernels.gemm_*. */
typedef struct bt_bf16 {
    void (*round)(float *panel, size_t width, size_t depth);
    void (*tile)(size_t depth, const float *a, const float *b, float *c, size_t stride,
                 bool accumulate);
} bt_bf16;

typedef struct bt_kernels {
    const char *name;
    size_t activation_size; /* bytes of one quantised activation: 1 or 2 */

    /* Largest |x_i| as its bit pattern; NaN and infinities order above all finite values. */
    uint32_t (*absmax_bits)(const float *x, size_t n);

    void (*quantize)(const bt_quantize *op);
    void (*matmul)(const bt_matmul *op);
    void (*matmul8)(const bt_matmul8 *op);

    void (*normalize)(const bt_normalize *op);

    /* |x - y|^2 with 16 partial sums by index mod 16, folded 8, 4, 2, 1. x and y are padded. */
    float (*distance2)(const float *x, const float *y, size_t n);

    /* The memory pass over tiles [tile_begin, tile_end). */
    void (*memory)(const bt_memory *op, size_t tile_begin, size_t tile_end);

    /* For the language model and training; n is a multiple of 16 (body_train.inc). */
    void (*sigmoid)(const float *x, float *y, size_t n);
    void (*swiglu)(const float *gate, const float *up, float *h, size_t n);
    void (*swiglu_backward)(const float *gate, const float *up, const float *dh, float *dgate,
                            float *dup, size_t n);
    float (*rmsnorm)(const float *x, const float *w, float eps, float *y, size_t n);
    void (*rmsnorm_backward)(const float *x, const float *w, float inverse, const float *dy,
                             float *dx, size_t n);
    float (*cross_entropy)(float *logits, size_t n, size_t target, float scale, bool gradient);
    float (*softmax_weights)(float *w, size_t n, float largest, float sharpness);
    /* Where x is at least `least`, ascending, `most` places at most; how many. And where it is
     * largest, of equals the first. No x is NaN. */
    size_t (*places_above)(const float *x, size_t n, float least, uint32_t *places, size_t most);
    uint32_t (*largest_place)(const float *x, size_t n);
    void (*fake_quantize)(const float *x, float *y, size_t n);
    float (*dot)(const float *x, const float *y, size_t n);
    size_t gemm_rows, gemm_cols;
    /* Panels of gemm_rows rows (or gemm_cols columns), line after line of the depth: what is missing
     * in the last one is zero. Elements of x are step apart from row to row, next from line to line. */
    void (*gemm_pack_a)(float *out, const float *x, size_t rows, size_t step, size_t depth,
                        size_t next);
    void (*gemm_pack_b)(float *out, const float *x, size_t cols, size_t step, size_t depth,
                        size_t next);
    /* c [gemm_rows][gemm_cols], rows stride apart, = or += a panel times a panel. */
    void (*gemm_tile)(size_t depth, const float *a, const float *b, float *c, size_t stride,
                      bool accumulate);
    bt_bf16 bf16; /* correct everywhere; bt_bf16_best may know a faster one */
    void (*memory_forward)(const bt_memory_train *op);
    void (*memory_backward)(const bt_memory_train *op);
    void (*adamw)(const bt_adamw *o, float *w, const float *gradient, float *m, float *v, size_t n);
} bt_kernels;

/* registry.c: the tables compiled in, best first, and the active one. */
const bt_kernels *bt_kernels_active(void);

/* With the CPU's own instructions, if it has them and these kernels are its AVX-512 ones. */
const bt_bf16 *bt_bf16_best(const bt_kernels *kernels);

#endif
