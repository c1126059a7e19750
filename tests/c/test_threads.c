/* test_threads.c - different layers in eight threads at once compute what they compute alone, while
 * weights are shared between clones and the kernel changes under way. For ThreadSanitizer too.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, SEQ = 150 };

/* What one thread does; checks are the main thread's, so it only notes how its calls went. */
typedef struct job {
    size_t dim, rounds;
    ttt_objective objective;
    uint32_t threads; /* of the layer's own pool */
    void *origin;     /* its own layer to clone from, or NULL; shares weights with the others' */
    float *x, *y, *surprise;
    int status;
} job;

/* Creates or clones a layer, reads in uneven calls, forks half-way, and goes on with the fork. */
static int work_once(job *j)
{
    ttt_config config;
    void *layer = NULL;
    ttt_config_init(&config);
    config.hidden_dim = j->dim;
    config.objective = (uint32_t)j->objective;
    config.threads = j->threads;
    config.inner_lr = 0.4f;
    int status = TTT_OK;
    if (j->origin) layer = ttt_clone(j->origin);
    else status = ttt_create_from_config(&config, &layer);
    if (!layer) return status ? status : TTT_OUT_OF_MEMORY;
    for (size_t at = 0, n = 1; at < SEQ && status == TTT_OK; at += n, n = n * 2 % 97 + 1) {
        if (n > SEQ - at) n = SEQ - at;
        status = ttt_forward_ex(layer, j->x + at * j->dim, n * j->dim, n, j->y + at * j->dim,
                                n * j->dim, j->surprise + at);
        if (at < SEQ / 2 && at + n >= SEQ / 2) {
            void *fork = ttt_clone(layer);
            ttt_destroy(layer);
            layer = fork;
            if (!layer) return TTT_OUT_OF_MEMORY;
        }
    }
    ttt_destroy(layer);
    return status;
}

static void *work(void *argument)
{
    job *j = argument;
    for (size_t i = 0; i < j->rounds && j->status == TTT_OK; i++) j->status = work_once(j);
    return NULL;
}

static job make_job(size_t i, void *origin)
{
    static const size_t dims[THREADS] = {64, 128, 17, 256, 64, 100, 300, 4};
    job j = {.dim = origin ? ttt_hidden_dim(origin) : dims[i],
             .rounds = check_quick() ? 2 : 6,
             .objective = (ttt_objective)(i % 2),
             .threads = (uint32_t)(3 - i % 3), /* the large ones have work for three */
             .origin = origin ? ttt_clone(origin) : NULL};
    REQUIRE(!origin || j.origin);
    j.x = make_tokens(i, j.dim, SEQ, 13);
    j.y = must_zero(j.dim * SEQ * sizeof *j.y);
    j.surprise = must_zero(SEQ * sizeof *j.surprise);
    return j;
}

static void free_job(job *j)
{
    ttt_destroy(j->origin);
    free(j->x);
    free(j->y);
    free(j->surprise);
}

static atomic_bool done;

/* Goes round all usable kernels until the others are done. */
static void *change_kernels(void *argument)
{
    size_t *changes = argument;
    while (!atomic_load(&done))
        for (size_t i = 0; i < ttt_kernel_count(); i++)
            if (ttt_kernel_usable(i) && ttt_set_kernel(ttt_kernel_name(i)) == TTT_OK) ++*changes;
    return NULL;
}

static void run_jobs(job *jobs, bool kernels_change)
{
    pthread_t threads[THREADS], changer;
    size_t changes = 0;
    atomic_store(&done, false);
    if (kernels_change) REQUIRE(pthread_create(&changer, NULL, change_kernels, &changes) == 0);
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    atomic_store(&done, true);
    if (!kernels_change) return;
    pthread_join(changer, NULL);
    CHECK(changes > 0);
    use_best_kernel();
}

/* The same jobs one after another and all at once. */
static void compare_jobs(void *origin, bool kernels_change)
{
    job alone[THREADS], together[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        alone[i] = make_job(i, origin);
        together[i] = make_job(i, origin);
        work(&alone[i]);
    }
    run_jobs(together, kernels_change);
    for (size_t i = 0; i < THREADS; i++) {
        check_context("thread=%zu dim=%zu", i, alone[i].dim);
        CHECK_EQ(alone[i].status, TTT_OK);
        CHECK_EQ(together[i].status, TTT_OK);
        CHECK_SAME(together[i].y, alone[i].y, alone[i].dim * SEQ * sizeof *alone[i].y);
        CHECK_SAME(together[i].surprise, alone[i].surprise, SEQ * sizeof *alone[i].surprise);
        free_job(&alone[i]);
        free_job(&together[i]);
    }
}

static void layers_apart(void)
{
    compare_jobs(NULL, false);
}

static void kernel_changes(void)
{
    compare_jobs(NULL, true);
}

/* Clones of one layer share its weights; their clones come and go in all threads. */
static void shared_weights(void)
{
    void *origin = make_layer(96, 0.4f, TTT_PREDICT, 2);
    snapshot before = snapshot_take(origin);
    compare_jobs(origin, false);
    snapshot_check(&before, origin);
    ttt_destroy(origin);
}

/* A layer may move between threads, one at a time: work on it goes on where it was. */
static void layer_moves(void)
{
    enum { DIM = 256, LEN = DIM * SEQ };
    job j = make_job(3, NULL);
    float *expected = must_alloc(LEN * sizeof *expected);
    void *a = make_layer(DIM, 0.4f, TTT_RECONSTRUCT, 3), *b = ttt_clone(a);
    REQUIRE(b != NULL);
    CHECK_EQ(ttt_forward(a, j.x, SEQ, expected), TTT_OK);
    free_job(&j);
    j = make_job(3, b);
    pthread_t thread;
    for (int turn = 0; turn < 3; turn++) { /* clones of b, in other threads, one after another */
        REQUIRE(pthread_create(&thread, NULL, work, &j) == 0);
        pthread_join(thread, NULL);
        CHECK_EQ(j.status, TTT_OK);
        CHECK_SAME(j.y, expected, LEN * sizeof *expected);
    }
    ttt_destroy(a);
    ttt_destroy(b);
    free_job(&j);
    free(expected);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"layers_apart", layers_apart},
        {"kernel_changes", kernel_changes},
        {"shared_weights", shared_weights},
        {"layer_moves", layer_moves},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
