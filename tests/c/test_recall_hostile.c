/* test_recall_hostile.c - sequences made to hurt: what a recall loses against its base alone is
 * bounded, walks are bounded, and nothing comes out that is no probability.
 *
 * Loss: ln base - ln p of what came, over a uniform base and over bases that give 0.1 and 0.9 to
 * whatever comes. recall.h has the figures.
 * SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "check.h"
#include "recall_support.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VOCAB = 256, LENGTH = 20000, PASSAGE = 4000 };

/* A sequence that is made as it is read. */
typedef struct {
    ttt_recall *r;
    rng random;
    size_t at, period; /* period: of the sequence, of its breaks, or how many symbols there are */
    size_t since;      /* the last break; or a register */
    uint32_t passage[PASSAGE];
} hostile;

typedef uint32_t (*next_symbol)(hostile *h);

static uint32_t one_for_ever(hostile *h)
{
    (void)h;
    return 7;
}

static uint32_t in_turn(hostile *h)
{
    return (uint32_t)(h->at % h->period);
}

static uint32_t at_random(hostile *h)
{
    return (uint32_t)rng_below(&h->random, h->period);
}

/* The symbol that the mixture likes least. */
static uint32_t least_likely(hostile *h)
{
    float p[VOCAB];
    uint32_t least = 0;
    for (size_t i = 0; i < VOCAB; i++) p[i] = 1.0f / VOCAB;
    CHECK_EQ(ttt_recall_distribution(h->r, p), TTT_OK);
    for (uint32_t i = 1; i < VOCAB; i++)
        if (p[i] < p[least]) least = i;
    return least;
}

/* A passage again and again, with another symbol after each `period` of its own. */
static uint32_t broken_runs(hostile *h)
{
    if (++h->since <= h->period) return h->passage[h->at % PASSAGE];
    h->since = 0;
    return (h->passage[h->at % PASSAGE] + 1 + (uint32_t)rng_below(&h->random, VOCAB - 1)) % VOCAB;
}

/* The same with the symbol liked least, and only where the longest context foresaw for so long. */
static uint32_t worst_breaks(hostile *h)
{
    return h->r->pace.run >= h->period ? least_likely(h) : h->passage[h->at % PASSAGE];
}

/* Trust is built for a while, and then all that comes is what is liked least. */
static uint32_t betrayal(hostile *h)
{
    return h->at / h->period % 2 ? least_likely(h) : h->passage[h->at % 300];
}

/* Certainty and noise by turns. */
static uint32_t alternation(hostile *h)
{
    return (uint32_t)(h->at / h->period % 2 ? rng_below(&h->random, VOCAB) : h->at % 2);
}

/* The worst found: breaks a passage of period / 100 symbols wherever that costs enough, which leaves
 * the weights as high as they may be for that. */
static uint32_t costly_breaks(hostile *h)
{
    const bt_view *view = bt_recall_view(h->r);
    double cost = -log((double)view->rest[0] * (double)view->keep[0]);
    double least = (double)(h->period % 100) / 31.6;
    return cost >= least * least ? least_likely(h) : h->passage[h->at % (h->period / 100)];
}

/* All contexts of twelve bits but one come in turn (a shift register of the greatest period). */
static uint32_t de_bruijn(hostile *h)
{
    uint32_t state = h->since ? (uint32_t)h->since : 1;
    uint32_t bit = (state ^ state >> 6 ^ state >> 8 ^ state >> 11) & 1;
    h->since = (state << 1 | bit) & 0xfff;
    return bit;
}

/* What was lost: in all, of the worst symbol, and the most beyond MARGIN a symbol up to any of them. */
typedef struct {
    double mean, worst, ahead;
} losses;
#define MARGIN 0.04 /* measured: 0.035, and 206 nats ahead */

static losses read_hostile(next_symbol next, size_t period, float base)
{
    static const uint32_t most[] = {128, 64, 32, 32};
    hostile *h = must_zero(sizeof *h);
    h->r = open_recall(VOCAB, 4096, 4);
    h->random.state = h->period = period;
    losses l = {0};
    double sum = 0;
    for (size_t i = 0; i < PASSAGE; i++) h->passage[i] = (uint32_t)rng_below(&h->random, VOCAB);
    for (; h->at < LENGTH; h->at++) {
        uint32_t symbol = next(h);
        float p = -1;
        CHECK_EQ(ttt_recall_probability(h->r, symbol, base, &p), TTT_OK);
        CHECK(p > 0 && p <= 1.00001f);
        for (uint32_t k = 0; k < h->r->view.orders; k++)
            CHECK(h->r->view.found[k].total <= most[k]);
        double loss = log((double)base) - log((double)p);
        sum += loss;
        l.worst = loss > l.worst ? loss : l.worst;
        double ahead = sum - MARGIN * (double)(h->at + 1);
        l.ahead = ahead > l.ahead ? ahead : l.ahead;
        CHECK_EQ(ttt_recall_learn(h->r, symbol, base), TTT_OK);
    }
    check_recall_invariants(h->r);
    ttt_recall_destroy(h->r);
    free(h);
    l.mean = sum / LENGTH;
    return l;
}

