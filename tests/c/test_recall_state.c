/* test_recall_state.c - saved recalls: what is loaded goes on to the same bits, what is damaged, of
 * another recall or forged is refused and changes nothing; and places are counted anew unseen.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "recall_support.h"
#include "support.h"

#include "base/bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1500 };

/* A recall that has read n symbols of its text, of the capacity 512. */
static ttt_recall *after(uint32_t vocab, uint32_t order, uint32_t text[TEXT], size_t n)
{
    ttt_recall *r = open_recall(vocab, 512, order);
    recall_text(vocab + order, vocab, text, TEXT);
    feed_recall(r, text, 0, n);
    return r;
}

static void goes_on(void)
{
    static const uint32_t vocabularies[] = {0, 9, 256, 257, 65536, 65537};
    static const size_t lengths[] = {0, 1, 48, 50, 250, 256, 300, 512, 515, 700, 1100};
    uint32_t text[TEXT];
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            uint32_t order = 1 + (uint32_t)(i + k) % 4;
            size_t size, n = lengths[k];
            ttt_recall *a = after(vocabularies[i], order, text, n);
            ttt_recall *b = open_recall(vocabularies[i], 512, order);
            uint8_t *state = save_recall(a, &size);
            check_context("vocab=%u order=%u symbols=%zu", vocabularies[i], order, n);
            CHECK_EQ(ttt_recall_save(a, state, size - 1), TTT_BUFFER_SIZE);
            feed_recall(b, text, 1000 - n / 2, 1000); /* something else before */
            CHECK_EQ(ttt_recall_load(b, state, size), TTT_OK);
            check_same_recall(a, b);
            check_recall_invariants(b);
            for (size_t at = n; at < TEXT; at += 200) {
                feed_recall(a, text, at, at + 200 < TEXT ? at + 200 : TEXT);
                feed_recall(b, text, at, at + 200 < TEXT ? at + 200 : TEXT);
                check_same_recall(a, b);
            }
            ttt_recall_destroy(a);
            ttt_recall_destroy(b);
            free(state);
        }
}

/* Refused with this status, and nothing has changed. */
static void refuse(ttt_recall *r, const uint8_t *state, size_t size, int status)
{
    size_t before, now;
    uint8_t *x = save_recall(r, &before), *copy = must_copy(state, size), *y;
    CHECK_EQ(ttt_recall_load(r, copy, size), status);
    y = save_recall(r, &now);
    CHECK_EQ(before, now);
    if (before == now) CHECK_SAME(x, y, now);
    free(x);
    free(y);
    free(copy);
}

