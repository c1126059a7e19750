/* test_model_threads.c - sessions of one model in eight threads at once compute what one computes
 * alone, while the kernel changes under way. For ThreadSanitizer too.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS = 8, DRAWS = 20 };

/* What one thread does; checks are the main thread's, so it only notes how its calls went. */
typedef struct job {
    bitllama_model *model;
    bitllama_session *origin; /* read by all at once: forks do not change it */
    float logprobs[TOKENS], surprise[TOKENS];
    uint32_t drawn[DRAWS];
    int status;
} job;

static int go_on(job *j, bitllama_session *s)
{
    bitllama_sampling o;
    bitllama_sampling_init(&o);
    int status = TTT_OK;
    for (size_t i = 0; i < DRAWS && status == TTT_OK; i++) {
        status = bitllama_session_draw(s, &o, &j->drawn[i]);
        if (status == TTT_OK) status = bitllama_session_read(s, &j->drawn[i], 1, NULL, NULL);
    }
    return status;
}

static void *work(void *argument)
{
    job *j = argument;
    uint32_t ids[TOKENS];
    bitllama_session *s = NULL;
    make_ids(ids);
    bitllama_model *own = bitllama_share(j->model);
    j->status = bitllama_session_fork(j->origin, &s);
    for (size_t t = 0, n = 1; t < TOKENS && j->status == TTT_OK; t += n, n = n * 3 % 31 + 1) {
        n = n > TOKENS - t ? TOKENS - t : n;
        j->status = bitllama_session_read(s, ids + t, n, j->logprobs + t, j->surprise + t);
    }
    if (j->status == TTT_OK) j->status = go_on(j, s);
    bitllama_session_destroy(s);
    if (j->status == TTT_OK) j->status = bitllama_session_create(own, &s);
    if (j->status == TTT_OK) bitllama_session_destroy(s);
    bitllama_release(own);
    return NULL;
}

static void run_all(job *jobs, bool change_kernels)
{
    const char *names[8];
    pthread_t threads[THREADS];
    size_t count = usable_kernels(names);
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
    for (size_t i = 0; change_kernels && i < 200; i++) ttt_set_kernel(names[i % count]);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    use_best_kernel();
}

static void sessions_at_once(void)
{
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = build_model(&w);
        bitllama_session *origin = open_session(model);
        static const uint32_t begin[] = {5, 6, 7};
        job alone = {.model = model, .origin = origin}, jobs[THREADS];
        CHECK_EQ(bitllama_session_read(origin, begin, 3, NULL, NULL), TTT_OK);
        work(&alone);
        CHECK_EQ(alone.status, TTT_OK);
        for (int changing = 0; changing < 2; changing++) {
            for (size_t i = 0; i < THREADS; i++) jobs[i] = (job){.model = model, .origin = origin};
            run_all(jobs, changing != 0);
            for (size_t i = 0; i < THREADS; i++) {
                check_context("mixer=%d thread=%zu", mixer, i);
                CHECK_EQ(jobs[i].status, TTT_OK);
                CHECK_SAME(jobs[i].logprobs, alone.logprobs, sizeof alone.logprobs);
                CHECK_SAME(jobs[i].surprise, alone.surprise, sizeof alone.surprise);
                CHECK_SAME(jobs[i].drawn, alone.drawn, sizeof alone.drawn);
            }
        }
        bitllama_session_destroy(origin);
        bitllama_release(model);
        free_weights(&w);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"sessions_at_once", sessions_at_once}};
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
