/* recall_reference.c - a recall that scans its history (recall_reference.h).
 * SPDX-License-Identifier: MIT */
#include "recall_reference.h"

#include "support.h"

#include <string.h>

/* What an order has counted for the present context, and how it is mixed in. */
typedef struct {
    uint32_t total, kinds, of_symbol;
    float discount;
    float *weight;
    uint32_t *uses;
} counted;

reference_recall *reference_create(uint32_t vocab, uint32_t capacity, uint32_t order)
{
    reference_recall *r = must_zero(sizeof *r);
    bt_gate start[BT_GATES];
    bt_gates_init(start, NULL); /* fitted numbers, which stand nowhere else */
    for (size_t i = 0; i < BT_GATES; i++) {
        (&r->weight[0][0][0][0][0])[i] = start[i].weight;
        (&r->uses[0][0][0][0][0])[i] = start[i].uses;
    }
    r->vocab = vocab;
    r->capacity = capacity;
    r->order = order;
    r->score = 0.2f;
    r->fresh = 0.5f;
    return r;
}

/* The i-th last symbol of the text, passed ones included. */
static uint32_t last(const reference_recall *r, size_t i)
{
    return i < r->waits ? r->waiting[i] : r->history[r->n - 1 - (i - r->waits)];
}

static bool follows(const reference_recall *r, size_t place, size_t k)
{
    if (r->lowest[place] == BT_PASSED || r->lowest[place] > k || place < k) return false;
    for (size_t i = 0; i < k; i++)
        if (r->history[place - 1 - i] != last(r, i)) return false;
    return true;
}

/* Places that count: the latest N - K. */
static size_t oldest(const reference_recall *r)
{
    size_t reach = r->capacity - r->order;
    return r->n > reach ? r->n - reach : 0;
}

static void mixed_in(reference_recall *r, size_t k, counted *c)
{
    static const float usual[] = {0.8f, 0.8f, 0.9f, 0.8f, 0.8f};
    static const float of_run[] = {0, 0.4f, 0.1f, 0.02f};
    static const uint32_t levels[2][6] = {{0, 63, 255, 1023, ~0u, ~0u}, {0, 2, 3, 4, 8, 16}};
    int run = 0, level = 0, kind = 0, score = (r->score >= 0.12f) + (r->score >= 0.25f);
    if (k > 0 && k + 1 >= r->order) run = (r->run > 0) + (r->run >= 4) + (r->run >= 8);
    for (size_t i = 1; i < 6; i++) level += c->total >= levels[k > 0][i];
    if (k > 0) kind = (c->kinds > 1) + (c->kinds > 2) + (c->kinds > 4);
    c->discount = run > 0 ? of_run[run] : usual[k];
    c->weight = &r->weight[k][score][run][level][kind];
    c->uses = &r->uses[k][score][run][level][kind];
}

static void count_one(counted *c, uint32_t *seen, uint32_t symbol, uint32_t asked)
{
    uint32_t i = 0;
    while (i < c->kinds && seen[i] != symbol) i++;
    if (i == c->kinds) seen[c->kinds++] = symbol;
    c->total++;
    c->of_symbol += symbol == asked;
}

/* c[0] is of single symbols; returns the highest order with places. */
static size_t look(reference_recall *r, uint32_t symbol, counted c[BT_ORDERS + 1])
{
    static const uint32_t most[] = {~0u, 128, 64, 32, 32};
    static uint32_t seen[REFERENCE_MOST];
    memset(c, 0, (BT_ORDERS + 1) * sizeof *c);
    for (size_t p = oldest(r); p < r->n; p++)
        if (r->lowest[p] == 0) count_one(&c[0], seen, r->history[p], symbol);
    if (r->vocab && c[0].total >= 16) mixed_in(r, 0, &c[0]);
    for (size_t k = 1; k <= r->order && k <= r->n + r->waits; k++) {
        for (size_t p = r->n; p-- > oldest(r) && c[k].total < most[k];)
            if (follows(r, p, k)) count_one(&c[k], seen, r->history[p], symbol);
        if (c[k].total == 0) return k - 1;
        mixed_in(r, k, &c[k]);
    }
    return r->order <= r->n + r->waits ? r->order : r->n + r->waits;
}

static float above(uint32_t count, float discount)
{
    return (float)count > discount ? (float)count - discount : 0.0f;
}

