/* conformance.c - one hash over everything a recall does, to compare targets.
 *
 * Recalls of a vocabulary and of any symbols, of orders 1 to 4, read pseudo-random symbols of which
 * many passages come again, more than they hold; some pass. Half-way each is saved, and a second one
 * loads it and goes on. FNV-1a over the bits of all probabilities and states.
 * SPDX-License-Identifier: MIT */
#include "recall.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "../base/hash.h"

enum { VOCAB = 96, SYMBOLS = 1200 };

typedef struct {
    uint64_t hash;
    uint32_t symbols[SYMBOLS];
    float p[VOCAB];
} run;

static void hash_floats(run *r, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) r->hash = bt_fnv_u32(r->hash, bt_float_bits(v[i]));
}

static void make_symbols(run *r)
{
    uint64_t state = 7;
    for (size_t i = 0, from = 0; i < SYMBOLS; i++) {
        uint64_t random = bt_random_next(&state);
        if (i % 40 == 0) from = random % 3 == 0 || i < 80 ? i : random % (i - 40);
        r->symbols[i] = (uint32_t)(random >> 32) % (1u + (uint32_t)(random % VOCAB));
        if (from < i - i % 40) r->symbols[i] = r->symbols[from + i % 40];
    }
}

/* A base distribution that is exact in binary, and changes. */
static void make_base(float p[VOCAB], size_t i)
{
    for (size_t j = 0; j < VOCAB; j++) p[j] = 0x1p-7f;
    p[i % VOCAB] += 0x1p-2f;
}

static int read_symbols(run *r, ttt_recall *recall, bool open, size_t begin, size_t end)
{
    int status = TTT_OK;
    for (size_t i = begin; i < end && status == TTT_OK; i++) {
        float probability = 0.0f;
        make_base(r->p, i);
        float base = open ? 1.0f : r->p[r->symbols[i]];
        status = ttt_recall_probability(recall, r->symbols[i], base, &probability);
        hash_floats(r, &probability, 1);
        if (!open && i % 8 == 0 && status == TTT_OK) {
            status = ttt_recall_distribution(recall, r->p);
            hash_floats(r, r->p, VOCAB);
        }
        if (status != TTT_OK) break;
        if (i % 50 > 46) status = ttt_recall_pass(recall, r->symbols[i]);
        else status = ttt_recall_learn(recall, r->symbols[i], base);
    }
    return status;
}

/* Hashes the saved state and loads it into another recall. */
static int move(run *r, const ttt_recall *from, ttt_recall *to)
{
    size_t size = ttt_recall_state_size(from);
    uint8_t *state = bt_alloc(size, 1);
    int status = state ? ttt_recall_save(from, state, size) : TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) status = ttt_recall_load(to, state, size);
    for (size_t i = 0; status == TTT_OK && i < size; i++) r->hash = bt_fnv_u32(r->hash, state[i]);
    bt_free(state);
    return status;
}

static int run_order(run *r, uint32_t order, bool open)
{
    ttt_recall *a = NULL, *b = NULL;
    ttt_recall_options o;
    ttt_recall_options_init(&o);
    o.order = order;
    o.vocab = open ? 0 : VOCAB;
    o.capacity = order % 2 ? 1024 : 512;
    int status = ttt_recall_create(&o, &a);
    if (status == TTT_OK) status = ttt_recall_create(&o, &b);
    if (status == TTT_OK) status = read_symbols(r, a, open, 0, SYMBOLS / 2);
    if (status == TTT_OK) status = move(r, a, b);
    if (status == TTT_OK) status = read_symbols(r, b, open, SYMBOLS / 2, SYMBOLS);
    if (status == TTT_OK) status = move(r, b, a);
    ttt_recall_destroy(a);
    ttt_recall_destroy(b);
    return status;
}

int ttt_recall_conformance_hash(uint64_t *hash)
{
    if (!hash) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    run *r = bt_alloc(1, sizeof *r);
    int status = r ? TTT_OK : TTT_OUT_OF_MEMORY;
    if (r) {
        r->hash = BT_FNV_START;
        make_symbols(r);
    }
    for (uint32_t order = 1; status == TTT_OK && order <= TTT_RECALL_MAX_ORDER; order++) {
        status = run_order(r, order, false);
        if (status == TTT_OK) status = run_order(r, order, true);
    }
    if (status == TTT_OK) *hash = r->hash;
    bt_free(r);
    bt_fpenv_leave(saved);
    return status;
}
