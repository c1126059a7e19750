/* forward.c - reads tokens in blocks. A block takes three passes: features (ternary product down),
 * memory (one pass over W for each token), outputs (surprise, and ternary product up).
 *
 * A call succeeds as a whole or changes nothing: all input is checked before the memory is touched.
 * Only a memory that may overflow (its rate is unstable) can fail later. Its calls first make a trial
 * run without output, after which the memory is restored from a backup.
 * SPDX-License-Identifier: MIT */
#include "layer.h"

#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "../base/prefetch.h"
#include "../kernels/layout.h"

#include <float.h>
#include <string.h>

/* A block of tokens, the context of the tasks below. */
typedef struct {
    bt_layer *layer;
    const bt_kernels *kernels;
    const float *input;
    float *output, *surprise; /* may be NULL */
    size_t tokens;
    bool parallel; /* the pool runs the current pass */
} block;

/* Multipliers that leave a product as it is. */
static const float ones[BT_BLOCK] = {
#define EIGHT 1, 1, 1, 1, 1, 1, 1, 1
    EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT};
#undef EIGHT

/* The largest |x| for which a projection, a sum of at most D values of x, stays finite. */
static float input_limit(const bt_layer *layer)
{
    return FLT_MAX / (1.01f * (float)layer->dim);
}

static int check_input(const bt_layer *layer, const bt_kernels *kernels, const float *x, size_t n)
{
    uint32_t bits = kernels->absmax_bits(x, n);
    if (bits >= BT_ABSMAX_NON_FINITE) return TTT_NON_FINITE;
    return bt_float_from_bits(bits) > input_limit(layer) ? TTT_INPUT_RANGE : TTT_OK;
}

/* Quantises tokens [begin, end) of x, n values each. */
static void quantize(block *b, const float *x, size_t n, size_t stride, size_t begin, size_t end)
{
    bt_layer *layer = b->layer;
    uint8_t *act = layer->activations;
    bt_quantize op = {
        .x = x + begin * stride,
        .n = n,
        .stride = stride,
        .tokens = end - begin,
        .activations = act + begin * bt_round_up(n, BT_CHUNK) * b->kernels->activation_size,
        .sums = layer->sums + begin,
        .scales = layer->scales + begin,
        .steps = layer->multipliers + begin,
    };
    b->kernels->quantize(&op);
}

static void multiply(block *b, const bt_ternary *w, const float *multipliers, const float *residual,
                     float *out, size_t stride, size_t begin, size_t end)
{
    const uint8_t *act = b->layer->activations;
    bt_matmul op = {
        .w = w,
        .activations = act + begin * w->chunks * BT_CHUNK * b->kernels->activation_size,
        .sums = b->layer->sums + begin,
        .multipliers = multipliers + begin,
        .residual = residual ? residual + begin * stride : NULL,
        .out = out + begin * stride,
        .out_stride = stride,
        .tokens = end - begin,
    };
    b->kernels->matmul(&op);
}

/* Prefetches rows that another core wrote last, all lines at once: each takes some 100 ns. */
static void prefetch(const block *b, const float *x, size_t rows, size_t floats, bool write)
{
    if (!b->parallel) return;
    for (size_t row = 0; row < rows; row++, x += b->layer->stride)
        for (size_t i = 0; i < floats; i += 16)
            if (write) bt_prefetch_write(x + i);
            else bt_prefetch_read(x + i);
}

/* Items: tokens. */
static void features_task(void *context, size_t begin, size_t end, size_t worker)
{
    block *b = context;
    bt_layer *layer = b->layer;
    float *features = layer->features + layer->stride; /* row 0: the token before the block */
    (void)worker;
    prefetch(b, features + begin * layer->stride, end - begin, layer->stride, true);
    quantize(b, b->input, layer->dim, layer->dim, begin, end);
    multiply(b, &layer->weights->down, ones, NULL, features, layer->stride, begin, end);
    bt_normalize op = {
        .x = features + begin * layer->stride,
        .n = layer->small,
        .stride = layer->stride,
        .tokens = end - begin,
        .scales = layer->scales + begin,
        .integers = true,
    };
    b->kernels->normalize(&op);
}