static const struct {
    const char *name;
    next_symbol next;
    size_t period;
} all[] = {
    {"one symbol for ever", one_for_ever, 1},
    {"two alternating", in_turn, 2},
    {"all different, again and again", in_turn, VOCAB},
    {"de Bruijn", de_bruijn, 1},
    {"random", at_random, VOCAB},
    {"random of 16", at_random, 16},
    {"the least likely", least_likely, 1},
    {"runs broken after 1", broken_runs, 1},
    {"runs broken after 4", broken_runs, 4},
    {"runs broken after 8", broken_runs, 8},
    {"runs broken after 16", broken_runs, 16},
    {"worst breaks after 1", worst_breaks, 1},
    {"worst breaks after 4", worst_breaks, 4},
    {"worst breaks after 16", worst_breaks, 16},
    {"betrayal after 16", betrayal, 16},
    {"betrayal after 400", betrayal, 400},
    {"alternation of 30", alternation, 30},
    {"alternation of 300", alternation, 300},
    {"costly breaks of 1", costly_breaks, 104},
    {"costly breaks of 4", costly_breaks, 404},
    {"costly breaks of 364", costly_breaks, 36410},
    {"costly breaks of 3280", costly_breaks, 328004},
};

static void bounded_losses(void)
{
    static const float bases[] = {1.0f / VOCAB, 0.1f, 0.9f};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t k = 0; k < 3; k++) {
            losses l = read_hostile(all[i].next, all[i].period, bases[k]);
            check_context("%s, base %.4f", all[i].name, (double)bases[k]);
            check_note("%s, base %.4f: %.4f nats a symbol, %.2f of one, %.2f ahead", all[i].name,
                       (double)bases[k], l.mean, l.worst, l.ahead);
            CHECK_AT_MOST(l.mean, MARGIN);
            CHECK_AT_MOST(l.worst, 5 * -log(1 - 0.985)); /* five orders leave that at least */
            CHECK_AT_MOST(l.ahead, 250);
        }
}

/* Without a vocabulary that all is new is soon expected, and all that is held still adds up. */
static void all_new(void)
{
    ttt_recall *r = open_recall(0, 1024, 4);
    float p = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        CHECK_EQ(ttt_recall_probability(r, i * 2654435761u, 1, &p), TTT_OK);
        CHECK(p > 0 && p <= 1.00001f);
        if (i > 300) CHECK(p > 0.97f);
        CHECK_EQ(ttt_recall_learn(r, i * 2654435761u, 1), TTT_OK);
    }
    check_recall_invariants(r);
    CHECK_EQ(r->counts.kinds, 1020);
    ttt_recall_destroy(r);
}

/* Symbols of one chain, as somebody who knows the hash would choose them: the walk ends, and growth
 * and loading do not show. */
static void one_chain(void)
{
    enum { CHAIN = 60, TEXT = 9000 };
    ttt_recall *a = open_recall(0, 4096, 2), *b = NULL;
    uint32_t chain[CHAIN] = {0}, text[TEXT], found = 0;
    for (uint32_t i = 0; found < CHAIN; i++) {
        uint64_t hash = bt_mix64(i * BT_GOLDEN);
        if ((hash >> 32 & 1023) == 5) chain[found++] = i; /* slots of a ring of 2048 */
    }
    rng random = {2};
    for (size_t i = 0; i < TEXT; i++)
        text[i] = chain[rng_below(&random, 2)   ? 0
                        : rng_below(&random, 4) ? rng_below(&random, 9)
                                                : rng_below(&random, CHAIN)];
    for (size_t at = 0; at < TEXT; at += 100) {
        check_context("symbol %zu", at);
        feed_recall(a, text, at, at + 100);
        size_t size;
        uint8_t *state = save_recall(a, &size);
        ttt_recall *fresh = open_recall(0, 4096, 2);
        CHECK_EQ(ttt_recall_load(fresh, state, size), TTT_OK);
        if (b) feed_recall(b, text, at, at + 100);
        if (b) check_same_recall(a, b);
        ttt_recall_destroy(b);
        b = fresh;
        free(state);
    }
    check_recall_invariants(a);
    ttt_recall_destroy(a);
    ttt_recall_destroy(b);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"bounded_losses", bounded_losses},
        {"all_new", all_new},
        {"one_chain", one_chain},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
