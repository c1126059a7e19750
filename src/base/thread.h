/* thread.h - a fixed pool of worker threads, and how work is cut for it.
 *
 * Work is cut by index, never inside a sum, so results depend neither on the number of threads nor on
 * who did what.
 *
 * After fork() the child has no workers: there a pool runs everything in the calling thread, and is freed
 * without waiting for anybody. Pools made in the child have workers.
 * SPDX-License-Identifier: MIT */
#ifndef BT_THREAD_H
#define BT_THREAD_H

#include <stddef.h>

typedef struct bt_pool bt_pool;

/* Items [begin, end) of what a run was given; worker is that of the one who does it, 0 the caller's. */
typedef void (*bt_task)(void *context, size_t begin, size_t end, size_t worker);

/* count - 1 workers besides the caller; NULL if they cannot be had. Where there are no threads
 * (WebAssembly) every pool has one. */
bt_pool *bt_pool_create(size_t count);
void bt_pool_destroy(bt_pool *pool); /* NULL is fine */
size_t bt_pool_count(const bt_pool *pool);

/* Runs the task on items 0 .. n-1, each once; returns when all are done. Each worker has an equal share
 * of them, the same ones in every run of n, and takes it in pieces, multiples of unit that get smaller;
 * who is done takes pieces of others, so that a slow core holds nobody up. NULL runs all at once. One
 * run at a time. */
void bt_pool_run(bt_pool *pool, size_t n, size_t unit, bt_task task, void *context);

#endif
