/* pieces.c - reads the tokens of a tokenizer.json (pieces.h).
 *
 * A byte-level BPE writes each byte as a character: those that are printable in Latin-1 as
 * themselves, the others as U+0100 and following, in order (Radford et al. 2019, GPT-2). Of the file
 * are needed: model.vocab, from tokens to ids; added_tokens, whose content is plain text; and the
 * types of model, pre_tokenizer and decoder, which say that it is such a tokenizer.
 * SPDX-License-Identifier: MIT */
#include "pieces.h"

#include "../base/alloc.h"
#include "../base/utf8.h"
#include "../io/json.h"
#include "../io/order.h"
#include "letters.h"

#include <string.h>

/* What is being read. */
typedef struct {
    bt_json json;
    bt_pieces *pieces;
    size_t vocab;
    uint8_t *room; /* for the bytes; as long as the file, which has them all */
    bool byte_level, wrong;
} reader;

/* ---- bytes ----------------------------------------------------------------------------------- */

/* The byte that a character stands for, or -1. */
static int byte_of(uint32_t c)
{
    if ((c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xff && c != 0xad)) return (int)c;
    if (c < 0x100) return -1;
    uint32_t rank = c - 0x100; /* among the bytes 0 to 0x20, 0x7f to 0xa0, and 0xad */
    return rank <= 0x20 ? (int)rank : rank <= 0x42 ? (int)(rank + 0x5e) : rank == 0x43 ? 0xad : -1;
}

/* Replaces characters by their bytes, in place; returns their number, 0 if one stands for none. */
static size_t to_bytes(uint8_t *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0, n; i < length; i += n) {
        n = bt_utf8_length((const char *)text + i, length - i);
        int byte = n > 0 ? byte_of(bt_utf8_character((const char *)text + i, n)) : -1;
        if (byte < 0) return 0;
        text[count++] = (uint8_t)byte;
    }
    return count;
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool begins_word(const uint8_t *bytes, size_t length)
{
    return length > 0 && (bt_word_end(bytes, 0, length) > 0 || (bytes[0] & 0xc0u) == 0x80);
}

static void put_piece(reader *r, uint64_t id, size_t length)
{
    bool space = length > 1 && r->room[0] == ' ';
    if (id < r->vocab)
        r->pieces->of[id] = (bt_piece){.bytes = r->room,
                                       .length = (uint32_t)length,
                                       .letters = begins_word(r->room, length),
                                       .spaced = space && begins_word(r->room + 1, length - 1)};
    r->room += length;
}

/* {"token": id, ...}; the opening brace has been read. */
static void read_vocab(reader *r)
{
    bt_json_token key, id;
    uint64_t number;
    while (bt_json_next(&r->json, &key) == BT_JSON_KEY) {
        bt_json_next(&r->json, &id);
        size_t length = bt_json_length(&key);
        if (bt_json_integer(&id, UINT32_MAX, &number) != 0) r->wrong = true;
        if (r->wrong) return;
        bt_json_copy(&key, (char *)r->room, length);
        put_piece(r, number, to_bytes(r->room, length));
    }
}

static void skip_value(reader *r)
{
    bt_json_token token;
    bt_json_next(&r->json, &token);
    bt_json_skip(&r->json, &token);
}

/* One added token; a special one is no text. The opening brace has been read. */
static void read_added_token(reader *r)
{
    bt_json_token key, value, content = {0};
    uint64_t id = UINT64_MAX;
    bool special = false;
    while (bt_json_next(&r->json, &key) == BT_JSON_KEY) {
        bt_json_next(&r->json, &value);
        if (bt_json_equals(&key, "id") && bt_json_integer(&value, UINT32_MAX, &id) != 0)
            r->wrong = true;
        if (bt_json_equals(&key, "special")) special = value.kind == BT_JSON_TRUE;
        if (bt_json_equals(&key, "content")) content = value;
        bt_json_skip(&r->json, &value);
    }
    if (content.kind != BT_JSON_STRING) r->wrong = true;
    if (r->wrong) return;
    size_t length = special ? 0 : bt_json_length(&content);
    bt_json_copy(&content, (char *)r->room, length);
    put_piece(r, id, length);
}

static void read_added(reader *r)
{
    bt_json_token token;
    if (bt_json_next(&r->json, &token) != BT_JSON_ARRAY) return; /* null: none */
    while (!r->wrong && bt_json_next(&r->json, &token) == BT_JSON_OBJECT) read_added_token(r);
    if (token.kind != BT_JSON_ARRAY_END) r->wrong = true;
}

/* Whether a value has "type": "ByteLevel", at any depth (a step may stand in a Sequence). */
static void find_byte_level(reader *r)
{
    bt_json_token token;
    uint32_t outside = r->json.depth;
    bt_json_kind kind = bt_json_next(&r->json, &token);
    while (r->json.depth > outside && kind != BT_JSON_ERROR) {
        bool type = kind == BT_JSON_KEY && bt_json_equals(&token, "type");
        kind = bt_json_next(&r->json, &token);
        if (type && kind == BT_JSON_STRING && bt_json_equals(&token, "ByteLevel"))
            r->byte_level = true;
    }
}

