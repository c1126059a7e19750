/* dropout.c - inverted dropout (Srivastava et al. 2014, JMLR 15): zeroes inputs at random and
 * scales the others up. The mask is not stored: it is a hash of seed, site and index, the same in the
 * backward pass and for any number of threads.
 * SPDX-License-Identifier: MIT */
#include "net.h"

typedef struct {
    const float *x;
    float *y;
    uint32_t key, limit;
    float scale;
} op;

static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

/* Items: floats. */
static void task(void *context, size_t begin, size_t end, size_t worker)
{
    const op *o = context;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        uint32_t drawn = mix(o->key + (uint32_t)i * 0x9e3779b9u) >> 8;
        o->y[i] = drawn < o->limit ? 0.0f : o->x[i] * o->scale;
    }
}

void bt_dropout(const bt_net *net, uint32_t site, const float *x, float *y, size_t width)
{
    uint32_t low = (uint32_t)net->dropout_seed, high = (uint32_t)(net->dropout_seed >> 32);
    op o = {.x = x,
            .y = y,
            .key = mix(low ^ mix(high ^ mix(site + 1))),
            .limit = (uint32_t)(net->dropout * 0x1p24f),
            .scale = 1.0f / (1.0f - net->dropout)};
    bt_pool_run(net->exec.pool, net->tokens * width, 4096, task, &o);
}