/* The memory pass on copies of features, readings and, if they are its keys, gains, against false
 * sharing: workers write columns of the same rows, whose cache lines would move back and forth
 * between their cores. */
static void memory_on_copies(const block *b, bt_memory op, size_t begin, size_t end, size_t worker)
{
    const bt_layer *layer = b->layer;
    size_t stride = layer->stride, rows = b->tokens + 1, ahead = (size_t)(op.target - op.q);
    size_t column = begin * BT_ROWS, bytes = (end - begin) * BT_ROWS * sizeof(float);
    size_t copy = (BT_BLOCK + 1) * stride, each = layer->gains ? 3 : 2;
    float *q = layer->copies + worker * each * copy, *r = q + copy, *key = r + copy;
    prefetch(b, layer->features, rows, stride, false);
    memcpy(q, layer->features, rows * stride * sizeof *q);
    op.key = q;
    if (layer->gains) {
        prefetch(b, layer->gains, b->tokens, stride, false);
        memcpy(key, layer->gains, b->tokens * stride * sizeof *key);
        op.key = key;
    }
    memcpy(r + column, layer->readings + column, bytes);
    op.q = q;
    op.target = q + ahead;
    op.r = r;
    b->kernels->memory(&op, begin, end);
    prefetch(b, layer->readings + stride + column, b->tokens, (end - begin) * BT_ROWS, true);
    for (size_t t = 1; t < rows; t++)
        memcpy(layer->readings + t * stride + column, r + t * stride + column, bytes);
}

/* Items: tiles of W. */
static void memory_task(void *context, size_t begin, size_t end, size_t worker)
{
    block *b = context;
    bt_layer *layer = b->layer;
    size_t after = layer->objective == TTT_PREDICT;
    bool rls = layer->gains != NULL;
    bt_memory op = {
        .state = layer->memory.tiles,
        .q = layer->features,
        .key = rls ? layer->gains : layer->features,
        .target = layer->features + after * layer->stride,
        .r = layer->readings,
        .stride = layer->stride,
        .target_stride = layer->stride,
        .dim = layer->small,
        .tokens = b->tokens,
        .rate = rls ? 1.0f : layer->rate,
        .limit = rls ? BT_RLS_ERROR_LIMIT : 0.0f,
    };
    if (b->parallel) memory_on_copies(b, op, begin, end, worker);
    else b->kernels->memory(&op, begin, end);
}

/* Tokens [begin, end): |prediction - feature|^2, or with rls the leverage. */
static void surprises(block *b, size_t begin, size_t end)
{
    const bt_layer *layer = b->layer;
    size_t stride = layer->stride, before = layer->objective == TTT_PREDICT ? 0 : stride;
    if (layer->rule == TTT_RLS) {
        memcpy(b->surprise + begin, layer->leverages + begin, (end - begin) * sizeof(float));
        return;
    }
    for (size_t t = begin; t < end; t++)
        b->surprise[t] = b->kernels->distance2(layer->readings + t * stride + before,
                                               layer->features + (t + 1) * stride, stride);
}

/* Items: tokens. */
static void outputs_task(void *context, size_t begin, size_t end, size_t worker)
{
    block *b = context;
    bt_layer *layer = b->layer;
    size_t stride = layer->stride;
    (void)worker;
    prefetch(b, layer->readings + (begin + 1) * stride, end - begin, stride, false);
    quantize(b, layer->readings + stride, layer->small, stride, begin, end);
    if (b->surprise) surprises(b, begin, end);
    multiply(b, &layer->weights->up, layer->multipliers, b->input, b->output, layer->dim, begin,
             end);
}

/* Multiplications of a pass, about, from which on the pool is faster than the calling thread. */
#define PARALLEL_WORK ((size_t)1 << 21)

static void run(block *b, size_t n, size_t unit, bt_task task)
{
    const bt_layer *layer = b->layer;
    bool large = b->tokens * layer->dim * layer->small >= PARALLEL_WORK;
    b->parallel = large && layer->pool;
    bt_pool_run(large ? layer->pool : NULL, n, unit, task, b);
}

