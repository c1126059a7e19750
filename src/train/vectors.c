/* vectors.c - copies, clears and sums of long vectors.
 * SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <string.h>

typedef struct {
    const bt_exec *exec;
    const float *x;
    float *y;
    size_t count;
    double *sums;
} op;

/* Items: floats. */
static void copy_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    size_t bytes = (end - begin) * sizeof(float);
    (void)worker;
    if (o->x) memcpy(o->y + begin, o->x + begin, bytes);
    else memset(o->y + begin, 0, bytes);
}

void bt_copy(const bt_exec *exec, float *y, const float *x, size_t count)
{
    op o = {.x = x, .y = y};
    bt_pool_run(exec->pool, count, BT_SQUARES, copy_task, &o);
}

void bt_clear(const bt_exec *exec, float *y, size_t count)
{
    bt_copy(exec, y, NULL, count);
}

/* Items: blocks of BT_SQUARES floats, whose sums do not depend on the number of threads. */
static void squares_task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t b = begin; b < end; b++) {
        size_t at = b * BT_SQUARES, left = o->count - at;
        const float *x = o->x + at;
        o->sums[b] = (double)o->exec->kernels->dot(x, x, left < BT_SQUARES ? left : BT_SQUARES);
    }
}

double bt_squares(const bt_exec *exec, const float *x, size_t count, double *sums)
{
    op o = {.exec = exec, .x = x, .count = count, .sums = sums};
    double all = 0;
    bt_pool_run(exec->pool, bt_square_blocks(count), 4, squares_task, &o);
    for (size_t b = 0; b < bt_square_blocks(count); b++) all += sums[b];
    return all;
}
