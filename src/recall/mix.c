/* mix.c - the counts of all orders and the base become one distribution, and the weights learn.
 * SPDX-License-Identifier: MIT */
#include "recall.h"

#include "../kernels/kernels.h"

enum { FEWEST = 16 }; /* symbols that order 0 must have counted */

/* How an order with these counts is mixed in; without places it changes nothing. */
static void set_order(const ttt_recall *r, const bt_pace *pace, bt_view *view, uint32_t k,
                      uint32_t total, uint32_t kinds)
{
    uint32_t longest = r->ring.order;
    view->gate[k] = bt_gate_of(pace, k, longest, total, kinds);
    view->discount[k] = bt_discount(pace, k, longest);
    float weight = r->gates[view->gate[k]].weight;
    view->gain[k] = weight / (float)total;
    view->keep[k] = (1.0f - weight) + view->discount[k] * (float)kinds * view->gain[k];
}

/* The view of a context that has been searched for. */
static void end_look(ttt_recall *r, bt_search *search, const bt_pace *pace, bt_view *view)
{
    const bt_counts *counts = &r->counts;
    bool known = counts->of && counts->total >= FEWEST;
    view->keep[0] = 1.0f;
    view->gain[0] = view->discount[0] = 0.0f;
    if (known) set_order(r, pace, view, 0, counts->total, counts->kinds);
    view->orders = bt_search_end(search, &r->ring, &r->scratch, view->found);
    for (uint32_t k = 1; k <= view->orders; k++)
        set_order(r, pace, view, k, view->found[k - 1].total, view->found[k - 1].kinds);
    view->rest[view->orders] = 1.0f;
    for (uint32_t k = view->orders; k > 0; k--) view->rest[k - 1] = view->rest[k] * view->keep[k];
    for (uint32_t k = 1; k <= view->orders; k++) view->gain[k] *= view->rest[k];
}

void bt_recall_look(ttt_recall *r, const bt_latest *latest, const bt_pace *pace, bt_view *view)
{
    bt_search search;
    bt_search_begin(&search, &r->ring, latest, &r->scratch);
    end_look(r, &search, pace, view);
}

void bt_recall_look_anew(ttt_recall *r)
{
    bt_scratch_clear(&r->scratch);
    r->look = BT_NOT_LOOKED;
}

const bt_view *bt_recall_view(ttt_recall *r)
{
    if (r->look == BT_NOT_LOOKED)
        bt_search_begin(&r->search, &r->ring, &r->ring.latest, &r->scratch);
    if (r->look != BT_LOOKED) end_look(r, &r->search, &r->pace, &r->view);
    r->look = BT_LOOKED;
    return &r->view;
}

bool bt_recall_look_ahead(ttt_recall *r)
{
    if (r->look == BT_LOOKED) return false;
    if (r->look == BT_LOOKING) bt_search_step(&r->search, &r->ring, &r->scratch);
    else bt_search_begin(&r->search, &r->ring, &r->ring.latest, &r->scratch);
    r->look = BT_LOOKING;
    return r->search.going;
}

/* ---- probabilities --------------------------------------------------------------------------- */

/* (count - discount)+ */
static float discounted(uint32_t count, float discount)
{
    float left = (float)count - discount;
    return left > 0.0f ? left : 0.0f;
}

/* p_0: the base and the counts of single symbols. */
static float of_single(const ttt_recall *r, const bt_view *view, uint32_t symbol, float base)
{
    const bt_counts *counts = &r->counts;
    if (counts->of)
        return base * view->keep[0] +
               discounted(counts->of[symbol], view->discount[0]) * view->gain[0];
    uint32_t count = bt_counts_of(counts, symbol);
    float fresh = counts->total > 0 ? r->fresh.weight : 1.0f;
    return count > 0 ? (1.0f - fresh) * (float)count / (float)counts->total : fresh * base;
}

static uint32_t count_in(const bt_followers *found, uint32_t symbol)
{
    for (uint32_t i = 0; i < found->kinds; i++)
        if (found->list[i].symbol == symbol) return found->list[i].count;
    return 0;
}

float bt_recall_probability(const ttt_recall *r, const bt_view *view, uint32_t symbol, float base)
{
    float p = of_single(r, view, symbol, base) * view->rest[0];
    for (uint32_t k = 1; k <= view->orders; k++) {
        uint32_t count = count_in(&view->found[k - 1], symbol);
        if (count > 0) p += ((float)count - view->discount[k]) * view->gain[k];
    }
    return p;
}