static int run_block(block *b)
{
    bt_layer *layer = b->layer;
    size_t tiles = bt_tile_count(layer->small), parts = 2 * bt_pool_count(layer->pool);
    size_t row = layer->stride * sizeof(float);
    run(b, b->tokens, 8, features_task);
    if (layer->rule == TTT_RLS) bt_rls_learn(layer, b->kernels, b->tokens);
    if (layer->memory.tiles)
        run(b, tiles, (tiles + parts - 1) / parts,
            memory_task); /* few parts: each copies its rows */
    if (layer->backup.tiles) {
        uint32_t bits = b->kernels->absmax_bits(layer->readings, (b->tokens + 1) * layer->stride);
        if (bits > bt_float_bits(BT_READING_LIMIT)) return TTT_DIVERGED;
    }
    if (b->output) run(b, b->tokens, 8, outputs_task);
    memcpy(layer->features, layer->features + b->tokens * layer->stride, row);
    memcpy(layer->readings, layer->readings + b->tokens * layer->stride, row);
    if (layer->gains) memcpy(layer->gains, layer->gains + b->tokens * layer->stride, row);
    return TTT_OK;
}

static int run_blocks(block b, size_t seq_len)
{
    size_t dim = b.layer->dim;
    for (size_t t = 0; t < seq_len; t += b.tokens) {
        b.tokens = seq_len - t < BT_BLOCK ? seq_len - t : BT_BLOCK;
        int status = run_block(&b);
        if (status != TTT_OK) return status;
        b.input += b.tokens * dim;
        if (b.output) b.output += b.tokens * dim;
        if (b.surprise) b.surprise += b.tokens;
    }
    return TTT_OK;
}

/* Runs all blocks without output and restores the memory. */
static int trial_run(block b, size_t seq_len)
{
    bt_layer *layer = b.layer;
    bt_memory_copy(layer, &layer->backup, &layer->memory);
    b.output = NULL;
    b.surprise = NULL;
    int status = run_blocks(b, seq_len);
    bt_memory_copy(layer, &layer->memory, &layer->backup);
    return status;
}

static bool overlap(const float *a, size_t a_len, const float *b, size_t b_len)
{
    uintptr_t a0 = (uintptr_t)a, b0 = (uintptr_t)b;
    return a0 < b0 + b_len * sizeof(float) && b0 < a0 + a_len * sizeof(float);
}

static int check_call(const bt_layer *layer, const float *input, size_t input_len, size_t seq_len,
                      const float *output, size_t output_len, const float *surprise)
{
    if (!layer || !input || !output) return TTT_NULL_POINTER;
    if (seq_len == 0 ||
        seq_len > PTRDIFF_MAX / sizeof(float) / layer->dim) /* no object is larger */
        return TTT_DIMENSION_MISMATCH;
    size_t len = seq_len * layer->dim;
    if (input_len != len || output_len != len) return TTT_DIMENSION_MISMATCH;
    if (input != output && overlap(input, len, output, len)) return TTT_OVERLAP;
    if (surprise &&
        (overlap(input, len, surprise, seq_len) || overlap(output, len, surprise, seq_len)))
        return TTT_OVERLAP;
    return TTT_OK;
}

int ttt_forward_ex(void *handle, const float *input, size_t input_len, size_t seq_len,
                   float *output, size_t output_len, float *surprise)
{
    bt_layer *layer = handle;
    int status = check_call(layer, input, input_len, seq_len, output, output_len, surprise);
    if (status != TTT_OK) return status;
    bt_fpenv saved = bt_fpenv_enter();
    block b = {.layer = layer,
               .kernels = bt_kernels_active(),
               .input = input,
               .output = output,
               .surprise = surprise};
    status = check_input(layer, b.kernels, input, input_len);
    if (status == TTT_OK && layer->backup.tiles) status = trial_run(b, seq_len);
    if (status == TTT_OK) status = run_blocks(b, seq_len);
    if (status == TTT_OK) layer->tokens += seq_len;
    bt_fpenv_leave(saved);
    return status;
}

int ttt_forward(void *handle, const float *input, size_t seq_len, float *output)
{
    const bt_layer *layer = handle;
    if (!layer) return TTT_NULL_POINTER;
    if (seq_len > SIZE_MAX / layer->dim) return TTT_DIMENSION_MISMATCH;
    size_t len = seq_len * layer->dim;
    return ttt_forward_ex(handle, input, len, seq_len, output, len, NULL);
}