static void every_flipped_bit(void)
{
    uint32_t text[TEXT];
    size_t size;
    for (uint32_t open = 0; open < 2; open++) {
        ttt_recall *r = after(open ? 0 : 40, 4, text, 150), *b = after(open ? 0 : 40, 4, text, 9);
        uint8_t *state = save_recall(r, &size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            check_context("open=%u bit %zu", open, bit);
            state[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_EQ(ttt_recall_load(b, state, size), TTT_STATE_DAMAGED);
            state[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < size; cut++) {
            check_context("open=%u cut %zu", open, cut);
            uint8_t *shorter = must_copy(state, cut);
            CHECK_EQ(ttt_recall_load(b, shorter, cut), TTT_STATE_DAMAGED);
            free(shorter);
        }
        refuse(b, state, size - 1, TTT_STATE_DAMAGED);
        check_recall_invariants(b);
        CHECK_EQ(ttt_recall_symbols(b), 9);
        ttt_recall_destroy(r);
        ttt_recall_destroy(b);
        free(state);
    }
}

static void of_another_recall(void)
{
    static const uint32_t others[][3] = {{41, 512, 4},  {0, 512, 4},  {40, 256, 4},
                                         {40, 1024, 4}, {40, 512, 3}, {40, 512, 1}};
    uint32_t text[TEXT];
    size_t size;
    ttt_recall *r = after(40, 4, text, 700);
    uint8_t *state = save_recall(r, &size);
    for (size_t i = 0; i < 6; i++) {
        check_context("other %zu", i);
        ttt_recall *other = open_recall(others[i][0], others[i][1], others[i][2]);
        feed_recall(other, text, 0, 100);
        refuse(other, state, size, TTT_STATE_RECALL);
        ttt_recall_destroy(other);
    }
    for (uint32_t version = 0; version < 4; version++) {
        bt_put_u32(state + 8, version);
        seal_recall(state, size);
        if (version != 1) refuse(r, state, size, version ? TTT_STATE_VERSION : TTT_STATE_DAMAGED);
    }
    ttt_recall_destroy(r);
    free(state);
}

/* ---- forged: with checksums that are right --------------------------------------------------- */

enum { HEADER = 64, PLACE = 40, WEIGHT = 12 };

/* A change of one 32-bit word that no recall could have saved. */
typedef struct {
    const char *what;
    size_t at;
    uint32_t word;
} forgery;

static void refuse_forged(ttt_recall *r, const uint8_t *state, size_t size, const forgery *f)
{
    uint8_t *forged = must_copy(state, size);
    bt_put_u32(forged + f->at, f->word);
    seal_recall(forged, size);
    check_context("%s", f->what);
    refuse(r, forged, size, TTT_STATE_DAMAGED);
    free(forged);
}

static void forged_words(void)
{
    uint32_t text[TEXT];
    size_t size;
    ttt_recall *r = after(40, 4, text, 349); /* two have passed */
    uint8_t *state = save_recall(r, &size);
    uint32_t held = bt_get_u32(state + 44), weights = bt_get_u32(state + 48);
    size_t symbols = HEADER + PLACE + (size_t)weights * WEIGHT;
    REQUIRE(r->ring.passed == 2 && weights > 3);
    const forgery all[] = {
        {"zeros", 12, 1},
        {"size", 16, (uint32_t)size + 1},
        {"nothing learned", 24, 0},
        {"more learned than held", 24, held + 1},
        {"fewer held", 44, held - 1},
        {"held more than there is", 44, UINT32_MAX},
        {"weights more than there are", 48, UINT32_MAX},
        {"weights fewer", 48, weights - 1},
        {"zeros again", 52, 1},
        {"score above 1", 64, bits_of(1.5f)},
        {"score NaN", 64, bits_of(NAN)},
        {"score negative", 64, bits_of(-0.5f)},
        {"run", 68, 256},
        {"fresh below", 72, bits_of(0.0f)},
        {"fresh above", 72, bits_of(1.0f)},
        {"fresh NaN", 72, bits_of(NAN)},
        {"fresh's uses", 76, 256},
        {"latest too many", 80, 5},
        {"latest too few", 80, 3},
        {"passed more than there are", 84, 5},
        {"latest outside", 88, 40},
        {"latest not what is held", 96, (bt_get_u32(state + 96) + 1) % 40},
        {"weight's number", HEADER + PLACE, BT_GATES},
        {"weight's number twice", HEADER + PLACE, bt_get_u32(state + HEADER + PLACE + WEIGHT)},
        {"weight 0", HEADER + PLACE + 4, 0},
        {"weight 1", HEADER + PLACE + 4, bits_of(1.0f)},
        {"weight NaN", HEADER + PLACE + 4, bits_of(NAN)},
        {"weight's uses", HEADER + PLACE + 8, 256},
        {"lowest order", symbols, 0x05000000},
        {"symbol", size - 4, 0x28000000},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) refuse_forged(r, state, size, &all[i]);
    ttt_recall_destroy(r);
    free(state);
}

/* A weight that is as at first is not among those saved. */
static void forged_start(void)
{
    uint32_t text[TEXT];
    size_t size;
    ttt_recall *r = after(40, 4, text, 200);
    uint8_t *state = save_recall(r, &size), *first = state + HEADER + PLACE;
    bt_gate start[BT_GATES];
    bt_gates_init(start, NULL);
    uint32_t number = bt_get_u32(first);
    REQUIRE(number < BT_GATES);
    bt_put_u32(first + 4, bits_of(start[number].weight));
    bt_put_u32(first + 8, start[number].uses);
    seal_recall(state, size);
    refuse(r, state, size, TTT_STATE_DAMAGED);
    ttt_recall_destroy(r);
    free(state);
}

/* Any bytes: what is accepted is saved to the same, and goes on. */
static void forged_at_random(void)
{
    uint32_t text[TEXT];
    size_t size, size_now, accepted = 0, tries = check_quick() ? 300 : 6000;
    rng random = {17};
    ttt_recall *r = after(40, 4, text, 600);
    uint8_t *state = save_recall(r, &size);
    for (size_t i = 0; i < tries; i++) {
        uint8_t *forged = must_copy(state, size);
        size_t first = rng_below(&random, 4) ? HEADER : 24;
        for (size_t n = 1 + rng_below(&random, 3); n > 0; n--)
            forged[first + rng_below(&random, size - first)] = (uint8_t)rng_below(&random, 41);
        seal_recall(forged, size);
        ttt_recall *b = open_recall(40, 512, 4);
        int status = ttt_recall_load(b, forged, size);
        check_context("forgery %zu", i);
        if (status == TTT_OK) {
            uint8_t *again = save_recall(b, &size_now);
            CHECK_EQ(size, size_now);
            if (size == size_now) CHECK_SAME(again, forged, size);
            free(again);
            feed_recall(b, text, 600, 700);
            check_recall_invariants(b);
            accepted++;
        } else CHECK(status == TTT_STATE_DAMAGED || status == TTT_STATE_RECALL);
        ttt_recall_destroy(b);
        free(forged);
    }
    check_note("%zu of %zu could have been saved", accepted, tries);
    CHECK(accepted > 0 && accepted < tries);
    ttt_recall_destroy(r);
    free(state);
}

/* ---- places are counted anew ----------------------------------------------------------------- */

/* As if so many more symbols had been read before, of which none is left. */
static void move_on(ttt_recall *r, uint32_t symbols)
{
    r->ring.next += symbols;
    bt_ring_index(&r->ring);
}

static void counted_anew(void)
{
    uint32_t text[TEXT];
    for (uint32_t order = 1; order <= 4; order++)
        for (uint32_t open = 0; open < 2; open++) {
            ttt_recall *a = after(open ? 0 : 40, order, text, 700), *b = NULL;
            REQUIRE(ttt_recall_clone(a, &b) == TTT_OK);
            move_on(b, 0x80000000u - 1024);
            for (size_t at = 700; at < TEXT; at += 50) {
                check_context("order=%u open=%u symbol %zu", order, open, at);
                feed_recall(a, text, at, at + 50);
                feed_recall(b, text, at, at + 50);
                check_same_recall(a, b);
                CHECK(b->ring.next <= 0x80000000u);
            }
            CHECK(b->ring.next < TEXT); /* it came to that */
            ttt_recall_destroy(a);
            ttt_recall_destroy(b);
        }
}

/* What was kept of a walk before the count began anew is not taken for one after it, although chain
 * and place have the same numbers again. */
static void kept_across_the_count(void)
{
    enum { ASKED = 1, BEFORE = 2, AFTER = 3, OTHER = 4 };
    ttt_recall *r = open_recall(8, 256, 1), *fresh = open_recall(8, 256, 1);
    size_t size;
    for (uint32_t i = 0; i < 300; i++) CHECK_EQ(ttt_recall_learn(r, OTHER, 0.125f), TTT_OK);
    for (uint32_t i = 0; i < 40; i++)
        CHECK_EQ(ttt_recall_learn(r, i % 2 ? BEFORE : ASKED, 0.125f), TTT_OK);
    CHECK_EQ(ttt_recall_learn(r, ASKED, 0.125f), TTT_OK);
    float p, q; /* looks for what follows ASKED */
    CHECK_EQ(ttt_recall_probability(r, BEFORE, 0.125f, &p), TTT_OK);
    uint32_t head = r->ring.next - 1; /* the last place after ASKED, plus 1 */
    for (uint32_t i = 0; i < 300; i++) CHECK_EQ(ttt_recall_learn(r, OTHER, 0.125f), TTT_OK);
    move_on(r, 0x80000000u - 1024);
    /* up to the place before it, once around */
    while (r->ring.next % 256 != (head - 2) % 256 || r->ring.next > 1000) {
        CHECK_EQ(ttt_recall_learn(r, OTHER, 0.125f), TTT_OK);
        if (r->ring.next < 1000 && r->ring.next + 2 == head) break;
    }
    CHECK_EQ(r->ring.next, head - 2);
    CHECK_EQ(ttt_recall_learn(r, ASKED, 0.125f), TTT_OK);
    CHECK_EQ(ttt_recall_learn(r, AFTER, 0.125f), TTT_OK);
    CHECK_EQ(ttt_recall_learn(r, ASKED, 0.125f), TTT_OK);
    uint8_t *state = save_recall(r, &size);
    CHECK_EQ(ttt_recall_load(fresh, state, size), TTT_OK);
    for (uint32_t symbol = 0; symbol < 8; symbol++) {
        check_context("symbol %u", symbol);
        CHECK_EQ(ttt_recall_probability(r, symbol, 0.125f, &p), TTT_OK);
        CHECK_EQ(ttt_recall_probability(fresh, symbol, 0.125f, &q), TTT_OK);
        CHECK_SAME(&p, &q, sizeof p);
    }
    ttt_recall_destroy(r);
    ttt_recall_destroy(fresh);
    free(state);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"goes_on", goes_on},
        {"every_flipped_bit", every_flipped_bit},
        {"of_another_recall", of_another_recall},
        {"forged_words", forged_words},
        {"forged_start", forged_start},
        {"forged_at_random", forged_at_random},
        {"counted_anew", counted_anew},
        {"kept_across_the_count", kept_across_the_count},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
