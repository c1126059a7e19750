/* thread.c - the worker pool. Workers wait for the generation number to change, which starts a run.
 * SPDX-License-Identifier: MIT */
#include "thread.h"

#include "alloc.h"
#include "fpenv.h"

#include <stdint.h>

#if defined(__EMSCRIPTEN__)

struct bt_pool {
    size_t count;
};

bt_pool *bt_pool_create(size_t count)
{
    (void)count;
    bt_pool *pool = bt_alloc(1, sizeof *pool);
    if (pool) pool->count = 1;
    return pool;
}

void bt_pool_destroy(bt_pool *pool)
{
    bt_free(pool);
}

void bt_pool_run(bt_pool *pool, size_t n, size_t unit, bt_task task, void *context)
{
    (void)pool;
    (void)unit;
    task(context, 0, n, 0);
}

#else

#include <pthread.h>
#include <stdatomic.h>
#if defined(__APPLE__)
#include <unistd.h>
#endif

#define SPINS 4000 /* some microseconds, the usual time from one run to the next */

typedef struct {
    bt_pool *pool;
    size_t index;
    pthread_t thread;
} worker;

/* The items of a worker that nobody has taken yet: [next, end). Each share lies on a cache line of
 * its own, against false sharing. */
typedef struct {
    _Alignas(64) atomic_size_t next;
    size_t end;
} share;

struct bt_pool {
    size_t count, started;
    worker *workers;
    share *shares;
    bt_task task;
    void *context;
    size_t unit;
    atomic_size_t generation;
    /* Every worker writes here at its end: on another cache line than the fields above, which the
     * others still read. */
    _Alignas(64) atomic_size_t running;
    atomic_size_t asleep;
    atomic_bool stopping;
    unsigned process; /* process() when the pool was made */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* ---- processes ------------------------------------------------------------------------------- */

/* process() is a number that fork() changes. The child has a copy of the memory, but of the threads
 * only the one that called fork(): no worker runs there, and a lock that one held stays locked. */
#if defined(_WIN32)
static bool watch_forks(void)
{
    return true;
}
static unsigned process(void)
{
    return 0;
}
#elif defined(__APPLE__)
/* No pthread_atfork: its handlers would outlive this library if it is unloaded. */
static bool watch_forks(void)
{
    return true;
}
static unsigned process(void)
{
    return (unsigned)getpid();
}
#else
static atomic_uint forks;
static atomic_bool watched;

static void count_fork(void)
{
    atomic_fetch_add(&forks, 1);
}
/* If two threads come first at the same time, both register and each fork counts twice, which is
 * harmless. */
static bool watch_forks(void)
{
    if (atomic_load(&watched)) return true;
    if (pthread_atfork(NULL, NULL, count_fork) != 0) return false;
    atomic_store(&watched, true);
    return true;
}
static unsigned process(void)
{
    return atomic_load_explicit(&forks, memory_order_relaxed);
}
#endif

/* False in a child of the process that made the pool, where only its memory may be used. */
static bool has_workers(const bt_pool *pool)
{
    return pool->process == process();
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Waits until *value differs from `old`, or with `equal` until it equals it: spins, then sleeps. */
static void wait_for(bt_pool *pool, atomic_size_t *value, size_t old, bool equal)
{
    for (int i = 0; i < SPINS; i++) {
        if ((atomic_load_explicit(value, memory_order_acquire) == old) == equal) return;
        pause_cpu();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->asleep, 1);
    while ((atomic_load(value) == old) != equal) pthread_cond_wait(&pool->changed, &pool->lock);
    atomic_fetch_sub(&pool->asleep, 1);
    pthread_mutex_unlock(&pool->lock);
}

/* Wakes the sleepers after a change. None is missed, as wait_for adds itself to `asleep` before it
 * checks the value for the last time. */
static void announce(bt_pool *pool)
{
    if (atomic_load(&pool->asleep) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* Takes half of what is left of a share, in units, so that the last parts are small; false if
 * nothing is left. */
static bool take_part(share *from, size_t unit, size_t *begin, size_t *end)
{
    size_t at = atomic_load(&from->next), n;
    do {
        if (at >= from->end) return false;
        n = ((from->end - at) / 2 + unit - 1) / unit * unit;
        n = n > unit ? n : unit;
        n = n < from->end - at ? n : from->end - at;
    } while (!atomic_compare_exchange_weak(&from->next, &at, at + n));
    *begin = at;
    *end = at + n;
    return true;
}

/* Does the worker's own share, then steals from the others. */
static void do_items(bt_pool *pool, size_t index)
{
    size_t begin, end;
    for (size_t i = 0; i < pool->count; i++)
        while (take_part(&pool->shares[(index + i) % pool->count], pool->unit, &begin, &end))
            pool->task(pool->context, begin, end, index);
}

static void *work(void *argument)
{
    worker *self = argument;
    bt_pool *pool = self->pool;
    size_t seen = 0;
    bt_fpenv_enter(); /* never left: the thread runs nothing but this library */
    for (;;) {
        wait_for(pool, &pool->generation, seen, false);
        seen++;
        if (atomic_load(&pool->stopping)) break;
        do_items(pool, self->index);
        if (atomic_fetch_sub(&pool->running, 1) == 1) announce(pool);
    }
    return NULL;
}

bt_pool *bt_pool_create(size_t count)
{
    bt_pool *pool = bt_alloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->count = count;
    pool->workers = bt_alloc(count, sizeof *pool->workers);
    pool->shares = bt_alloc(count, sizeof *pool->shares);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->process = process();
    bool good = pool->workers && pool->shares && watch_forks();
    for (size_t i = 1; good && i < count; i++) {
        worker *w = &pool->workers[i];
        w->pool = pool;
        w->index = i;
        good = !bt_fault() && pthread_create(&w->thread, NULL, work, w) == 0;
        if (good) pool->started++;
    }
    if (good) return pool;
    bt_pool_destroy(pool);
    return NULL;
}

static void stop(bt_pool *pool)
{
    atomic_store(&pool->stopping, true);
    atomic_fetch_add(&pool->generation, 1);
    announce(pool);
    for (size_t i = 1; i <= pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
}

void bt_pool_destroy(bt_pool *pool)
{
    if (!pool) return;
    if (has_workers(pool)) stop(pool);
    bt_free(pool->workers);
    bt_free(pool->shares);
    bt_free(pool);
}

void bt_pool_run(bt_pool *pool, size_t n, size_t unit, bt_task task, void *context)
{
    if (!pool || pool->count == 1 || !has_workers(pool)) {
        task(context, 0, n, 0);
        return;
    }
    size_t units = (n + unit - 1) / unit;
    for (size_t i = 0; i < pool->count; i++) {
        size_t end = units * (i + 1) / pool->count * unit;
        atomic_store(&pool->shares[i].next, units * i / pool->count * unit);
        pool->shares[i].end = end < n ? end : n;
    }
    pool->task = task;
    pool->context = context;
    pool->unit = unit;
    atomic_store(&pool->running, pool->count - 1);
    atomic_fetch_add(&pool->generation, 1);
    announce(pool);
    do_items(pool, 0);
    wait_for(pool, &pool->running, 0, true);
}

#endif

size_t bt_pool_count(const bt_pool *pool)
{
    return pool ? pool->count : 1;
}
