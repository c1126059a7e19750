/* session_state.c - forks, saves and loads what a session remembers.
 *
 * Format, version 1, little-endian; 64 bytes of header, then the body:
 *
 *      0  magic "BitLlm\r\n"      8  u32 version       12  u32 zero
 *     16  u64 size of the whole state in bytes         24  u64 fingerprint of the model
 *     32  u64 tokens read        40  16 zero bytes
 *     56  u32 CRC-32C of the body                      60  u32 CRC-32C of bytes 0 to 59
 *     64  the last 64 tokens, u32: token i of the text stands at i mod 64; zero where there is none
 *         for each layer: each head's S [h][h] row-major, feature [width], reading [width], f32
 *         the final norm of the last token [dim], f32
 *
 * Its size does not depend on how much was read. Freezing is not part of it.
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
    AT_ZEROS = 40,
    AT_BODY_CRC = 56,
    AT_HEADER_CRC = 60,
    HEADER = 64,
    RECENT = 4 * BT_PENALTY_WINDOW
};
#define VERSION 1u

static const uint8_t magic[8] = {'B', 'i', 't', 'L', 'l', 'm', '\r', '\n'};

size_t bitllama_session_state_size(const bitllama_session *s)
{
    if (!s) return 0;
    const bt_model_config *c = &s->model->params.config;
    size_t floats = c->dim;
    for (size_t i = 0; i < c->layers; i++)
        floats += bt_mixer_width(c, i) * (bt_mixer_head(c, i) + 2);
    return HEADER + RECENT + floats * sizeof(float);
}

/* Calls visit for every float of the state, in the order of the format, with the largest value that
 * can come of reading (model.h; a feature has length 1, a norm at most 2^7 2^10). False ends it. */
typedef bool (*visitor)(float *value, uint8_t *bytes, float limit);
static bool walk_layer(const bt_session *s, size_t i, uint8_t **at, visitor visit)
{
    const bt_model_config *c = &s->model->params.config;
    const bt_session_layer *l = &s->layers[i];
    size_t width = bt_mixer_width(c, i), h = bt_mixer_head(c, i);
    size_t floats = bt_memory_floats(c, i) / bt_mixer_heads(c, i);
    uint8_t *p = *at;
    for (size_t head = 0; head < width / h; head++)
        for (size_t row = 0; row < h; row++)
            for (size_t col = 0; col < h; col++, p += 4)
                if (!visit(&l->tiles[head * floats + bt_state_index(h, row, col)], p,
                           BT_MEMORY_LIMIT))
                    return false;
    for (size_t j = 0; j < width; j++, p += 4)
        if (!visit(&l->q[j], p, 1.001f)) return false;
    for (size_t j = 0; j < width; j++, p += 4)
        if (!visit(&l->r[j], p, BT_MEMORY_LIMIT)) return false;
    *at = p;
    return true;
}
static bool walk(const bt_session *s, uint8_t *p, visitor visit)
{
    const bt_model_config *c = &s->model->params.config;
    for (size_t i = 0; i < c->layers; i++)
        if (!walk_layer(s, i, &p, visit)) return false;
    for (size_t j = 0; j < c->dim; j++, p += 4)
        if (!visit(&s->last[j], p, 0x1p18f)) return false;
    return true;
}

static bool write_float(float *value, uint8_t *bytes, float limit)
{
    (void)limit;
    bt_put_u32(bytes, bt_float_bits(*value));
    return true;
}

static bool read_float(float *value, uint8_t *bytes, float limit)
{
    (void)limit;
    *value = bt_float_from_bits(bt_get_u32(bytes));
    return true;
}

static bool check_float(float *value, uint8_t *bytes, float limit)
{
    (void)value;
    return fabsf(bt_float_from_bits(bt_get_u32(bytes))) <= limit;
}

