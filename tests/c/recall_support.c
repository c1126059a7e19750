/* recall_support.c - recalls to test (recall_support.h).
 * SPDX-License-Identifier: MIT */
#include "recall_support.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "check.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

ttt_recall *open_recall(uint32_t vocab, uint32_t capacity, uint32_t order)
{
    ttt_recall_options o;
    ttt_recall *r = NULL;
    ttt_recall_options_init(&o);
    o.vocab = vocab;
    o.capacity = capacity;
    o.order = order;
    REQUIRE(ttt_recall_create(&o, &r) == TTT_OK && r != NULL);
    return r;
}

/* Most are among the first, so that symbols and pairs come again by chance, too. */
static uint32_t one_symbol(rng *r, uint32_t vocab)
{
    uint32_t wide = (uint32_t)rng_next(r);
    if (vocab == 0) return rng_below(r, 4) ? wide % 50 * 0x10001u : wide;
    return rng_below(r, 3) ? wide % (vocab < 12 ? vocab : 12) : wide % vocab;
}

void recall_text(uint64_t seed, uint32_t vocab, uint32_t *symbols, size_t n)
{
    rng r = {seed};
    for (size_t i = 0, length; i < n; i += length) {
        length = 1 + rng_below(&r, 40);
        length = length > n - i ? n - i : length;
        size_t kind = i > 60 ? rng_below(&r, 8) : 0, from = i > 0 ? rng_below(&r, i) : 0;
        for (size_t j = 0; j < length; j++) {
            if (kind < 3) symbols[i + j] = one_symbol(&r, vocab);
            else if (kind < 7) symbols[i + j] = symbols[from + j];
            else symbols[i + j] = symbols[from];
        }
    }
}

void recall_base(uint32_t vocab, size_t at, float *p)
{
    float rest = 0.5f / (float)vocab;
    for (size_t i = 0; i < vocab; i++) p[i] = rest;
    p[at % vocab] += 0.5f;
}

float recall_base_of(uint32_t vocab, size_t at, uint32_t symbol)
{
    if (vocab == 0) return 0.5f;
    float rest = 0.5f / (float)vocab;
    return symbol == at % vocab ? rest + 0.5f : rest;
}

void feed_recall(ttt_recall *r, const uint32_t *symbols, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        if (i % 50 > 46) CHECK_EQ(ttt_recall_pass(r, symbols[i]), TTT_OK);
        else
            CHECK_EQ(
                ttt_recall_learn(r, symbols[i], recall_base_of(r->counts.vocab, i, symbols[i])),
                TTT_OK);
    }
}

uint8_t *save_recall(const ttt_recall *r, size_t *size)
{
    *size = ttt_recall_state_size(r);
    uint8_t *state = must_alloc(*size);
    REQUIRE(ttt_recall_save(r, state, *size) == TTT_OK);
    return state;
}

void check_same_recall(ttt_recall *a, ttt_recall *b)
{
    size_t left, right;
    uint8_t *x = save_recall(a, &left), *y = save_recall(b, &right);
    CHECK_EQ(left, right);
    if (left == right) CHECK_SAME(x, y, left);
    CHECK_EQ(ttt_recall_symbols(a), ttt_recall_symbols(b));
    uint32_t vocab = a->counts.vocab;
    for (uint32_t i = 0; i < (vocab && vocab < 60 ? vocab : 60); i++) {
        float p = -1, q = -2;
        uint32_t symbol = vocab ? i : i * 0x10001u;
        CHECK_EQ(ttt_recall_probability(a, symbol, 0.25f, &p), TTT_OK);
        CHECK_EQ(ttt_recall_probability(b, symbol, 0.25f, &q), TTT_OK);
        CHECK_SAME(&p, &q, sizeof p);
    }
    free(x);
    free(y);
}

/* The counts of order 0 again, from the ring. */
static void check_counts(const ttt_recall *r)
{
    uint32_t held = bt_ring_held(&r->ring), total = 0, lowest, kinds = 0, in_all = 0;
    for (uint32_t i = 0; i < held; i++) {
        uint32_t symbol = bt_ring_symbol(&r->ring, i, &lowest);
        CHECK(lowest <= r->ring.order || lowest == BT_PASSED);
        CHECK(r->counts.vocab == 0 || symbol < r->counts.vocab);
        if (lowest != 0 || held - i > r->ring.capacity - r->ring.order) continue;
        total++;
        CHECK(bt_counts_of(&r->counts, symbol) > 0);
    }
    CHECK_EQ(r->counts.total, total);
    for (uint32_t i = 0; i < (r->counts.of ? r->counts.vocab : r->counts.slots); i++) {
        uint32_t count = r->counts.of ? r->counts.of[i] : r->counts.table[i].count;
        kinds += count > 0;
        in_all += count;
    }
    CHECK_EQ(r->counts.kinds, kinds);
    CHECK_EQ(in_all, total);
    CHECK(r->counts.of || r->counts.slots >= 2 * kinds);
}

void check_recall_invariants(const ttt_recall *r)
{
    const bt_ring *ring = &r->ring;
    CHECK(ring->size >= TTT_RECALL_MIN_CAPACITY && ring->size <= ring->capacity);
    CHECK((ring->size & (ring->size - 1)) == 0);
    CHECK(ring->room >= ring->size && ring->room <= ring->capacity);
    CHECK(bt_ring_held(ring) <= ring->size);
    CHECK(ring->latest.count <= ring->order && ring->passed <= ring->latest.count);
    check_counts(r);
    for (size_t i = 0; i < BT_GATES; i++)
        CHECK(r->gates[i].weight >= 0.00199f && r->gates[i].weight <= 0.98501f);
    CHECK(r->fresh.weight >= 0.00199f && r->fresh.weight <= 0.98501f);
    CHECK(r->pace.score >= 0 && r->pace.score <= 1);
}

void seal_recall(uint8_t *state, size_t size)
{
    bt_put_u32(state + 56, bt_crc32c(state + 64, size - 64));
    bt_put_u32(state + 60, bt_crc32c(state, 60));
}
