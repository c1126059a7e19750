/* test_fork.c - after fork() the child has none of its parent's worker threads: layers, sessions and
 * trainers compute the same bits there, are freed whole, and nothing waits for who is not there.
 *
 * What a child does runs under an alarm, so that a hang is a failure. Built against a library with
 * BT_FAULT_INJECTION, which counts blocks.
 * SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/thread.h"
#include "check.h"
#include "model_support.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIM = 512, SEQ = 70, LEN = DIM * SEQ, WATCHDOG = 100, IN_CALL = 99 };
static const uint32_t counts[] = {1, 2, 4};

/* ThreadSanitizer ends a child that starts a thread. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BT_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(BT_TSAN)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Nor can qemu-user, which ends such a child by an assertion of its own. */
static bool threads_in_child(void)
{
    return !SANITIZED && getenv("BIT_TTT_TEST_EMULATED") == NULL;
}

/* Runs it in a child; what it returned there, or 128 and the signal that ended it. */
static int in_child(int (*run)(void *), void *context)
{
    fflush(stdout);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        alarm(WATCHDOG);
        _exit(run(context));
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- layers ---------------------------------------------------------------------------------- */

typedef struct {
    void *layer;
    float *x, *expected, *y; /* of a call, in the state that the layer is in */
    size_t idle;             /* blocks that are not the layer's */
} layer_case;

static layer_case layer_of(uint32_t threads, bool used, size_t idle)
{
    layer_case c = {.x = make_tokens(3, DIM, SEQ, 13),
                    .expected = must_zero(LEN * sizeof(float)),
                    .y = must_zero(LEN * sizeof(float)),
                    .idle = idle};
    c.layer = make_layer(DIM, 0.4f, TTT_PREDICT, threads);
    if (used) CHECK_EQ(ttt_forward(c.layer, c.x, SEQ, c.y), TTT_OK);
    void *twin = ttt_clone(c.layer);
    CHECK_EQ(ttt_forward(twin, c.x, SEQ, c.expected), TTT_OK);
    ttt_destroy(twin);
    return c;
}

static void free_layer(layer_case *c)
{
    ttt_destroy(c->layer);
    free(c->x);
    free(c->expected);
    free(c->y);
}

static bool reads_as_expected(layer_case *c, void *layer)
{
    memset(c->y, 0, LEN * sizeof *c->y);
    return ttt_forward(layer, c->x, SEQ, c->y) == TTT_OK &&
           memcmp(c->y, c->expected, LEN * sizeof *c->y) == 0;
}

static int destroy_layer(void *context)
{
    layer_case *c = context;
    ttt_destroy(c->layer);
    return bt_live_allocations() == c->idle ? 0 : 1;
}

/* Reads and destroys; so does a clone, which has threads of its own, and a child of the child. */
static int read_layer(void *context)
{
    layer_case *c = context;
    if (threads_in_child()) {
        void *twin = ttt_clone(c->layer);
        if (!twin || !reads_as_expected(c, twin)) return 1;
        ttt_destroy(twin);
    }
    pid_t child = fork();
    if (child == 0) {
        alarm(WATCHDOG);
        _exit(reads_as_expected(c, c->layer) ? destroy_layer(c) : 2);
    }
    int status = -1;
    if (waitpid(child, &status, 0) != child || status != 0) return 3;
    if (!reads_as_expected(c, c->layer)) return 4;
    return destroy_layer(c);
}

static void layers(void)
{
    for (size_t i = 0; i < 6; i++) {
        size_t idle = bt_live_allocations();
        layer_case c = layer_of(counts[i / 2], i % 2 != 0, idle);
        check_context("%u threads, %s", counts[i / 2], i % 2 ? "used" : "unused");
        CHECK_EQ(in_child(destroy_layer, &c), 0);
        CHECK_EQ(in_child(read_layer, &c), 0);
        CHECK(reads_as_expected(&c, c.layer)); /* the parent is as it was */
        free_layer(&c);
        CHECK_EQ(bt_live_allocations(), idle);
    }
}

/* ---- a fork in the middle of another layer's call --------------------------------------------- */

typedef struct {
    layer_case own, other;
    atomic_size_t begun, done; /* calls of the other layer */
    atomic_bool stop;
} busy_case;

static void *keep_reading(void *context)
{
    busy_case *b = context;
    while (!atomic_load(&b->stop)) {
        atomic_fetch_add(&b->begun, 1);
        ttt_forward(b->other.layer, b->other.x, SEQ, b->other.y);
        atomic_fetch_add(&b->done, 1);
    }
    return NULL;
}

/* IN_CALL if all is well and the fork came while the other layer read; which may only be destroyed. */
static int read_and_destroy_both(void *context)
{
    busy_case *b = context;
    bool calling = atomic_load(&b->begun) == atomic_load(&b->done) + 1;
    if (!reads_as_expected(&b->own, b->own.layer)) return 2;
    ttt_destroy(b->other.layer);
    int code = destroy_layer(&b->own);
    return code == 0 && calling ? IN_CALL : code;
}

static void in_the_middle(void)
{
    size_t middle = 0, forks = check_quick() ? 5 : 30, idle = bt_live_allocations();
    busy_case b = {.other = layer_of(4, true, idle), .own = layer_of(4, true, idle)};
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, keep_reading, &b) == 0);
    for (size_t i = 0; i < 100 * forks && middle < forks; i++) {
        int code = in_child(read_and_destroy_both, &b);
        if (code == IN_CALL) middle++;
        else CHECK_EQ(code, 0);
    }
    CHECK(middle > 0);
    check_note("%zu forks fell into a call", middle);
    atomic_store(&b.stop, true);
    pthread_join(thread, NULL);
    CHECK(reads_as_expected(&b.own, b.own.layer));
    free_layer(&b.own);
    free_layer(&b.other);
}

