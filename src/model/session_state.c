/* session_state.c - saves and loads what a session remembers.
 *
 * Format, version 1 without and 2 with recall, little-endian; 64 bytes of header, then the body:
 *
 *      0  magic "BitLlm\r\n"      8  u32 version       12  u32 zero
 *     16  u64 size of the whole state in bytes         24  u64 fingerprint of the model
 *     32  u64 tokens read        40  u64 size of the recall's state, or 0
 *     48  8 zero bytes
 *     56  u32 CRC-32C of the body                      60  u32 CRC-32C of bytes 0 to 59
 *     64  the last 64 tokens, u32: token i of the text stands at i mod 64; zero where there is none
 *         for each layer: each head's S [h][h] row-major, feature [width], reading [width], f32
 *         the final norm of the last token [dim], f32
 *         version 2: sharpness, f32; number of biases, 0 or the vocabulary's size, u32; these, f32;
 *         the recall's state (recall/state.c)
 *
 * Without recall its size does not depend on how much was read. Freezing is not part of it.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include "../base/bytes.h"
#include "../base/crc32c.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"
#include "memory.h"

#include <math.h>
#include <string.h>

enum {
    AT_VERSION = 8,
    AT_ZERO = 12,
    AT_SIZE = 16,
    AT_MODEL = 24,
    AT_TOKENS = 32,
    AT_RECALL = 40,
    AT_ZEROS = 48,
    AT_BODY_CRC = 56,
    AT_HEADER_CRC = 60,
    HEADER = 64,
    RECENT = 4 * BT_PENALTY_WINDOW
};
#define VERSION 2u

static const uint8_t magic[8] = {'B', 'i', 't', 'L', 'l', 'm', '\r', '\n'};

/* The floats of the body, in its order: three sections a layer, then the final norm. */
enum { MEMORY, FEATURE, READING, SECTIONS };
typedef struct {
    float *values;
    size_t count, head; /* head: of matrices [head][head] in tiles; 0: the values are plain */
    float limit;        /* no larger value comes of reading (model.h; a feature has length 1) */
} section;

static size_t section_count(const bt_session *s)
{
    return SECTIONS * s->model->params.config.layers + 1;
}

static section section_at(const bt_session *s, size_t i)
{
    const bt_model_config *c = &s->model->params.config;
    size_t layer = i / SECTIONS;
    if (layer == c->layers) return (section){s->last, c->dim, 0, 0x1p18f};
    const bt_session_layer *l = &s->layers[layer];
    size_t width = bt_mixer_width(c, layer), head = bt_mixer_head(c, layer);
    if (i % SECTIONS == FEATURE) return (section){l->q, width, 0, 1.001f};
    if (i % SECTIONS == READING) return (section){l->r, width, 0, BT_MEMORY_LIMIT};
    return (section){l->tiles, width * head, head, BT_MEMORY_LIMIT};
}

/* Value j of a section. */
static float *value_at(const section *x, size_t j)
{
    if (x->head == 0) return x->values + j;
    uint32_t at = (uint32_t)j, h = (uint32_t)x->head, line = at / h; /* cheaper than in 64 bits */
    size_t matrix = line / h, row = line % h, col = at % h;
    return x->values + matrix * bt_tile_count(h) * bt_tile_floats(h) + bt_state_index(h, row, col);
}

/* Bytes of version 1. */
static size_t base_size(const bt_session *s)
{
    size_t floats = 0;
    for (size_t i = 0; i < section_count(s); i++) floats += section_at(s, i).count;
    return HEADER + RECENT + floats * sizeof(float);
}

size_t bitllama_session_state_size(const bt_session *s)
{
    return s ? base_size(s) + bt_session_recall_state_size(s) : 0;
}

static void put_body(const bt_session *s, uint8_t *p)
{
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++, p += 4) bt_put_u32(p, s->recent[i]);
    for (size_t i = 0; i < section_count(s); i++) {
        section x = section_at(s, i);
        for (size_t j = 0; j < x.count; j++) p = bt_put_floats(p, value_at(&x, j), 1);
    }
}

