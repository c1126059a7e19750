/* session_state.c - forks, saves and loads what a session remembers.
 *
 * Format, version 1, little-endian; 64 bytes of header, then floats:
 *
 *      0  magic "BitLlm\r\n"      8  u32 version       12  u32 zero
 *     16  u64 size of the whole state in bytes         24  u64 fingerprint of the model
 *     32  u64 tokens seen        40  16 zero bytes
 *     56  u32 CRC-32C of the floats                    60  u32 CRC-32C of bytes 0 to 59
 *     64  for each layer: each head's S [h][h] row-major, feature [width], reading [width];
 *         then the final norm of the last token [dim]
 *
 * Its size does not depend on how much was read.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include "../base/bytes.h"
#include "../base/crc32c.h"
#include "../kernels/layout.h"

#include <bit_ttt/base.h>
#include <string.h>

enum { AT_VERSION = 8, AT_SIZE = 16, AT_MODEL = 24, AT_TOKENS = 32, AT_BODY_CRC = 56,
       AT_HEADER_CRC = 60, HEADER = 64 };
#define VERSION 1u

static const uint8_t magic[8] = {'B', 'i', 't', 'L', 'l', 'm', '\r', '\n'};

size_t bt_session_state_size(const bt_session *s)
{
    const bt_model_config *c = &s->model->config;
    size_t floats = c->dim;
    for (size_t i = 0; i < c->layers; i++)
        floats += bt_mixer_width(c, i) * (bt_mixer_head(c, i) + 2);
    return HEADER + floats * sizeof(float);
}

/* Calls visit for every float of the state, in the order of the format. */
static void walk(const bt_session *s, uint8_t *p, void (*visit)(float *value, uint8_t *bytes))
{
    const bt_model_config *c = &s->model->config;
    for (size_t i = 0; i < c->layers; i++) {
        const bt_session_layer *l = &s->layers[i];
        size_t width = bt_mixer_width(c, i), h = bt_mixer_head(c, i);
        size_t floats = bt_tile_count(h) * bt_tile_floats(h);
        for (size_t head = 0; head < width / h; head++)
            for (size_t row = 0; row < h; row++)
                for (size_t col = 0; col < h; col++, p += 4)
                    visit(&l->tiles[head * floats + bt_state_index(h, row, col)], p);
        for (size_t j = 0; j < width; j++, p += 4) visit(&l->q[j], p);
        for (size_t j = 0; j < width; j++, p += 4) visit(&l->r[j], p);
    }
    for (size_t j = 0; j < c->dim; j++, p += 4) visit(&s->last[j], p);
}

static void write_float(float *value, uint8_t *bytes)
{
    bt_put_u32(bytes, bt_float_bits(*value));
}

static void read_float(float *value, uint8_t *bytes)
{
    *value = bt_float_from_bits(bt_get_u32(bytes));
}

int bt_session_save(const bt_session *s, void *buffer, size_t size)
{
    uint8_t *head = buffer;
    size_t needed = bt_session_state_size(s);
    if (size < needed) return TTT_BUFFER_SIZE;
    memset(head, 0, HEADER);
    walk(s, head + HEADER, write_float);
    memcpy(head, magic, sizeof magic);
    bt_put_u32(head + AT_VERSION, VERSION);
    bt_put_u64(head + AT_SIZE, needed);
    bt_put_u64(head + AT_MODEL, s->model->fingerprint);
    bt_put_u64(head + AT_TOKENS, s->tokens);
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, needed - HEADER));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    return TTT_OK;
}

static bool all_finite(const uint8_t *body, size_t size)
{
    for (size_t i = 0; i < size; i += 4)
        if ((bt_get_u32(body + i) & 0x7fffffffu) >= BT_MAX_ABSMAX) return false;
    return true;
}

static int check(const bt_session *s, const uint8_t *head, size_t size)
{
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_VERSION) > VERSION) return TTT_STATE_VERSION;
    if (bt_get_u64(head + AT_SIZE) != size ||
        bt_crc32c(head + HEADER, size - HEADER) != bt_get_u32(head + AT_BODY_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u64(head + AT_MODEL) != s->model->fingerprint) return TTT_STATE_WEIGHTS;
    bool whole = size == bt_session_state_size(s) && all_finite(head + HEADER, size - HEADER);
    return whole ? TTT_OK : TTT_STATE_DAMAGED;
}

int bt_session_load(bt_session *s, const void *buffer, size_t size)
{
    int status = check(s, buffer, size);
    if (status != TTT_OK) return status;
    uint8_t *bytes = (uint8_t *)(uintptr_t)buffer; /* read_float only reads it */
    walk(s, bytes + HEADER, read_float);
    s->tokens = bt_get_u64(bytes + AT_TOKENS);
    return TTT_OK;
}

bt_session *bt_session_fork(const bt_session *from)
{
    bt_session *to = bt_session_create(from->model);
    if (!to) return NULL;
    const bt_model_config *c = &from->model->config;
    for (size_t i = 0; i < c->layers; i++) {
        size_t width = bt_mixer_width(c, i), h = bt_mixer_head(c, i);
        size_t floats = width / h * bt_tile_count(h) * bt_tile_floats(h);
        memcpy(to->layers[i].tiles, from->layers[i].tiles, floats * sizeof(float));
        memcpy(to->layers[i].q, from->layers[i].q, width * sizeof(float));
        memcpy(to->layers[i].r, from->layers[i].r, width * sizeof(float));
    }
    memcpy(to->last, from->last, c->dim * sizeof(float));
    to->tokens = from->tokens;
    return to;
}