/* ---- pools ----------------------------------------------------------------------------------- */

static atomic_size_t seen; /* bit i: worker i */

/* The first worker waits in its item until another has done one: there must be another. */
static void meet(void *context, size_t begin, size_t end, size_t worker)
{
    (void)context;
    (void)begin;
    (void)end;
    atomic_fetch_or(&seen, (size_t)1 << worker);
    while (worker == 0 && atomic_load(&seen) == 1) sched_yield();
}

static void mark(void *context, size_t begin, size_t end, size_t worker)
{
    char *items = context;
    for (size_t i = begin; i < end; i++) items[i]++;
    atomic_fetch_or(&seen, (size_t)1 << worker);
}

static int use_pools(void *inherited)
{
    char items[100] = {0};
    atomic_store(&seen, 0);
    bt_pool_run(inherited, sizeof items, 1, mark, items);
    if (atomic_load(&seen) != 1) return 1; /* by the caller alone */
    for (size_t i = 0; i < sizeof items; i++)
        if (items[i] != 1) return 2;
    if (bt_pool_count(inherited) != 4) return 3; /* whose buffers are for four */
    bt_pool *own = threads_in_child() ? bt_pool_create(4) : NULL;
    if (threads_in_child() && !own) return 4;
    atomic_store(&seen, 0);
    if (own) bt_pool_run(own, 4, 1, meet, NULL);
    if (own && atomic_load(&seen) < 2) return 5;
    bt_pool_destroy(own);
    bt_pool_destroy(inherited);
    return 0;
}

static void pools(void)
{
    bt_pool *pool = bt_pool_create(4);
    REQUIRE(pool != NULL);
    CHECK_EQ(in_child(use_pools, pool), 0);
    atomic_store(&seen, 0);
    bt_pool_run(pool, 4, 1, meet, NULL);
    CHECK_EQ(in_child(use_pools, pool), 0);
    bt_pool_destroy(pool);
}

/* ---- models ---------------------------------------------------------------------------------- */

typedef struct {
    bitllama_model *model;
    bitllama_session *session;
    uint32_t ids[TOKENS];
    float logprobs[TOKENS];
    bitllama_trainer *trainer;
    uint8_t *state; /* of the trainer one step later */
    size_t size, idle;
} model_case;

static int read_session(void *context)
{
    model_case *c = context;
    float logprobs[TOKENS];
    bitllama_session *own = NULL;
    if (bitllama_session_read(c->session, c->ids, TOKENS, logprobs, NULL) != TTT_OK) return 1;
    if (memcmp(logprobs, c->logprobs, sizeof logprobs) != 0) return 2;
    bitllama_session_destroy(c->session);
    if (bitllama_session_create(c->model, &own) != TTT_OK) return 3;
    bitllama_session_destroy(own);
    bitllama_release(c->model);
    return bt_live_allocations() == c->idle ? 0 : 4;
}

