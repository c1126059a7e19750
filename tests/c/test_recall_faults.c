/* test_recall_faults.c - every allocation of a recall's operations, and of a session's with recall,
 * fails once, and from there on: each says so, leaks nothing and changes nothing; what needs no more
 * memory allocates nothing; and what they say they occupy is what they took.
 *
 * Built against a library with BT_FAULT_INJECTION (src/base/alloc.h).
 * SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "check.h"
#include "model/session.h"
#include "recall_support.h"
#include "session_support.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT = 700, OTHER = 30 };

/* What operations work on; recall and session are about to grow. */
static struct {
    ttt_recall *recall, *small;
    bitllama_session *session, *young;
    subject x;
    uint32_t text[TEXT];
    uint8_t *state, *session_state;
    size_t size, session_size;
} all;

/* A text that is longer than a recall's first buffers, for a session. */
static void read_much(bitllama_session *s)
{
    for (int i = 0; i < 3; i++)
        CHECK_EQ(bitllama_session_read(s, all.x.ids, TOKENS, NULL, NULL), TTT_OK);
}

static void set_up(uint32_t vocab)
{
    all.x = make_subject(BT_INDUCTION);
    recall_text(3, vocab, all.text, TEXT);
    ttt_recall *large = open_recall(vocab, 1024, 4);
    feed_recall(large, all.text, 0, TEXT);
    all.state = save_recall(large, &all.size);
    ttt_recall_destroy(large);
    all.recall = open_recall(vocab, 1024, 4);
    while (bt_ring_held(&all.recall->ring) < 252) /* four might have passed */
        CHECK_EQ(ttt_recall_learn(all.recall, all.text[all.recall->learned], 0.5f), TTT_OK);
    all.small = open_recall(vocab, 1024, 4);
    feed_recall(all.small, all.text, 0, OTHER);
    bitllama_session *s = open_with(all.x.model, 1024, 0);
    read_much(s);
    all.session_state = save_session(s, &all.session_size);
    bitllama_session_destroy(s);
    all.session = open_with(all.x.model, 1024, 1);
    CHECK_EQ(bitllama_session_read(all.session, all.x.ids, TOKENS, NULL, NULL), TTT_OK);
    all.young = open_with(all.x.model, 1024, 0);
}

static void tear_down(void)
{
    ttt_recall_destroy(all.recall);
    ttt_recall_destroy(all.small);
    bitllama_session_destroy(all.session);
    bitllama_session_destroy(all.young);
    free_subject(&all.x);
    free(all.state);
    free(all.session_state);
}

/* ---- operations: OK, or OUT_OF_MEMORY; what they make is freed again ------------------------- */

static int create(void)
{
    ttt_recall_options o;
    ttt_recall *r = (ttt_recall *)&all;
    ttt_recall_options_init(&o);
    int status = ttt_recall_create(&o, &r);
    CHECK((status == TTT_OK) == (r != NULL));
    ttt_recall_destroy(r);
    return status;
}

static int copy(void)
{
    ttt_recall *r = (ttt_recall *)&all;
    int status = ttt_recall_clone(all.recall, &r);
    CHECK((status == TTT_OK) == (r != NULL));
    ttt_recall_destroy(r);
    return status;
}

/* With one that it changes, which is there before: `spare`. */
static ttt_recall *spare;
static bitllama_session *spare_session;

static int learn(void)
{
    return ttt_recall_learn(spare, all.text[300], 0.5f);
}

static int load(void)
{
    return ttt_recall_load(spare, all.state, all.size);
}

static int hash(void)
{
    uint64_t value = 1;
    int status = ttt_recall_conformance_hash(&value);
    CHECK((status == TTT_OK) == (value != 1));
    return status;
}

static int create_session(void)
{
    bitllama_session_options o;
    bitllama_session *s = (bitllama_session *)&all;
    bitllama_session_options_init(&o);
    int status = bitllama_session_create_with(all.x.model, &o, &s);
    CHECK((status == TTT_OK) == (s != NULL));
    bitllama_session_destroy(s);
    return status;
}

