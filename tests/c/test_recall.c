/* test_recall.c - what a recall foretells, against a reference that scans the history, to the last
 * bit; the whole distribution; growth, copies, and bad input.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "recall_reference.h"
#include "recall_support.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Vocabularies that are multiples of 16 and not, one of each width of a saved symbol, and open; no more
 * places than a walk visits, so that nothing is cut short. */
static const struct {
    uint32_t vocab, capacity;
} shapes[] = {{0, 256}, {0, 1024}, {2, 256}, {17, 512}, {96, 1024}, {300, 256}, {70000, 512}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- the reference --------------------------------------------------------------------------- */

static void compare_one(ttt_recall *r, reference_recall *reference, uint32_t symbol, float base)
{
    float p = -1, expected = reference_probability(reference, symbol, base);
    CHECK_EQ(ttt_recall_probability(r, symbol, base, &p), TTT_OK);
    CHECK_SAME(&p, &expected, sizeof p);
    double defined = reference_definition(reference, symbol, base);
    CHECK_AT_MOST(fabs((double)p - defined), 1e-5 * defined + 1e-30);
}

static void compare_text(ttt_recall *r, reference_recall *reference, size_t n)
{
    uint32_t *text = must_alloc(n * sizeof *text), vocab = r->counts.vocab;
    recall_text(n + vocab, vocab, text, n);
    for (size_t i = 0; i < n; i++) {
        uint32_t other = vocab ? (uint32_t)(i * 7 % vocab) : (uint32_t)(i % 50 * 0x10001u);
        check_context("vocab=%u order=%u capacity=%u symbol %zu", vocab, r->ring.order,
                      r->ring.capacity, i);
        compare_one(r, reference, text[i], recall_base_of(vocab, i, text[i]));
        compare_one(r, reference, other, recall_base_of(vocab, i, other));
        if (i % 50 > 46 || (i % 400 > 350 && i % 400 < 365)) {
            CHECK_EQ(ttt_recall_pass(r, text[i]), TTT_OK);
            reference_pass(reference, text[i]);
        } else {
            float base = recall_base_of(vocab, i, text[i]);
            CHECK_EQ(ttt_recall_learn(r, text[i], base), TTT_OK);
            reference_learn(reference, text[i], base);
        }
    }
    free(text);
}

static void reference(void)
{
    for (size_t i = 0; i < SHAPES; i++)
        for (uint32_t order = 1; order <= TTT_RECALL_MAX_ORDER; order++) {
            ttt_recall *r = open_recall(shapes[i].vocab, shapes[i].capacity, order);
            reference_recall *slow = reference_create(shapes[i].vocab, shapes[i].capacity, order);
            compare_text(r, slow, shapes[i].capacity * (check_quick() ? 1 : 3) + 200);
            check_recall_invariants(r);
            for (size_t k = 0; k < BT_GATES; k++) {
                bt_gate gate = {(&slow->weight[0][0][0][0][0])[k], (&slow->uses[0][0][0][0][0])[k]};
                CHECK_SAME(&gate, &r->gates[k], sizeof gate);
            }
            ttt_recall_destroy(r);
            free(slow);
        }
}

/* ---- the distribution ------------------------------------------------------------------------ */

static void check_distribution(ttt_recall *r, size_t at)
{
    uint32_t vocab = r->counts.vocab;
    float *base = must_alloc(vocab * sizeof *base), *p = must_alloc(vocab * sizeof *p), one = -1;
    double sum = 0;
    recall_base(vocab, at, base);
    memcpy(p, base, vocab * sizeof *p);
    CHECK_EQ(ttt_recall_distribution(r, p), TTT_OK);
    for (uint32_t i = 0; i < vocab; i++) {
        CHECK_EQ(ttt_recall_probability(r, i, base[i], &one), TTT_OK);
        CHECK_SAME(&one, &p[i], sizeof one);
        CHECK(p[i] > 0);
        sum += (double)p[i];
    }
    CHECK_AT_MOST(fabs(sum - 1), 1e-5);
    free(base);
    free(p);
}

/* Of a block that ends at a page that may not be touched. */
static void distribution(void)
{
    enum { TEXT = 900 };
    static const uint32_t vocabularies[] = {1, 2, 15, 16, 17, 31, 33, 96, 1000};
    const char *names[8];
    size_t kernels = usable_kernels(names);
    uint32_t text[TEXT];
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
        for (size_t k = 0; k < kernels; k++) {
            uint32_t vocab = vocabularies[i];
            use_kernel(names[k]);
            ttt_recall *r = open_recall(vocab, 512, 1 + (uint32_t)i % 4);
            recall_text(i, vocab, text, TEXT);
            for (size_t at = 0; at < TEXT; at += 45) {
                check_context("kernel=%s vocab=%u symbol %zu", names[k], vocab, at);
                check_distribution(r, at);
                feed_recall(r, text, at, at + 45);
            }
            guarded g = guard_alloc(vocab * sizeof(float), true);
            recall_base(vocab, 3, g.bytes);
            CHECK_EQ(ttt_recall_distribution(r, g.bytes), TTT_OK);
            guard_free(&g);
            ttt_recall_destroy(r);
        }
    use_best_kernel();
}

/* With an open vocabulary a new symbol takes what those that are held leave. */
static void open_sums_to_one(void)
{
    ttt_recall *r = open_recall(0, 512, 3);
    rng random = {4};
    for (size_t i = 0; i < 700; i++) {
        double sum = 0;
        float p = -1;
        for (uint32_t symbol = 0; symbol < 40; symbol++) {
            CHECK_EQ(ttt_recall_probability(r, symbol * 77777, 0, &p), TTT_OK);
            sum += (double)p;
        }
        CHECK_EQ(ttt_recall_probability(r, 5, 1, &p), TTT_OK); /* it never comes */
        CHECK_AT_MOST(fabs(sum + (double)p - 1), 1e-5);
        uint32_t drawn = (uint32_t)(rng_below(&random, 40) * rng_below(&random, 40) / 40);
        CHECK_EQ(ttt_recall_learn(r, drawn * 77777, 0.1f), TTT_OK);
    }
    ttt_recall_destroy(r);
}

/* ---- memory and copies ----------------------------------------------------------------------- */

/* What is taken ahead does not show, nor does a copy or what was there before. */
static void growth_and_copies(void)
{
    enum { TEXT = 6000, CAPACITY = 4096 };
    uint32_t text[TEXT];
    for (uint32_t open = 0; open < 2; open++) {
        uint32_t vocab = open ? 0 : 500;
        recall_text(11, vocab, text, TEXT);
        ttt_recall *a = open_recall(vocab, CAPACITY, 4), *b = open_recall(vocab, CAPACITY, 4);
        ttt_recall *twin = NULL;
        CHECK(bt_recall_reserve(b, TEXT));
        CHECK_EQ(b->ring.room, CAPACITY);
        size_t smallest = ttt_recall_footprint(a);
        for (size_t at = 0; at < TEXT; at += 300) {
            check_context("open=%u symbol %zu", open, at);
            feed_recall(a, text, at, at + 300);
            feed_recall(b, text, at, at + 300);
            check_same_recall(a, b);
            REQUIRE(ttt_recall_clone(a, &twin) == TTT_OK);
            check_same_recall(a, twin);
            CHECK(ttt_recall_footprint(twin) <= ttt_recall_footprint(a));
            ttt_recall_destroy(b);
            b = twin; /* goes on as the copy */
        }
        check_recall_invariants(a);
        CHECK(ttt_recall_footprint(a) > 2 * smallest);
        CHECK_EQ(ttt_recall_reset(a), TTT_OK);
        CHECK_EQ(ttt_recall_symbols(a), 0);
        twin = open_recall(vocab, CAPACITY, 4);
        check_same_recall(a, twin);
        feed_recall(a, text, 0, 3000);
        feed_recall(twin, text, 0, 3000);
        check_same_recall(a, twin);
        ttt_recall_destroy(a);
        ttt_recall_destroy(b);
        ttt_recall_destroy(twin);
    }
}

/* Bytes are bounded by what the header promises, and few where little was read. */
static void footprint(void)
{
    enum { VOCAB = 3072, FULL = 40000 };
    uint32_t *text = must_alloc(FULL * sizeof *text);
    for (uint32_t open = 0; open < 2; open++) {
        uint32_t vocab = open ? 0 : VOCAB;
        ttt_recall *r = open_recall(vocab, 32768, 4);
        rng random = {3};
        for (size_t i = 0; i < FULL; i++)
            text[i] = open ? (uint32_t)rng_next(&random) : (uint32_t)rng_below(&random, VOCAB);
        feed_recall(r, text, 0, 200);
        check_note("vocab %u: %zu bytes after 200 symbols", vocab, ttt_recall_footprint(r));
        CHECK(ttt_recall_footprint(r) <= 50000);
        feed_recall(r, text, 200, FULL);
        check_note("vocab %u: %zu bytes when full", vocab, ttt_recall_footprint(r));
        CHECK(ttt_recall_footprint(r) <= (open ? 44u : 26u) * 32768 + 4 * vocab + 80000);
        if (!open) CHECK(ttt_recall_footprint(r) <= 1000000);
        ttt_recall_destroy(r);
    }
    CHECK_EQ(ttt_recall_footprint(NULL), 0);
    free(text);
}

/* ---- bad input ------------------------------------------------------------------------------- */

static void bad_options(void)
{
    static const uint32_t bad[][4] = {
        {15, 0, 256, 4},   {17, 0, 256, 4},      {16, (1u << 24) + 1, 256, 4},
        {16, 0, 128, 4},   {16, 0, 255, 4},      {16, 0, 257, 4},
        {16, 0, 384, 4},   {16, 0, 0, 4},        {16, 0, 256, 0},
        {16, 0, 256, 5},   {16, 0, 1u << 23, 4}, {0, 0, 256, 4},
        {16, 5, 256, ~0u}, {16, ~0u, 256, 1},
    };
    ttt_recall *r = (ttt_recall *)&r;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ttt_recall_options o = {bad[i][0], bad[i][1], bad[i][2], bad[i][3]};
        check_context("options %zu", i);
        r = (ttt_recall *)&r;
        CHECK_EQ(ttt_recall_create(&o, &r), TTT_INVALID_CONFIG);
        CHECK(r == NULL);
    }
    ttt_recall_options o;
    ttt_recall_options_init(NULL);
    ttt_recall_options_init(&o);
    CHECK(o.size == 16 && o.vocab == 0 && o.capacity == 32768 && o.order == 4);
    CHECK_EQ(ttt_recall_create(&o, NULL), TTT_NULL_POINTER);
    r = (ttt_recall *)&r;
    CHECK_EQ(ttt_recall_create(NULL, &r), TTT_NULL_POINTER);
    CHECK(r == NULL);
    r = (ttt_recall *)&r;
    CHECK_EQ(ttt_recall_clone(NULL, &r), TTT_NULL_POINTER);
    CHECK(r == NULL);
    o = (ttt_recall_options){16, 1u << 24, 1u << 22, 4}; /* the largest */
    CHECK_EQ(ttt_recall_create(&o, &r), TTT_OK);
    CHECK_EQ(ttt_recall_learn(r, (1u << 24) - 1, 0.5f), TTT_OK);
    CHECK_EQ(ttt_recall_learn(r, 1u << 24, 0.5f), TTT_INVALID_TOKEN);
    ttt_recall_destroy(r);
    ttt_recall_destroy(NULL);
}