int bitllama_session_save(const bitllama_session *s, void *buffer, size_t size)
{
    if (!s || !buffer) return TTT_NULL_POINTER;
    uint8_t *head = buffer;
    size_t needed = bitllama_session_state_size(s);
    if (size < needed) return TTT_BUFFER_SIZE;
    memset(head, 0, HEADER);
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++) bt_put_u32(head + HEADER + 4 * i, s->recent[i]);
    walk(s, head + HEADER + RECENT, write_float);
    memcpy(head, magic, sizeof magic);
    bt_put_u32(head + AT_VERSION, VERSION);
    bt_put_u64(head + AT_SIZE, needed);
    bt_put_u64(head + AT_MODEL, s->model->fingerprint);
    bt_put_u64(head + AT_TOKENS, s->tokens);
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, needed - HEADER));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    return TTT_OK;
}

static bool recent_is_sound(const bt_session *s, const uint8_t *body, uint64_t tokens)
{
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++)
        if (bt_get_u32(body + 4 * i) >= (i < tokens ? s->model->params.config.vocab : 1))
            return false;
    return true;
}

static int check(const bt_session *s, uint8_t *head, size_t size)
{
    static const uint8_t zeros[AT_BODY_CRC - AT_ZEROS];
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_VERSION) > VERSION) return TTT_STATE_VERSION;
    if (bt_get_u32(head + AT_VERSION) < VERSION)
        return TTT_STATE_DAMAGED; /* there was none before */
    if (bt_get_u64(head + AT_SIZE) != size || bt_get_u32(head + AT_ZERO) != 0 ||
        memcmp(head + AT_ZEROS, zeros, sizeof zeros) != 0 ||
        bt_crc32c(head + HEADER, size - HEADER) != bt_get_u32(head + AT_BODY_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u64(head + AT_MODEL) != s->model->fingerprint) return TTT_STATE_WEIGHTS;
    bool sound = size == bitllama_session_state_size(s) &&
                 recent_is_sound(s, head + HEADER, bt_get_u64(head + AT_TOKENS)) &&
                 walk(s, head + HEADER + RECENT, check_float);
    return sound ? TTT_OK : TTT_STATE_DAMAGED;
}

int bitllama_session_load(bitllama_session *s, const void *buffer, size_t size)
{
    if (!s || !buffer) return TTT_NULL_POINTER;
    uint8_t *bytes = (uint8_t *)(uintptr_t)buffer; /* check and read_float only read it */
    bt_fpenv saved = bt_fpenv_enter();             /* values are compared, NaNs too */
    int status = check(s, bytes, size);
    bt_fpenv_leave(saved);
    if (status != TTT_OK) return status;
    walk(s, bytes + HEADER + RECENT, read_float);
    for (size_t i = 0; i < BT_PENALTY_WINDOW; i++)
        s->recent[i] = bt_get_u32(bytes + HEADER + 4 * i);
    s->tokens = bt_get_u64(bytes + AT_TOKENS);
    return TTT_OK;
}

int bitllama_session_fork(const bitllama_session *from, bitllama_session **session)
{
    if (session) *session = NULL;
    if (!from || !session) return TTT_NULL_POINTER;
    int status = bitllama_session_create(from->model, session);
    if (status != TTT_OK) return status;
    bt_session *to = *session;
    const bt_model_config *c = &from->model->params.config;
    for (size_t i = 0; i < c->layers; i++) {
        size_t row = bt_mixer_width(c, i) * sizeof(float);
        memcpy(to->layers[i].tiles, from->layers[i].tiles, bt_memory_floats(c, i) * sizeof(float));
        memcpy(to->layers[i].q, from->layers[i].q, row);
        memcpy(to->layers[i].r, from->layers[i].r, row);
    }
    memcpy(to->last, from->last, c->dim * sizeof(float));
    memcpy(to->recent, from->recent, sizeof to->recent);
    to->tokens = from->tokens;
    to->frozen = from->frozen;
    return TTT_OK;
}