static void read_model(reader *r)
{
    bt_json_token token;
    bool has_vocab = false;
    if (bt_json_next(&r->json, &token) != BT_JSON_OBJECT) r->wrong = true;
    while (!r->wrong && bt_json_next(&r->json, &token) == BT_JSON_KEY) {
        bool vocab = bt_json_equals(&token, "vocab"), type = bt_json_equals(&token, "type");
        bt_json_next(&r->json, &token);
        if (type && !(token.kind == BT_JSON_STRING && bt_json_equals(&token, "BPE")))
            r->wrong = true;
        if (vocab && token.kind == BT_JSON_OBJECT) {
            read_vocab(r);
            has_vocab = true;
        } else {
            bt_json_skip(&r->json, &token);
        }
    }
    if (!has_vocab) r->wrong = true;
}

/* Added tokens may stand before the vocabulary, and count for more: they are read in a second pass. */
static void read_file(reader *r, const char *text, size_t size, bool added)
{
    bt_json_token token;
    bool has_model = false;
    bt_json_init(&r->json, text, size, BT_JSON_LARGEST_DEPTH);
    if (bt_json_next(&r->json, &token) != BT_JSON_OBJECT) r->wrong = true;
    while (!r->wrong && bt_json_next(&r->json, &token) == BT_JSON_KEY) {
        bool typed = bt_json_equals(&token, "pre_tokenizer") || bt_json_equals(&token, "decoder");
        if (added && bt_json_equals(&token, "added_tokens")) {
            read_added(r);
        } else if (!added && bt_json_equals(&token, "model")) {
            read_model(r);
            has_model = true;
        } else if (!added && typed) {
            find_byte_level(r);
        } else {
            skip_value(r);
        }
    }
    if (token.kind != BT_JSON_OBJECT_END || (!added && !has_model)) r->wrong = true;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare_pieces(const void *context, uint32_t a, uint32_t b)
{
    const bt_piece *of = context;
    return bt_compare_text((const char *)of[a].bytes, of[a].length, (const char *)of[b].bytes,
                           of[b].length);
}

static bool order_pieces(bt_pieces *p, size_t vocab)
{
    bt_rank *ranks = bt_alloc(2 * vocab, sizeof *ranks);
    if (!ranks) return false;
    for (uint32_t id = 0; id < vocab; id++)
        if (p->of[id].length > 0)
            ranks[p->count++] =
                (bt_rank){bt_text_start((const char *)p->of[id].bytes, p->of[id].length), id};
    bt_order(ranks, ranks + vocab, p->count, compare_pieces, p->of);
    for (uint32_t i = 0; i < p->count; i++) p->ordered[i] = ranks[i].index;
    bt_free(ranks);
    return true;
}

/* The first place whose piece is not below text; with `after`, that begins with no such text. */
static uint32_t first_place(const bt_pieces *p, const uint8_t *text, size_t length, bool after)
{
    uint32_t low = 0, high = p->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const bt_piece *piece = &p->of[p->ordered[middle]];
        size_t most = after && piece->length > length ? length : piece->length;
        int order = bt_compare_text((const char *)piece->bytes, most, (const char *)text, length);
        if (order < 0 || (after && order == 0)) low = middle + 1;
        else high = middle;
    }
    return low;
}

void bt_pieces_range(const bt_pieces *p, const uint8_t *text, size_t length, uint32_t *begin,
                     uint32_t *end)
{
    *begin = first_place(p, text, length, false);
    *end = first_place(p, text, length, true);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int read_pieces(const bt_model *m, bt_pieces *p)
{
    size_t vocab = m->params.config.vocab;
    if (!m->tokenizer) return TTT_INVALID_DATA;
    p->of = bt_region_alloc(&p->blocks, vocab, sizeof *p->of);
    p->ordered = bt_region_alloc(&p->blocks, vocab, sizeof *p->ordered);
    uint8_t *room = bt_region_alloc(&p->blocks, m->tokenizer_length, 2);
    if (p->blocks.failed) return TTT_OUT_OF_MEMORY;
    reader r = {.pieces = p, .vocab = vocab, .room = room};
    read_file(&r, m->tokenizer, m->tokenizer_length, false);
    if (!r.wrong) read_file(&r, m->tokenizer, m->tokenizer_length, true);
    if (r.wrong || !r.byte_level) return TTT_INVALID_DATA;
    return order_pieces(p, vocab) ? TTT_OK : TTT_OUT_OF_MEMORY;
}

int bt_pieces_of(bt_model *m, const bt_pieces **pieces)
{
    *pieces = __atomic_load_n(&m->pieces, __ATOMIC_ACQUIRE);
    if (*pieces) return TTT_OK;
    bt_pieces *made = bt_alloc(1, sizeof *made), *other = NULL;
    int status = made ? read_pieces(m, made) : TTT_OUT_OF_MEMORY;
    if (status != TTT_OK) {
        bt_pieces_free(made);
        return status;
    }
    *pieces = made;
    if (!__atomic_compare_exchange_n(&m->pieces, &other, made, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        bt_pieces_free(made); /* another thread was first */
        *pieces = other;
    }
    return TTT_OK;
}

void bt_pieces_free(bt_pieces *p)
{
    if (!p) return;
    bt_region_free(&p->blocks);
    bt_free(p);
}

size_t bt_pieces_bytes(const bt_pieces *p)
{
    return p ? bt_block_bytes(p) + p->blocks.bytes : 0;
}
