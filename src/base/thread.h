/* thread.h - a fixed pool of worker threads for one layer, and how work is cut for it.
 *
 * Work is cut by index, never inside a sum, so results do not depend on the number of threads.
 * SPDX-License-Identifier: MIT */
#ifndef BT_THREAD_H
#define BT_THREAD_H

#include <stddef.h>

typedef struct bt_pool bt_pool;
typedef void (*bt_task)(void *context, size_t index, size_t count);

/* count - 1 workers besides the caller; NULL if they cannot be had. Where there are no threads
 * (WebAssembly) every pool has one. */
bt_pool *bt_pool_create(size_t count);
void bt_pool_destroy(bt_pool *pool); /* NULL is fine */
size_t bt_pool_count(const bt_pool *pool);

/* Runs task(context, i, count) for i = 0 .. count-1, index 0 on the caller; returns when all have.
 * NULL runs it once, with count 1. One run at a time. */
void bt_pool_run(bt_pool *pool, bt_task task, void *context);

/* Start of share `index` of n items cut into `count` shares, in multiples of `unit`. */
static inline size_t bt_share(size_t n, size_t unit, size_t index, size_t count)
{
    size_t units = (n + unit - 1) / unit, start = units * index / count * unit;
    return start < n ? start : n;
}

#endif