static void sessions(void)
{
    bt_model_config config = config_of(BT_INDUCTION);
    weights w = make_weights(&config);
    model_case c = {.idle = bt_live_allocations()};
    bitllama_session *twin = NULL;
    c.model = build_model(&w);
    c.session = open_session(c.model);
    make_ids(c.ids);
    CHECK_EQ(bitllama_session_read(c.session, c.ids, 50, NULL, NULL), TTT_OK);
    REQUIRE(bitllama_session_fork(c.session, &twin) == TTT_OK);
    CHECK_EQ(bitllama_session_read(twin, c.ids, TOKENS, c.logprobs, NULL), TTT_OK);
    bitllama_session_destroy(twin);
    CHECK_EQ(in_child(read_session, &c), 0);
    bitllama_session_destroy(c.session);
    bitllama_release(c.model);
    free_weights(&w);
}

static bool steps_as_expected(const model_case *c)
{
    bitllama_step step;
    uint8_t *state = bt_alloc(c->size, 1);
    bool good = state && bitllama_trainer_step(c->trainer, &step) == TTT_OK &&
                bitllama_trainer_save(c->trainer, state, c->size) == TTT_OK &&
                memcmp(state, c->state, c->size) == 0;
    bt_free(state);
    return good;
}

static int destroy_trainer(void *context)
{
    model_case *c = context;
    bitllama_trainer_destroy(c->trainer);
    return bt_live_allocations() == c->idle ? 0 : 1;
}

static int step_trainer(void *context)
{
    bitllama_model *model = NULL;
    model_case *c = context;
    if (!steps_as_expected(c)) return 2;
    if (bitllama_trainer_model(c->trainer, NULL, 0, &model) != TTT_OK) return 3;
    bitllama_release(model);
    return destroy_trainer(c);
}

static bitllama_trainer *make_trainer(uint32_t threads, const uint32_t *ids)
{
    bitllama_config config;
    bitllama_training training;
    bitllama_trainer *made = NULL;
    bitllama_config_init(&config);
    bitllama_training_init(&training);
    config.vocab_size = VOCAB;
    config.hidden_dim = 64;
    config.num_layers = 2;
    config.mlp_dim = 80;
    training.batch = 2;
    training.context = 32;
    training.threads = threads;
    training.dropout = 0.1f;
    REQUIRE(bitllama_trainer_create(&config, &training, ids, TOKENS, &made, NULL) == TTT_OK);
    return made;
}

static void trainers(void)
{
    for (size_t i = 0; i < 6; i++) {
        model_case c = {.idle = bt_live_allocations()};
        bitllama_step step;
        make_ids(c.ids);
        c.trainer = make_trainer(counts[i / 2], c.ids);
        if (i % 2) CHECK_EQ(bitllama_trainer_step(c.trainer, &step), TTT_OK);
        c.size = bitllama_trainer_state_size(c.trainer);
        c.state = must_alloc(c.size);
        CHECK_EQ(bitllama_trainer_save(c.trainer, c.state, c.size), TTT_OK);
        bitllama_trainer *twin = make_trainer(counts[i / 2], c.ids);
        CHECK_EQ(bitllama_trainer_load(twin, c.state, c.size, NULL), TTT_OK);
        CHECK_EQ(bitllama_trainer_step(twin, &step), TTT_OK);
        CHECK_EQ(bitllama_trainer_save(twin, c.state, c.size), TTT_OK);
        bitllama_trainer_destroy(twin);
        check_context("%u threads, %s", counts[i / 2], i % 2 ? "used" : "unused");
        CHECK_EQ(in_child(destroy_trainer, &c), 0);
        CHECK_EQ(in_child(step_trainer, &c), 0);
        CHECK(steps_as_expected(&c)); /* the parent is as it was */
        bitllama_trainer_destroy(c.trainer);
        free(c.state);
        CHECK_EQ(bt_live_allocations(), c.idle);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"layers", layers},     {"in_the_middle", in_the_middle}, {"pools", pools},
        {"sessions", sessions}, {"trainers", trainers},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