static int fork_session(void)
{
    bitllama_session *s = (bitllama_session *)&all;
    int status = bitllama_session_fork(all.session, &s);
    CHECK((status == TTT_OK) == (s != NULL));
    bitllama_session_destroy(s);
    return status;
}

static int read_session(void)
{
    float logprobs[TOKENS];
    return bitllama_session_read(spare_session, all.x.ids, TOKENS, logprobs, NULL);
}

static int write_session(void)
{
    return bitllama_session_write(spare_session, all.x.ids, TOKENS);
}

static int reserve_session(void)
{
    return bitllama_session_reserve(spare_session, TOKENS);
}

static int load_session(void)
{
    return bitllama_session_load(spare_session, all.session_state, all.session_size);
}

/* ---- the walk -------------------------------------------------------------------------------- */

/* Of what is spare after an operation that failed: nothing has changed, and all goes on. */
static void check_unchanged(const ttt_recall *from, const bitllama_session *session)
{
    ttt_recall *twin = NULL;
    bitllama_session *other = NULL;
    REQUIRE(ttt_recall_clone(from, &twin) == TTT_OK);
    REQUIRE(bitllama_session_fork(session, &other) == TTT_OK);
    check_same_recall(spare, twin);
    check_same_session(spare_session, other);
    CHECK_EQ(ttt_recall_learn(twin, 5, 0.5f), TTT_OK);
    CHECK_EQ(ttt_recall_learn(spare, 5, 0.5f), TTT_OK);
    read_much(other);
    read_much(spare_session);
    check_same_recall(spare, twin);
    check_same_session(spare_session, other);
    ttt_recall_destroy(twin);
    bitllama_session_destroy(other);
}

/* Logs of frequent contexts (recall/kept.h), which the recalls of both take once and hold. */
static size_t logs(void)
{
    const ttt_recall *of[] = {spare, spare_session->recall.memory};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++)
        if (of[i]->scratch.kept) count++;
    return count;
}

/* Fails allocation 0, 1, 2, ... until the operation does not reach the failing one any more. */
static size_t walk(int (*run)(void), bool persistent, const char *what)
{
    bool loads = run == load || run == load_session;
    const ttt_recall *from = loads ? all.small : all.recall;
    const bitllama_session *session = loads ? all.young : all.session;
    size_t failed = 0, stride = run == hash ? check_quick() ? 7 : 3 : 1;
    for (size_t site = 0; failed < 10000; site += stride, failed++) {
        REQUIRE(ttt_recall_clone(from, &spare) == TTT_OK);
        REQUIRE(bitllama_session_fork(session, &spare_session) == TTT_OK);
        size_t live = bt_live_allocations() - logs();
        bt_fail_allocations(site, persistent);
        int status = run();
        bt_fail_allocations(SIZE_MAX, false);
        check_context("%s: allocation %zu fails%s", what, site,
                      persistent ? " and all after it" : "");
        CHECK_EQ(bt_live_allocations() - logs(), live);
        if (status != TTT_OK) {
            CHECK_EQ(status, TTT_OUT_OF_MEMORY);
            check_unchanged(from, session);
        }
        ttt_recall_destroy(spare);
        bitllama_session_destroy(spare_session);
        if (status == TTT_OK) break;
    }
    return failed;
}

static void every_allocation(void)
{
    static const struct {
        const char *name;
        int (*run)(void);
        size_t at_least;
    } operations[] = {
        {"create", create, 3},
        {"clone", copy, 3},
        {"learn", learn, 1},
        {"load", load, 1},
        {"hash", hash, 15},
        {"create session", create_session, 15},
        {"fork", fork_session, 18},
        {"read", read_session, 1},
        {"write", write_session, 1},
        {"reserve", reserve_session, 1},
        {"load session", load_session, 1},
    };
    for (uint32_t open = 0; open < 2; open++) {
        size_t idle = bt_live_allocations();
        set_up(open ? 0 : 40);
        for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
            size_t once = walk(operations[i].run, false, operations[i].name);
            size_t always = walk(operations[i].run, true, operations[i].name);
            check_context("%s: %zu sites, open=%u", operations[i].name, once, open);
            CHECK_EQ(once, always);
            CHECK(once >= operations[i].at_least);
            if (operations[i].run == learn || operations[i].run == load)
                CHECK_EQ(once, 2 + open); /* ring, log, and the table of the counts */
            check_note("%s: %zu sites", operations[i].name, once);
        }
        tear_down();
        CHECK_EQ(bt_live_allocations(), idle);
    }
}