static void get_body(bt_session *s, const uint8_t *p)
{
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++, p += 4) s->recent[i] = bt_get_u32(p);
    for (size_t i = 0; i < section_count(s); i++) {
        section x = section_at(s, i);
        for (size_t j = 0; j < x.count; j++) p = bt_get_floats(p, value_at(&x, j), 1);
    }
}

/* Even with valid checksums: tokens of the vocabulary, and values that reading can give. */
static bool body_valid(const bt_session *s, const uint8_t *p, uint64_t tokens)
{
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++, p += 4)
        if (bt_get_u32(p) >= (i < tokens ? s->model->params.config.vocab : 1)) return false;
    for (size_t i = 0; i < section_count(s); i++) {
        section x = section_at(s, i);
        for (size_t j = 0; j < x.count; j++, p += 4)
            if (!(fabsf(bt_float_from_bits(bt_get_u32(p))) <= x.limit)) return false;
    }
    return true;
}

int bitllama_session_save(const bitllama_session *s, void *buffer, size_t size)
{
    if (!s || !buffer) return TTT_NULL_POINTER;
    uint8_t *head = buffer;
    size_t base = base_size(s), recall = bt_session_recall_state_size(s), needed = base + recall;
    if (size < needed) return TTT_BUFFER_SIZE;
    memset(head, 0, HEADER);
    put_body(s, head + HEADER);
    if (recall > 0) bt_session_recall_save(s, head + base);
    memcpy(head, magic, sizeof magic);
    bt_put_u32(head + AT_VERSION, recall > 0 ? 2 : 1);
    bt_put_u64(head + AT_SIZE, needed);
    bt_put_u64(head + AT_RECALL, recall);
    bt_put_u64(head + AT_MODEL, s->model->fingerprint);
    bt_put_u64(head + AT_TOKENS, s->tokens);
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, needed - HEADER));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    return TTT_OK;
}

static int check(const bt_session *s, const uint8_t *head, size_t size)
{
    static const uint8_t zeros[AT_BODY_CRC - AT_ZEROS];
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_VERSION) > VERSION) return TTT_STATE_VERSION;
    uint64_t recall = bt_get_u64(head + AT_RECALL);
    if (bt_get_u32(head + AT_VERSION) != (recall > 0 ? 2 : 1) || recall > size ||
        bt_get_u64(head + AT_SIZE) != size || bt_get_u32(head + AT_ZERO) != 0 ||
        memcmp(head + AT_ZEROS, zeros, sizeof zeros) != 0 ||
        bt_crc32c(head + HEADER, size - HEADER) != bt_get_u32(head + AT_BODY_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u64(head + AT_MODEL) != s->model->fingerprint) return TTT_STATE_WEIGHTS;
    bool valid =
        size - recall == base_size(s) && body_valid(s, head + HEADER, bt_get_u64(head + AT_TOKENS));
    return valid ? TTT_OK : TTT_STATE_DAMAGED;
}

int bitllama_session_load(bitllama_session *s, const void *buffer, size_t size)
{
    if (!s || !buffer) return TTT_NULL_POINTER;
    const uint8_t *bytes = buffer;
    bt_fpenv saved = bt_fpenv_enter(); /* values are compared, NaNs too */
    int status = check(s, bytes, size);
    if (status == TTT_OK) { /* the only part that can still fail; then nothing has changed */
        size_t recall = (size_t)bt_get_u64(bytes + AT_RECALL);
        status = bt_session_recall_load(s, bytes + size - recall, recall);
    }
    bt_fpenv_leave(saved);
    if (status != TTT_OK) return status;
    get_body(s, bytes + HEADER);
    s->tokens = bt_get_u64(bytes + AT_TOKENS);
    return TTT_OK;
}