static float of_single(const reference_recall *r, const counted *c, float base)
{
    if (r->vocab == 0 && c->total == 0) return base;
    if (r->vocab == 0)
        return c->of_symbol ? (1.0f - r->fresh) * (float)c->of_symbol / (float)c->total
                            : r->fresh * base;
    if (!c->weight) return base;
    float gain = *c->weight / (float)c->total;
    float keep = (1.0f - *c->weight) + c->discount * (float)c->kinds * gain;
    return base * keep + above(c->of_symbol, c->discount) * gain;
}

float reference_probability(reference_recall *r, uint32_t symbol, float base)
{
    counted c[BT_ORDERS + 1];
    size_t orders = look(r, symbol, c);
    float gain[BT_ORDERS + 1] = {0}, rest = 1.0f;
    for (size_t k = orders; k > 0; k--) {
        float unit = *c[k].weight / (float)c[k].total;
        gain[k] = unit * rest;
        rest *= (1.0f - *c[k].weight) + c[k].discount * (float)c[k].kinds * unit;
    }
    float p = of_single(r, &c[0], base) * rest;
    for (size_t k = 1; k <= orders; k++)
        if (c[k].of_symbol) p += above(c[k].of_symbol, c[k].discount) * gain[k];
    return p;
}

double reference_definition(reference_recall *r, uint32_t symbol, float base)
{
    counted c[BT_ORDERS + 1];
    size_t orders = look(r, symbol, c);
    double p = (double)base;
    if (r->vocab == 0) p = (double)of_single(r, &c[0], base);
    for (size_t k = 0; k <= orders; k++) {
        if (!c[k].weight) continue;
        double g = (double)*c[k].weight, d = (double)c[k].discount;
        double left = (double)c[k].of_symbol > d ? (double)c[k].of_symbol - d : 0;
        p = (1 - g) * p + g * (left + d * c[k].kinds * p) / c[k].total;
    }
    return p;
}

static void teach(float *weight, uint32_t *uses, float part)
{
    float rate = 1.0f / (float)(*uses + 4);
    if (rate < 0.02f) rate = 0.02f;
    if (*uses < 255) ++*uses;
    if (part < 0.002f) part = 0.002f;
    if (part > 0.985f) part = 0.985f;
    *weight += rate * (part - *weight);
}

/* Orders 0 and up learn their part in the probability; returns the highest that foresaw the symbol,
 * or 0. */
static size_t teach_orders(reference_recall *r, uint32_t symbol, float base)
{
    counted c[BT_ORDERS + 1];
    size_t orders = look(r, symbol, c), highest = 0;
    float p = r->vocab ? base : of_single(r, &c[0], base);
    if (r->vocab == 0 && c[0].total > 0)
        teach(&r->fresh, &r->fresh_uses, c[0].of_symbol ? 0.0f : 1.0f);
    for (size_t k = 0; k <= orders; k++) {
        if (k > 0 && c[k].of_symbol) highest = k;
        if (!c[k].weight) continue;
        float unit = *c[k].weight / (float)c[k].total;
        float direct = above(c[k].of_symbol, c[k].discount) * unit;
        float lower = c[k].discount * (float)c[k].kinds * unit * p;
        p = (1.0f - *c[k].weight) * p + lower + direct;
        if (p > 0) teach(c[k].weight, c[k].uses, (direct + lower) / p);
    }
    return highest;
}

static void set_run(reference_recall *r, bool foreseen)
{
    r->run = !foreseen ? 0 : r->run < 255 ? r->run + 1 : 255;
}

static void append(reference_recall *r, uint32_t symbol, size_t lowest)
{
    r->history[r->n] = symbol;
    r->lowest[r->n++] = (uint8_t)lowest;
}

void reference_learn(reference_recall *r, uint32_t symbol, float base)
{
    size_t highest = teach_orders(r, symbol, base);
    r->score += 0.03f * (base - r->score);
    set_run(r, highest == r->order);
    for (; r->waits > 0; r->waits--) append(r, r->waiting[r->waits - 1], BT_PASSED);
    append(r, symbol, highest);
}

void reference_pass(reference_recall *r, uint32_t symbol)
{
    counted c[BT_ORDERS + 1];
    size_t orders = look(r, symbol, c);
    set_run(r, orders == r->order && c[orders].of_symbol > 0);
    for (size_t i = BT_ORDERS - 1; i > 0; i--) r->waiting[i] = r->waiting[i - 1];
    r->waiting[0] = symbol;
    if (r->waits < r->order) r->waits++;
}
