/* recall.c - creates, copies, resets and destroys recalls, and the calls of the public API.
 * SPDX-License-Identifier: MIT */
#include "recall.h"

#include "../base/alloc.h"
#include "../base/fpenv.h"

#include <string.h>

enum { MOST_VOCAB = 1 << 24 };

void ttt_recall_options_init(ttt_recall_options *options)
{
    if (options)
        *options = (ttt_recall_options){
            .size = sizeof *options, .capacity = 32768, .order = TTT_RECALL_MAX_ORDER};
}

static bool valid(const ttt_recall_options *o)
{
    return o->size == sizeof *o && o->vocab <= MOST_VOCAB &&
           o->capacity >= TTT_RECALL_MIN_CAPACITY && o->capacity <= TTT_RECALL_MAX_CAPACITY &&
           (o->capacity & (o->capacity - 1)) == 0 && o->order >= 1 &&
           o->order <= TTT_RECALL_MAX_ORDER;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void forget(ttt_recall *r)
{
    bt_gates_init(r->gates, r->first);
    bt_pace_init(&r->pace);
    r->fresh = (bt_gate){0.5f, 0};
    r->learned = 0;
    bt_recall_look_anew(r);
}

int ttt_recall_create(const ttt_recall_options *options, ttt_recall **recall)
{
    if (recall) *recall = NULL;
    if (!options || !recall) return TTT_NULL_POINTER;
    if (!valid(options)) return TTT_INVALID_CONFIG;
    ttt_recall *r = bt_alloc(1, sizeof *r);
    if (!r) return TTT_OUT_OF_MEMORY;
    if (!bt_ring_init(&r->ring, options->capacity, options->order, options->vocab) ||
        !bt_counts_init(&r->counts, options->vocab)) {
        ttt_recall_destroy(r);
        return TTT_OUT_OF_MEMORY;
    }
    bt_fpenv saved = bt_fpenv_enter();
    forget(r);
    bt_fpenv_leave(saved);
    *recall = r;
    return TTT_OK;
}

void ttt_recall_destroy(ttt_recall *r)
{
    if (!r) return;
    bt_ring_free(&r->ring);
    bt_counts_free(&r->counts);
    bt_scratch_free(&r->scratch);
    bt_free(r);
}

int ttt_recall_clone(const ttt_recall *from, ttt_recall **recall)
{
    if (recall) *recall = NULL;
    if (!from || !recall) return TTT_NULL_POINTER;
    ttt_recall *r = bt_alloc(1, sizeof *r);
    if (!r) return TTT_OUT_OF_MEMORY;
    if (!bt_ring_copy(&r->ring, &from->ring) || !bt_counts_copy(&r->counts, &from->counts) ||
        !bt_scratch_reserve(&r->scratch, r->ring.room)) {
        ttt_recall_destroy(r);
        return TTT_OUT_OF_MEMORY;
    }
    r->first = from->first;
    memcpy(r->gates, from->gates, sizeof r->gates);
    r->pace = from->pace;
    r->fresh = from->fresh;
    r->learned = from->learned;
    *recall = r;
    return TTT_OK;
}

int ttt_recall_reset(ttt_recall *r)
{
    if (!r) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    bt_ring_reset(&r->ring);
    bt_counts_reset(&r->counts);
    forget(r);
    bt_fpenv_leave(saved);
    return TTT_OK;
}

void bt_recall_begin_with(ttt_recall *r, const float *first)
{
    r->first = first;
    ttt_recall_reset(r);
}

uint64_t ttt_recall_symbols(const ttt_recall *r)
{
    return r ? r->learned : 0;
}

size_t ttt_recall_footprint(const ttt_recall *r)
{
    return r ? bt_block_bytes(r) + bt_block_bytes(r->ring.block) + bt_block_bytes(r->counts.of) +
                   bt_block_bytes(r->counts.table) + bt_block_bytes(r->scratch.kept)
             : 0;
}

bool bt_recall_reserve(ttt_recall *r, size_t n)
{
    size_t most = n < TTT_RECALL_MAX_CAPACITY ? n + r->ring.order : TTT_RECALL_MAX_CAPACITY;
    return bt_ring_reserve(&r->ring, most) && bt_counts_reserve(&r->counts, r->ring.room) &&
           bt_scratch_reserve(&r->scratch, r->ring.room);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool is_symbol(const ttt_recall *r, uint32_t symbol)
{
    return r->counts.vocab == 0 || symbol < r->counts.vocab;
}

/* Comparisons with a NaN can trap, so within the floating-point environment. */
static int check(const ttt_recall *r, uint32_t symbol, float base)
{
    if (!is_symbol(r, symbol)) return TTT_INVALID_TOKEN;
    return base >= 0.0f && base <= 1.0f ? TTT_OK : TTT_INVALID_PROBABILITY;
}

int ttt_recall_probability(ttt_recall *r, uint32_t symbol, float base, float *probability)
{
    if (!r || !probability) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    int status = check(r, symbol, base);
    if (status == TTT_OK) *probability = bt_recall_probability(r, bt_recall_view(r), symbol, base);
    bt_fpenv_leave(saved);
    return status;
}

static bool is_distribution(const float *p, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= 0.0f && p[i] <= 1.001f)) return false;
        sum += (double)p[i];
    }
    return sum >= 0.999 && sum <= 1.001;
}

int ttt_recall_distribution(ttt_recall *r, float *p)
{
    if (!r || !p) return TTT_NULL_POINTER;
    if (r->counts.vocab == 0) return TTT_INVALID_OPTION;
    bt_fpenv saved = bt_fpenv_enter();
    bool good = is_distribution(p, r->counts.vocab);
    if (good) bt_recall_distribution(r, bt_recall_view(r), 1.0f, p, p);
    bt_fpenv_leave(saved);
    return good ? TTT_OK : TTT_INVALID_PROBABILITY;
}

int ttt_recall_learn(ttt_recall *r, uint32_t symbol, float base)
{
    if (!r) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    int status = check(r, symbol, base);
    if (status == TTT_OK && !bt_recall_reserve(r, 1)) status = TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) bt_recall_learn(r, symbol, base);
    bt_fpenv_leave(saved);
    return status;
}

int ttt_recall_pass(ttt_recall *r, uint32_t symbol)
{
    if (!r) return TTT_NULL_POINTER;
    if (!is_symbol(r, symbol)) return TTT_INVALID_TOKEN;
    bt_fpenv saved = bt_fpenv_enter();
    bt_recall_pass(r, symbol);
    bt_fpenv_leave(saved);
    return TTT_OK;
}
