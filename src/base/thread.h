/* thread.h - a fixed pool of worker threads with work stealing.
 *
 * A run consists of n items, numbers 0 .. n - 1; the comment of each task says what its items are
 * (rows, tokens, blocks). No sum is split over items, unless into blocks of a fixed size, so results
 * depend neither on the number of threads nor on which worker did which items.
 *
 * After fork() the child has no workers: there, a pool made before the fork runs everything in the
 * calling thread and is freed without joining. Pools made in the child have workers.
 * SPDX-License-Identifier: MIT */
#ifndef BT_THREAD_H
#define BT_THREAD_H

#include <stddef.h>

typedef struct bt_pool bt_pool;

/* Does items [begin, end) of a run. worker: the index of the worker that calls it, 0 for the thread
 * that started the run. */
typedef void (*bt_task)(void *context, size_t begin, size_t end, size_t worker);

/* Creates a pool of `count` workers, of which the thread that calls bt_pool_run is one; NULL if
 * memory or threads run out. Where there are no threads (WebAssembly) every pool has one worker. */
bt_pool *bt_pool_create(size_t count);
void bt_pool_destroy(bt_pool *pool); /* NULL is fine */
size_t bt_pool_count(const bt_pool *pool);

/* Runs the task on items 0 .. n-1, each once; returns when all are done. Each worker starts with an
 * equal share of them, the same in every run of n items, and calls the task on shrinking parts of
 * it, multiples of `unit`. A worker whose share is done steals parts of others, so that a slow core
 * does not delay the run. A NULL pool calls the task once, with all items. One run at a time. */
void bt_pool_run(bt_pool *pool, size_t n, size_t unit, bt_task task, void *context);

#endif
