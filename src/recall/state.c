/* state.c - saves and loads a recall.
 *
 * Format, version 1, little-endian; 64 bytes of header, then the body:
 *
 *      0  magic "BitRcl\r\n"       8  u32 version        12  u32 zero
 *     16  u64 size of the whole state in bytes           24  u64 symbols learned
 *     32  u32 vocabulary, 0: open 36  u32 capacity       40  u32 order
 *     44  u32 symbols held        48  u32 weights that have learned
 *     52  u32 zero
 *     56  u32 CRC-32C of the body                        60  u32 CRC-32C of bytes 0 to 59
 *     64  f32 score, u32 run, f32 and u32 fresh (weight, uses), u32 symbols in `latest`,
 *         u32 of these that passed, u32 latest [4]
 *         for each weight that differs from its start: u32 number, f32 weight, u32 uses
 *         for each symbol held, the oldest first: the lowest order that learned it, 1 byte;
 *         then the symbols, of 1 to 4 bytes each, as the vocabulary needs
 *
 * The counts and the index follow from the symbols.
 * SPDX-License-Identifier: MIT */
#include "recall.h"

#include "../base/bytes.h"
#include "../base/crc32c.h"
#include "../base/fpenv.h"

#include <string.h>

enum {
    AT_VERSION = 8,
    AT_ZERO = 12,
    AT_SIZE = 16,
    AT_LEARNED = 24,
    AT_VOCAB = 32,
    AT_CAPACITY = 36,
    AT_ORDER = 40,
    AT_HELD = 44,
    AT_WEIGHTS = 48,
    AT_ZERO2 = 52,
    AT_BODY_CRC = 56,
    AT_HEADER_CRC = 60,
    HEADER = 64,
    PLACE = 24 + 4 * BT_ORDERS, /* bytes of where it is */
    WEIGHT = 12                 /* bytes of a weight */
};
#define VERSION 1u

static const uint8_t magic[8] = {'B', 'i', 't', 'R', 'c', 'l', '\r', '\n'};

static uint32_t symbol_bytes(uint32_t vocab)
{
    if (vocab == 0) return 4;
    return vocab <= 1u << 8 ? 1 : vocab <= 1u << 16 ? 2 : 3;
}

static bool same_gate(bt_gate a, bt_gate b)
{
    return bt_float_bits(a.weight) == bt_float_bits(b.weight) && a.uses == b.uses;
}

static size_t changed_weights(const ttt_recall *r)
{
    bt_gate start[BT_GATES];
    size_t changed = 0;
    bt_gates_init(start, r->first);
    for (size_t i = 0; i < BT_GATES; i++) changed += !same_gate(start[i], r->gates[i]);
    return changed;
}

static size_t size_of(uint32_t vocab, uint64_t weights, uint64_t held)
{
    return (size_t)(HEADER + PLACE + weights * WEIGHT + held * (1 + symbol_bytes(vocab)));
}

size_t ttt_recall_state_size(const ttt_recall *r)
{
    if (!r) return 0;
    bt_fpenv saved = bt_fpenv_enter();
    size_t weights = changed_weights(r);
    bt_fpenv_leave(saved);
    return size_of(r->counts.vocab, weights, bt_ring_held(&r->ring));
}

/* ---- body ------------------------------------------------------------------------------------ */

static uint8_t *put_u32(uint8_t *p, uint32_t v)
{
    bt_put_u32(p, v);
    return p + 4;
}

static uint8_t *put_place(const ttt_recall *r, uint8_t *p)
{
    const bt_latest *latest = &r->ring.latest;
    p = bt_put_floats(p, &r->pace.score, 1);
    p = put_u32(p, r->pace.run);
    p = bt_put_floats(p, &r->fresh.weight, 1);
    p = put_u32(p, r->fresh.uses);
    p = put_u32(p, latest->count);
    p = put_u32(p, r->ring.passed);
    for (uint32_t k = 0; k < BT_ORDERS; k++)
        p = put_u32(p, k < latest->count ? latest->symbols[k] : 0);
    return p;
}

