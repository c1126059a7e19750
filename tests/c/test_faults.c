/* test_faults.c - every allocation and thread start of every operation fails once, and from there
 * on: the operation says so, leaks nothing, and leaves its layer as it was and usable.
 *
 * Built against a library with BT_FAULT_INJECTION (src/base/alloc.h), whose only kernel is the
 * baseline.
 * SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "check.h"
#include "support.h"

#include <bit_ttt/ternary.h>

#include <stdlib.h>
#include <string.h>

enum { DIM = 24, SEQ = 70, LEN = DIM * SEQ };

/* The layer that operations work on, and what they need. */
typedef struct subject {
    void *layer;
    ttt_config config;
    int8_t *down, *up;
    uint8_t *state; /* loading it needs a backup, which must be allocated */
    size_t state_size;
    float *x, *y;
} subject;

/* An operation: OK, or OUT_OF_MEMORY after a failure. What it made is freed again. */
typedef int (*operation)(subject *s);

static uint32_t crc32c(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static subject make_subject(uint32_t threads, ttt_objective objective, float rate)
{
    subject s = {.layer = make_layer(DIM, rate, objective, threads)};
    ttt_config_init(&s.config);
    s.config.hidden_dim = DIM;
    s.config.objective = (uint32_t)objective;
    s.config.inner_lr = rate;
    s.config.threads = threads;
    s.down = must_zero(DIM * DIM / 4);
    s.up = must_zero(DIM * DIM / 4);
    s.x = make_tokens(51, DIM, SEQ, 7);
    s.y = must_alloc(LEN * sizeof *s.y);
    REQUIRE(ttt_forward(s.layer, s.x, 9, s.y) == TTT_OK);
    s.state_size = ttt_state_size(s.layer);
    s.state = must_alloc(s.state_size);
    REQUIRE(ttt_save_state(s.layer, s.state, s.state_size) == TTT_OK);
    put_u32(s.state + 64, bits_of(1e30f)); /* W[0][0]: may overflow, so calls must rehearse */
    put_u32(s.state + 56, crc32c(s.state + 64, s.state_size - 64));
    put_u32(s.state + 60, crc32c(s.state, 60));
    return s;
}

static void free_subject(subject *s)
{
    ttt_destroy(s->layer);
    free(s->down);
    free(s->up);
    free(s->state);
    free(s->x);
    free(s->y);
}

static int create(subject *s)
{
    void *layer = s;
    int status = ttt_create_from_config(&s->config, &layer);
    CHECK((status == TTT_OK) == (layer != NULL));
    ttt_destroy(layer);
    return status;
}

static int create_original(subject *s)
{
    void *layer = ttt_create(DIM, s->config.inner_lr);
    ttt_destroy(layer);
    return layer ? TTT_OK : TTT_OUT_OF_MEMORY;
}

static int copy(subject *s)
{
    void *layer = ttt_clone(s->layer);
    ttt_destroy(layer);
    return layer ? TTT_OK : TTT_OUT_OF_MEMORY;
}

/* On a clone of its own, as success changes the layer; the clone is made before faults are on. */
static void *spare;

static int set_weights(subject *s)
{
    return ttt_set_weights(spare, s->down, s->up);
}

static int load_state(subject *s)
{
    return ttt_load_state(spare, s->state, s->state_size);
}

/* Fails allocation 0, 1, 2, ... until the operation does not reach the failing one any more. */
static size_t walk(subject *s, operation run, bool persistent, const char *what)
{
    size_t site = 0;
    for (int status = TTT_OUT_OF_MEMORY; status != TTT_OK && site < 100000; site++) {
        spare = ttt_clone(s->layer);
        REQUIRE(spare != NULL);
        snapshot before = snapshot_take(spare), of_layer = snapshot_take(s->layer);
        size_t live = bt_live_allocations();
        bt_fail_allocations(site, persistent);
        status = run(s);
        bt_fail_allocations(SIZE_MAX, false);
        check_context("%s: allocation %zu fails%s, threads=%u", what, site,
                      persistent ? " and all after it" : "", s->config.threads);
        if (status != TTT_OK) {
            CHECK_EQ(status, TTT_OUT_OF_MEMORY);
            CHECK_EQ(bt_live_allocations(), live);
            snapshot_check(&before, spare);
            CHECK_EQ(ttt_forward(spare, s->x, SEQ, s->y), TTT_OK);
        } else {
            free(before.state);
        }
        snapshot_check(&of_layer, s->layer);
        ttt_destroy(spare);
    }
    return site - 1; /* the last round failed nothing */
}

static void walk_both(operation run, const char *what, size_t at_least)
{
    static const float rates[] = {0.1f, 2.5f}; /* the second keeps a backup from the start */
    for (uint32_t threads = 1; threads <= 3; threads += 2)
        for (int k = 0; k < 2; k++) {
            size_t idle = bt_live_allocations();
            subject s = make_subject(threads, (ttt_objective)k, rates[k]);
            size_t once = walk(&s, run, false, what), always = walk(&s, run, true, what);
            check_context("%s threads=%u rate=%g", what, threads, (double)rates[k]);
            CHECK_EQ(once, always);
            if (run != load_state || k == 0) CHECK(once >= at_least);
            free_subject(&s);
            CHECK_EQ(bt_live_allocations(), idle);
            check_note("%s, threads %u, rate %g: %zu sites", what, threads, (double)rates[k], once);
        }
}

static void creating(void)
{
    walk_both(create, "create", 5);
    walk_both(create_original, "create_original", 5);
}

static int make_matrix(subject *s)
{
    ttt_matrix *matrix = NULL;
    ttt_activations *activations = NULL;
    int status = ttt_matrix_create(s->down, DIM, DIM / 4, 1.0f, &matrix);
    CHECK((status == TTT_OK) == (matrix != NULL));
    if (status == TTT_OK) status = ttt_activations_create(DIM, 3, &activations);
    CHECK((status == TTT_OK) == (activations != NULL));
    ttt_matrix_destroy(matrix);
    ttt_activations_destroy(activations);
    return status;
}

static void making_matrices(void)
{
    walk_both(make_matrix, "matrix", 6);
}

static void cloning(void)
{
    walk_both(copy, "clone", 4);
}

static void setting_weights(void)
{
    walk_both(set_weights, "set_weights", 3);
}

static void loading(void)
{
    walk_both(load_state, "load_state", 1);
}

/* Hundreds of sites, each of which runs all before it again: the first ones, then a selection. */
static void walk_hash(int (*hash_of)(uint64_t *))
{
    size_t live = bt_live_allocations(), step = check_quick() ? 41 : 11, failed = 0;
    uint64_t hash = 0, whole = 0;
    CHECK_EQ(hash_of(&whole), TTT_OK);
    CHECK_EQ(bt_live_allocations(), live);
    for (size_t site = 0;; site += site < 40 ? 1 : step, failed++) {
        bt_fail_allocations(site, failed % 2);
        hash = 1;
        int status = hash_of(&hash);
        bt_fail_allocations(SIZE_MAX, false);
        check_context("allocation %zu of the conformance hash", site);
        CHECK_EQ(bt_live_allocations(), live);
        if (status == TTT_OK) break;
        CHECK_EQ(status, TTT_OUT_OF_MEMORY);
        CHECK(hash == 1);
    }
    CHECK(failed > 20);
    CHECK_EQ(hash_of(&hash), TTT_OK);
    CHECK(hash == whole);
}

/* Of both rules: layers are made, saved and loaded. */
static void hashing(void)
{
    walk_hash(ttt_conformance_hash);
    walk_hash(ttt_rls_conformance_hash);
}

/* A clone with rls is whole or not at all. */
static void cloning_rls(void)
{
    size_t live = bt_live_allocations(), failed = 0;
    void *layer = make_rls(DIM, TTT_PREDICT, 0.9995f, 0.005f, 2), *clone = NULL;
    size_t bytes = bt_live_bytes();
    for (; !clone; failed++) {
        bt_fail_allocations(failed, false);
        clone = ttt_clone(layer);
        bt_fail_allocations(SIZE_MAX, false);
        if (!clone) CHECK_EQ(bt_live_bytes(), bytes);
    }
    CHECK(failed > 8);
    ttt_destroy(layer);
    ttt_destroy(clone);
    CHECK_EQ(bt_live_allocations(), live);
}

/* What runs per token, and all that only reads, does not allocate at all. */
static void no_allocations(void)
{
    for (uint32_t threads = 1; threads <= 3; threads += 2)
        for (int k = 0; k < 2; k++) {
            subject s = make_subject(threads, (ttt_objective)k, k ? 2.5f : 0.1f);
            float surprise[SEQ], memory[DIM / 4 * DIM / 4];
            check_context("threads=%u rate=%g", threads, k ? 2.5 : 0.1);
            ttt_reset(s.layer);
            bt_fail_allocations(0, true);
            CHECK_EQ(ttt_forward(s.layer, s.x, SEQ, s.y), TTT_OK);
            CHECK_EQ(ttt_forward_ex(s.layer, s.x, DIM, 1, s.y, DIM, surprise), TTT_OK);
            CHECK_EQ(ttt_save_state(s.layer, s.state, s.state_size), TTT_OK);
            CHECK_EQ(ttt_load_state(s.layer, s.state, s.state_size), TTT_OK);
            CHECK_EQ(ttt_get_weights(s.layer, s.down, s.up), TTT_OK);
            CHECK_EQ(ttt_get_memory(s.layer, memory), TTT_OK);
            CHECK_EQ(ttt_reset(s.layer), TTT_OK);
            CHECK_EQ(ttt_set_kernel("auto"), TTT_OK);
            bt_fail_allocations(SIZE_MAX, false);
            free_subject(&s);
        }
}

/* What a layer says that it occupies is what the allocator gave it. */
static void footprint(void)
{
    static const float rates[] = {0.1f, 2.5f}; /* the second keeps a backup from the start */
    for (size_t i = 0; i < 2; i++) {
        size_t before = bt_live_bytes();
        void *layer = make_layer(DIM, rates[i], TTT_PREDICT, 1);
        CHECK_EQ(bt_live_bytes() - before, ttt_footprint(layer));
        ttt_destroy(layer);
        CHECK_EQ(bt_live_bytes(), before);
    }
    CHECK_EQ(ttt_footprint(NULL), 0);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"creating", creating},       {"making_matrices", making_matrices},
        {"cloning", cloning},         {"setting_weights", setting_weights},
        {"loading", loading},         {"hashing", hashing},
        {"cloning_rls", cloning_rls}, {"no_allocations", no_allocations},
        {"footprint", footprint},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
