/* thread.h - a fixed pool of worker threads with work stealing.
 *
 * Work is cut by index, never inside a sum, so results depend neither on the number of threads nor
 * on which worker did what.
 *
 * After fork() the child has no workers: a pool made before runs everything in the calling thread
 * there, and is freed without joining. Pools made in the child have workers.
 * SPDX-License-Identifier: MIT */
#ifndef BT_THREAD_H
#define BT_THREAD_H

#include <stddef.h>

typedef struct bt_pool bt_pool;

/* Does items [begin, end) of a run. worker: the number of the worker that calls it, 0 for the
 * thread that started the run. */
typedef void (*bt_task)(void *context, size_t begin, size_t end, size_t worker);

/* count workers, the calling thread of each run among them; NULL if memory or threads run out.
 * Where there are no threads (WebAssembly) every pool has one worker. */
bt_pool *bt_pool_create(size_t count);
void bt_pool_destroy(bt_pool *pool); /* NULL is fine */
size_t bt_pool_count(const bt_pool *pool);

/* Runs the task on items 0 .. n-1, each once; returns when all are done. Each worker has an equal
 * share of them, the same in every run of n, which it takes in pieces that get smaller, multiples
 * of unit. A worker that is done steals pieces of others, so that a slow core does not delay the
 * run. A NULL pool runs all items at once. One run at a time. */
void bt_pool_run(bt_pool *pool, size_t n, size_t unit, bt_task task, void *context);

#endif