static void put_body(const ttt_recall *r, uint8_t *p)
{
    uint32_t held = bt_ring_held(&r->ring), width = symbol_bytes(r->counts.vocab);
    bt_gate start[BT_GATES];
    bt_gates_init(start, r->first);
    p = put_place(r, p);
    for (uint32_t i = 0; i < BT_GATES; i++) {
        if (same_gate(start[i], r->gates[i])) continue;
        p = put_u32(p, i);
        p = bt_put_floats(p, &r->gates[i].weight, 1);
        p = put_u32(p, r->gates[i].uses);
    }
    for (uint32_t i = 0; i < held; i++) {
        uint32_t lowest, symbol = bt_ring_symbol(&r->ring, i, &lowest);
        p[i] = (uint8_t)lowest;
        for (uint32_t b = 0; b < width; b++) p[held + i * width + b] = (uint8_t)(symbol >> (8 * b));
    }
}

int ttt_recall_save(const ttt_recall *r, void *buffer, size_t size)
{
    if (!r || !buffer) return TTT_NULL_POINTER;
    uint8_t *head = buffer;
    size_t needed = ttt_recall_state_size(r);
    if (size < needed) return TTT_BUFFER_SIZE;
    bt_fpenv saved = bt_fpenv_enter();
    memset(head, 0, HEADER);
    memcpy(head, magic, sizeof magic);
    bt_put_u32(head + AT_VERSION, VERSION);
    bt_put_u64(head + AT_SIZE, needed);
    bt_put_u64(head + AT_LEARNED, r->learned);
    bt_put_u32(head + AT_VOCAB, r->counts.vocab);
    bt_put_u32(head + AT_CAPACITY, r->ring.capacity);
    bt_put_u32(head + AT_ORDER, r->ring.order);
    bt_put_u32(head + AT_HELD, bt_ring_held(&r->ring));
    bt_put_u32(head + AT_WEIGHTS, (uint32_t)changed_weights(r));
    put_body(r, head + HEADER);
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, needed - HEADER));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    bt_fpenv_leave(saved);
    return TTT_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static bt_gate get_gate(const uint8_t *p)
{
    return (bt_gate){bt_get_float(p, 0), bt_get_u32(p + 4)};
}

/* The context is the end of what is held, then what passed. */
static bool valid_place(const ttt_recall *r, const uint8_t *p, uint32_t held)
{
    uint32_t count = bt_get_u32(p + 16), passed = bt_get_u32(p + 20), order = r->ring.order;
    float score = bt_get_float(p, 0);
    bool good = score >= 0.0f && score <= 1.0f && bt_get_u32(p + 4) <= 255 &&
                bt_gate_valid(get_gate(p + 8)) && passed <= order &&
                count == (held < order - passed ? held + passed : order);
    for (uint32_t k = 0; k < BT_ORDERS; k++) {
        uint32_t symbol = bt_get_u32(p + 24 + 4 * (size_t)k);
        if (k >= count ? symbol != 0 : r->counts.vocab && symbol >= r->counts.vocab) good = false;
    }
    return good;
}

/* In order, and none as it was at first. */
static bool valid_weights(const ttt_recall *r, const uint8_t *p, uint32_t weights)
{
    bt_gate start[BT_GATES];
    bt_gates_init(start, r->first);
    uint32_t next = 0;
    for (uint32_t i = 0; i < weights; i++, p += WEIGHT) {
        uint32_t number = bt_get_u32(p);
        if (number < next || number >= BT_GATES) return false;
        bt_gate gate = get_gate(p + 4);
        if (!bt_gate_valid(gate) || same_gate(gate, start[number])) return false;
        next = number + 1;
    }
    return true;
}

static uint32_t get_symbol(const uint8_t *p, uint32_t width)
{
    uint32_t symbol = 0;
    for (uint32_t b = 0; b < width; b++) symbol |= (uint32_t)p[b] << (8 * b);
    return symbol;
}

/* Those of the vocabulary; the last are those that `place` says. */
static bool valid_symbols(const ttt_recall *r, const uint8_t *p, uint32_t held,
                          const uint8_t *place)
{
    uint32_t width = symbol_bytes(r->counts.vocab);
    uint32_t count = bt_get_u32(place + 16), passed = bt_get_u32(place + 20);
    for (uint32_t k = passed; k < count; k++) {
        size_t at = held - 1 - (k - passed);
        if (get_symbol(p + held + at * width, width) != bt_get_u32(place + 24 + 4 * (size_t)k))
            return false;
    }
    for (uint32_t i = 0; i < held; i++) {
        if (p[i] > r->ring.order && p[i] != BT_PASSED) return false;
        uint32_t symbol = get_symbol(p + held + (size_t)i * width, width);
        if (r->counts.vocab && symbol >= r->counts.vocab) return false;
    }
    return true;
}