/* What needs no more memory, and all that only asks. */
static void no_allocations(void)
{
    uint64_t symbols;
    float p, list[40], logits[VOCAB], logprobs[TOKENS];
    uint32_t token;
    bitllama_sampling o;
    set_up(40);
    bitllama_sampling_init(&o);
    recall_base(40, 1, list);
    bt_fail_allocations(0, true);
    feed_recall(all.small, all.text, OTHER, 240);
    CHECK_EQ(ttt_recall_probability(all.recall, 3, 0.5f, &p), TTT_OK);
    CHECK_EQ(ttt_recall_distribution(all.recall, list), TTT_OK);
    CHECK_EQ(ttt_recall_pass(all.recall, 3), TTT_OK);
    CHECK(ttt_recall_state_size(all.small) <= all.size);
    size_t size = ttt_recall_state_size(all.small);
    CHECK_EQ(ttt_recall_save(all.small, all.state, size), TTT_OK);
    CHECK_EQ(ttt_recall_load(all.recall, all.state, size), TTT_OK);
    CHECK_EQ(ttt_recall_reset(all.recall), TTT_OK);
    symbols = ttt_recall_symbols(all.recall);
    CHECK_EQ(symbols, 0);
    CHECK_EQ(bitllama_session_logits(all.session, logits), TTT_OK);
    CHECK_EQ(bitllama_session_draw(all.session, &o, &token), TTT_OK);
    CHECK_EQ(bitllama_session_write(all.young, all.x.ids, TOKENS), TTT_OK);
    CHECK_EQ(bitllama_session_read(all.session, all.x.ids, 90, logprobs, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_freeze(all.session, 1), TTT_OK);
    CHECK_EQ(bitllama_session_read(all.session, all.x.ids, TOKENS, logprobs, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_reset(all.session), TTT_OK);
    bt_fail_allocations(SIZE_MAX, false);
    CHECK_EQ(bitllama_session_freeze(all.session, 0), TTT_OK);
    CHECK_EQ(bitllama_session_reserve(all.session, 5 * TOKENS), TTT_OK);
    bt_fail_allocations(0, true);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(bitllama_session_read(all.session, all.x.ids, TOKENS, logprobs, NULL), TTT_OK);
    bt_fail_allocations(SIZE_MAX, false);
    tear_down();
}

static void footprints(void)
{
    size_t before = bt_live_bytes();
    for (uint32_t open = 0; open < 2; open++) {
        recall_text(4, open ? 0 : 100, all.text, TEXT);
        ttt_recall *r = open_recall(open ? 0 : 100, 1024, 3);
        for (size_t at = 0; at < TEXT; at += 100) {
            CHECK_EQ(bt_live_bytes() - before, ttt_recall_footprint(r));
            feed_recall(r, all.text, at, at + 100);
        }
        ttt_recall_destroy(r);
        CHECK_EQ(bt_live_bytes(), before);
    }
    all.x = make_subject(BT_PREDICT);
    before = bt_live_bytes();
    bitllama_session *s = open_with(all.x.model, 1024, 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(bt_live_bytes() - before, bitllama_session_footprint(s));
        read_much(s);
    }
    bitllama_session_destroy(s);
    CHECK_EQ(bt_live_bytes(), before);
    free_subject(&all.x);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"every_allocation", every_allocation},
        {"no_allocations", no_allocations},
        {"footprints", footprints},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