/* p_0 of all symbols, times what the longer contexts leave of it. */
static void mix_single(const ttt_recall *r, const bt_view *view, float scale, const float *base,
                       float *p)
{
    const bt_counts *counts = &r->counts;
    bt_mix_counts op = {.counts = counts->of,
                        .scale = scale,
                        .keep = view->keep[0],
                        .discount = view->discount[0],
                        .gain = view->gain[0],
                        .rest = view->rest[0]};
    size_t whole = counts->vocab / 16 * 16;
    bt_kernels_active()->mix_counts(&op, base, p, whole);
    for (uint32_t i = (uint32_t)whole; i < counts->vocab; i++)
        p[i] = of_single(r, view, i, base[i] * scale) * view->rest[0];
}

void bt_recall_distribution(const ttt_recall *r, const bt_view *view, float scale,
                            const float *base, float *p)
{
    mix_single(r, view, scale, base, p);
    for (uint32_t k = 1; k <= view->orders; k++) {
        const bt_followers *found = &view->found[k - 1];
        for (uint32_t i = 0; i < found->kinds; i++)
            p[found->list[i].symbol] +=
                ((float)found->list[i].count - view->discount[k]) * view->gain[k];
    }
}

int bt_recall_found(const ttt_recall *r, const bt_view *view, uint32_t symbol)
{
    for (uint32_t k = view->orders; k > 0; k--)
        if (count_in(&view->found[k - 1], symbol) > 0) return (int)k;
    return bt_counts_of(&r->counts, symbol) > 0 ? 0 : -1;
}

/* ---- learning -------------------------------------------------------------------------------- */

/* The weight of an order learns its part in the symbol's probability, and p becomes that with the
 * order. Returns what the symbol did not get directly from the order's counts. */
static float learn_weight(ttt_recall *r, const bt_view *view, uint32_t k, uint32_t total,
                          uint32_t kinds, uint32_t count, float *p)
{
    bt_gate *gate = &r->gates[view->gate[k]];
    float unit = gate->weight / (float)total;
    float direct = discounted(count, view->discount[k]) * unit;
    float lower = view->discount[k] * (float)kinds * unit * *p;
    *p = (1.0f - gate->weight) * *p + lower + direct;
    if (!(*p > 0.0f)) return 1.0f;
    bt_gate_learn(gate, (direct + lower) / *p);
    return 1.0f - direct / *p;
}

/* Adapts the weights; returns the base's part in the symbol's probability. */
static float learn_weights(ttt_recall *r, const bt_view *view, uint32_t symbol, float base)
{
    const bt_counts *counts = &r->counts;
    float part = 1.0f, p = base;
    if (counts->of && counts->total >= FEWEST)
        part *= learn_weight(r, view, 0, counts->total, counts->kinds, counts->of[symbol], &p);
    if (!counts->of) {
        p = of_single(r, view, symbol, base);
        if (counts->total > 0)
            bt_gate_learn(&r->fresh, bt_counts_of(counts, symbol) > 0 ? 0.0f : 1.0f);
    }
    for (uint32_t k = 1; k <= view->orders; k++) {
        const bt_followers *found = &view->found[k - 1];
        part *= learn_weight(r, view, k, found->total, found->kinds, count_in(found, symbol), &p);
    }
    return part;
}

static void push(ttt_recall *r, uint32_t symbol, uint32_t lowest)
{
    uint32_t gone, learned_by;
    if (bt_ring_leaving(&r->ring, &gone, &learned_by) && learned_by == 0)
        bt_counts_remove(&r->counts, gone);
    if (bt_ring_push(&r->ring, symbol, lowest)) bt_recall_look_anew(r);
}

float bt_recall_learn(ttt_recall *r, uint32_t symbol, float base)
{
    bt_ring *ring = &r->ring;
    const bt_view *view = bt_recall_view(r);
    int found = bt_recall_found(r, view, symbol);
    float part = learn_weights(r, view, symbol, base);
    bt_pace_score(&r->pace, base);
    bt_pace_run(&r->pace, found == (int)ring->order);
    for (; ring->passed > 0; ring->passed--)
        push(r, ring->latest.symbols[ring->passed - 1], BT_PASSED);
    push(r, symbol, found > 0 ? (uint32_t)found : 0);
    if (found <= 0) bt_counts_add(&r->counts, symbol);
    bt_latest_add(&ring->latest, ring->order, symbol);
    r->learned++;
    r->look = BT_NOT_LOOKED;
    return part;
}

void bt_recall_pass(ttt_recall *r, uint32_t symbol)
{
    bt_ring *ring = &r->ring;
    int found = bt_recall_found(r, bt_recall_view(r), symbol);
    bt_pace_run(&r->pace, found == (int)ring->order);
    bt_latest_add(&ring->latest, ring->order, symbol);
    if (ring->passed < ring->order) ring->passed++;
    r->look = BT_NOT_LOOKED;
}