/* Each symbol learned is held, as long as there is room; what passed only with one that was learned. */
static bool valid_learned(const ttt_recall *r, uint64_t learned, uint32_t held)
{
    if (held > r->ring.capacity || (held > 0 && learned == 0)) return false;
    return learned <= held || held == r->ring.capacity;
}

static int check(const ttt_recall *r, const uint8_t *head, size_t size)
{
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_VERSION) > VERSION) return TTT_STATE_VERSION;
    if (bt_get_u32(head + AT_VERSION) < VERSION || bt_get_u64(head + AT_SIZE) != size ||
        bt_get_u32(head + AT_ZERO) != 0 || bt_get_u32(head + AT_ZERO2) != 0 ||
        bt_crc32c(head + HEADER, size - HEADER) != bt_get_u32(head + AT_BODY_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_VOCAB) != r->counts.vocab ||
        bt_get_u32(head + AT_CAPACITY) != r->ring.capacity ||
        bt_get_u32(head + AT_ORDER) != r->ring.order)
        return TTT_STATE_RECALL;
    uint32_t held = bt_get_u32(head + AT_HELD), weights = bt_get_u32(head + AT_WEIGHTS);
    const uint8_t *body = head + HEADER;
    bool valid = valid_learned(r, bt_get_u64(head + AT_LEARNED), held) && weights <= BT_GATES &&
                 size == size_of(r->counts.vocab, weights, held) && valid_place(r, body, held) &&
                 valid_weights(r, body + PLACE, weights) &&
                 valid_symbols(r, body + PLACE + weights * WEIGHT, held, body);
    return valid ? TTT_OK : TTT_STATE_DAMAGED;
}

static void get_place(ttt_recall *r, const uint8_t *p)
{
    r->pace = (bt_pace){bt_get_float(p, 0), bt_get_u32(p + 4)};
    r->fresh = get_gate(p + 8);
    r->ring.latest.count = bt_get_u32(p + 16);
    r->ring.passed = bt_get_u32(p + 20);
    for (uint32_t k = 0; k < BT_ORDERS; k++)
        r->ring.latest.symbols[k] = bt_get_u32(p + 24 + 4 * (size_t)k);
}

static void get_weights(ttt_recall *r, const uint8_t *p, uint32_t weights)
{
    bt_gates_init(r->gates, r->first);
    for (uint32_t i = 0; i < weights; i++, p += WEIGHT) r->gates[bt_get_u32(p)] = get_gate(p + 4);
}

static void get_symbols(ttt_recall *r, const uint8_t *p, uint32_t held)
{
    uint32_t width = symbol_bytes(r->counts.vocab);
    uint32_t beyond = r->ring.capacity - r->ring.order; /* symbols that are searched */
    bt_counts_reset(&r->counts);
    for (uint32_t i = 0; i < held; i++) {
        uint32_t symbol = get_symbol(p + held + (size_t)i * width, width);
        bt_ring_put(&r->ring, i, symbol, p[i]);
        if (p[i] == 0 && held - i <= beyond) bt_counts_add(&r->counts, symbol);
    }
    bt_ring_index(&r->ring);
}

uint64_t bt_recall_saved_symbols(const void *state, size_t size)
{
    return size >= HEADER ? bt_get_u64((const uint8_t *)state + AT_LEARNED) : 0;
}

int ttt_recall_load(ttt_recall *r, const void *buffer, size_t size)
{
    if (!r || !buffer) return TTT_NULL_POINTER;
    const uint8_t *head = buffer, *body = head + HEADER;
    bt_fpenv saved = bt_fpenv_enter(); /* values are compared, NaNs too */
    int status = check(r, head, size);
    uint32_t held = status == TTT_OK ? bt_get_u32(head + AT_HELD) : 0;
    if (status == TTT_OK &&
        (!bt_counts_reserve(&r->counts, held) || !bt_scratch_reserve(&r->scratch, held) ||
         !bt_ring_hold(&r->ring, held)))
        status = TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) {
        uint32_t weights = bt_get_u32(head + AT_WEIGHTS);
        get_symbols(r, body + PLACE + weights * WEIGHT, held);
        get_place(r, body);
        get_weights(r, body + PLACE, weights);
        r->learned = bt_get_u64(head + AT_LEARNED);
        bt_recall_look_anew(r);
    }
    bt_fpenv_leave(saved);
    return status;
}