static void null_pointers(void)
{
    ttt_recall *r = open_recall(20, 256, 2);
    float p[20] = {1};
    CHECK_EQ(ttt_recall_clone(r, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_reset(NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_symbols(NULL), 0);
    CHECK_EQ(ttt_recall_probability(NULL, 1, 0.5f, p), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_probability(r, 1, 0.5f, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_distribution(NULL, p), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_distribution(r, NULL), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_learn(NULL, 1, 0.5f), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_pass(NULL, 1), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_state_size(NULL), 0);
    CHECK_EQ(ttt_recall_save(NULL, p, sizeof p), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_save(r, NULL, 1000), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_load(NULL, p, sizeof p), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_load(r, NULL, 1000), TTT_NULL_POINTER);
    CHECK_EQ(ttt_recall_conformance_hash(NULL), TTT_NULL_POINTER);
    ttt_recall_destroy(r);
}

/* A refused call changes neither the recall nor what it would have written. */
static void bad_probabilities(void)
{
    enum { VOCAB = 20, TEXT = 400 };
    static const float bad[] = {NAN, -NAN, -0x1p-149f, -1, 1.0000001f, 2, INFINITY, -INFINITY};
    ttt_recall *r = open_recall(VOCAB, 256, 4), *untouched = NULL;
    uint32_t text[TEXT];
    recall_text(8, VOCAB, text, TEXT);
    feed_recall(r, text, 0, TEXT);
    REQUIRE(ttt_recall_clone(r, &untouched) == TTT_OK);
    float p = 7, kept[VOCAB], list[VOCAB];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_context("probability %g", (double)bad[i]);
        CHECK_EQ(ttt_recall_probability(r, 3, bad[i], &p), TTT_INVALID_PROBABILITY);
        CHECK_EQ(ttt_recall_learn(r, 3, bad[i]), TTT_INVALID_PROBABILITY);
        for (uint32_t at = 0; at < VOCAB; at += 19) {
            recall_base(VOCAB, 2, list);
            list[at] = bad[i] == 1.0000001f ? 0.5f : bad[i];
            memcpy(kept, list, sizeof kept);
            CHECK_EQ(ttt_recall_distribution(r, list), TTT_INVALID_PROBABILITY);
            CHECK_SAME(list, kept, sizeof kept);
        }
    }
    CHECK_EQ(ttt_recall_probability(r, VOCAB, 0.5f, &p), TTT_INVALID_TOKEN);
    CHECK_EQ(ttt_recall_learn(r, UINT32_MAX, 0.5f), TTT_INVALID_TOKEN);
    CHECK_EQ(ttt_recall_pass(r, VOCAB), TTT_INVALID_TOKEN);
    CHECK(p == 7);
    memset(list, 0, sizeof list); /* sums to nothing */
    CHECK_EQ(ttt_recall_distribution(r, list), TTT_INVALID_PROBABILITY);
    for (size_t i = 0; i < VOCAB; i++) list[i] = 1.002f / VOCAB;
    CHECK_EQ(ttt_recall_distribution(r, list), TTT_INVALID_PROBABILITY);
    for (size_t i = 0; i < VOCAB; i++) list[i] = 0.998f / VOCAB;
    CHECK_EQ(ttt_recall_distribution(r, list), TTT_INVALID_PROBABILITY);
    check_same_recall(r, untouched);
    for (size_t i = 0; i < VOCAB; i++) list[i] = 1.0005f / VOCAB;
    CHECK_EQ(ttt_recall_distribution(r, list), TTT_OK);
    CHECK_EQ(ttt_recall_probability(r, 3, 0, &p), TTT_OK);
    CHECK_EQ(ttt_recall_probability(r, 3, 1, &p), TTT_OK);
    ttt_recall_destroy(r);
    r = open_recall(0, 256, 4);
    CHECK_EQ(ttt_recall_distribution(r, list), TTT_INVALID_OPTION);
    CHECK_EQ(ttt_recall_learn(r, UINT32_MAX, 0), TTT_OK);
    ttt_recall_destroy(r);
    ttt_recall_destroy(untouched);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"reference", reference},
        {"distribution", distribution},
        {"open_sums_to_one", open_sums_to_one},
        {"growth_and_copies", growth_and_copies},
        {"footprint", footprint},
        {"bad_options", bad_options},
        {"null_pointers", null_pointers},
        {"bad_probabilities", bad_probabilities},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
