/* state.c - saves and loads a layer's memory.
 *
 * Format, version 1, little-endian; 64 bytes of header, then floats:
 *
 *      0  magic "BitTTT\r\n"
 *      8  u32 version             12  u32 size of the whole state in bytes
 *     16  u64 hidden_dim          24  u64 fingerprint of the weights
 *     32  u64 tokens seen         40  u32 objective
 *     44  f32 inner_lr            48  u64 zero
 *     56  u32 CRC-32C of the floats
 *     60  u32 CRC-32C of bytes 0 to 59
 *     64  W [d][d] row-major, feature [d], reading [d]
 *
 * Feature and reading are those of the last token. W is without the update by this token, which is
 * made when the next one is read, as without saving. Later versions keep the meaning of bytes 0 to 11
 * and 60 to 63.
 * SPDX-License-Identifier: MIT */
#include "layer.h"

#include "../base/bytes.h"
#include "../base/crc32c.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"

#include <string.h>

enum {
    AT_VERSION = 8,
    AT_SIZE = 12,
    AT_DIM = 16,
    AT_FINGERPRINT = 24,
    AT_TOKENS = 32,
    AT_OBJECTIVE = 40,
    AT_RATE = 44,
    AT_ZERO = 48,
    AT_BODY_CRC = 56,
    AT_HEADER_CRC = 60,
    HEADER = 64
};
#define VERSION 1u

static const uint8_t magic[8] = {'B', 'i', 't', 'T', 'T', 'T', '\r', '\n'};

static size_t body_size(const bt_layer *layer)
{
    return (layer->small * layer->small + 2 * layer->small) * sizeof(float);
}

size_t ttt_state_size(const void *handle)
{
    return handle ? HEADER + body_size(handle) : 0;
}

int ttt_save_state(const void *handle, void *buffer, size_t size)
{
    const bt_layer *layer = handle;
    if (!layer || !buffer) return TTT_NULL_POINTER;
    if (size < ttt_state_size(layer)) return TTT_BUFFER_SIZE;
    size_t d = layer->small;
    uint8_t *head = buffer, *p = head + HEADER;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            p = bt_put_floats(p, &layer->memory.tiles[bt_state_index(d, i, j)], 1);
    p = bt_put_floats(p, layer->memory.feature, d);
    bt_put_floats(p, layer->memory.reading, d);

    memset(head, 0, HEADER);
    memcpy(head, magic, sizeof magic);
    bt_put_u32(head + AT_VERSION, VERSION);
    bt_put_u32(head + AT_SIZE, (uint32_t)ttt_state_size(layer));
    bt_put_u64(head + AT_DIM, layer->dim);
    bt_put_u64(head + AT_FINGERPRINT, layer->weights->fingerprint);
    bt_put_u64(head + AT_TOKENS, layer->tokens);
    bt_put_u32(head + AT_OBJECTIVE, layer->objective);
    bt_put_u32(head + AT_RATE, bt_float_bits(layer->rate));
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, body_size(layer)));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    return TTT_OK;
}

static int check_header(const bt_layer *layer, const uint8_t *head, size_t size)
{
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_VERSION) != VERSION)
        return bt_get_u32(head + AT_VERSION) > VERSION ? TTT_STATE_VERSION : TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_SIZE) != size || bt_get_u64(head + AT_ZERO) != 0)
        return TTT_STATE_DAMAGED;
    if (bt_get_u64(head + AT_DIM) != layer->dim) return TTT_STATE_DIMENSIONS;
    if (size != ttt_state_size(layer)) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head + HEADER, body_size(layer)) != bt_get_u32(head + AT_BODY_CRC))
        return TTT_STATE_DAMAGED;
    if (bt_get_u32(head + AT_OBJECTIVE) != (uint32_t)layer->objective) return TTT_STATE_OBJECTIVE;
    if (bt_get_u32(head + AT_RATE) != bt_float_bits(layer->rate)) return TTT_STATE_LEARNING_RATE;
    if (bt_get_u64(head + AT_FINGERPRINT) != layer->weights->fingerprint) return TTT_STATE_WEIGHTS;
    return TTT_OK;
}

/* Bits of the largest magnitude in the body; infinities and NaNs are larger than all numbers. */
static uint32_t body_absmax(const uint8_t *body, size_t size)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < size; i += 4) {
        uint32_t bits = bt_get_u32(body + i) & 0x7fffffffu;
        if (bits > largest) largest = bits;
    }
    return largest;
}

int ttt_load_state(void *handle, const void *buffer, size_t size)
{
    bt_layer *layer = handle;
    if (!layer || !buffer) return TTT_NULL_POINTER;
    const uint8_t *head = buffer, *p = head + HEADER;
    int status = check_header(layer, head, size);
    if (status != TTT_OK) return status;
    uint32_t largest = body_absmax(p, body_size(layer));
    if (largest >= BT_ABSMAX_NON_FINITE) return TTT_STATE_DAMAGED;
    /* No stable layer reaches this: the state is forged and may overflow, so calls need a trial run. */
    if (largest > bt_float_bits(0x1p20f) && !bt_layer_need_backup(layer)) return TTT_OUT_OF_MEMORY;

    size_t d = layer->small;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            p = bt_get_floats(p, &layer->memory.tiles[bt_state_index(d, i, j)], 1);
    p = bt_get_floats(p, layer->memory.feature, d);
    bt_get_floats(p, layer->memory.reading, d);
    layer->tokens = bt_get_u64(head + AT_TOKENS);
    return TTT_OK;
}

/* Makes the pending update in the copy, with the arithmetic of the kernels' memory pass. The one of
 * predict cannot be made yet: it needs the feature of the next token. */
int ttt_get_memory(const void *handle, float *w)
{
    const bt_layer *layer = handle;
    if (!layer || !w) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    size_t d = layer->small;
    const bt_memory_state *m = &layer->memory;
    bool pending = layer->objective == TTT_RECONSTRUCT;
    for (size_t i = 0; i < d; i++) {
        float gain = pending ? layer->rate * (m->reading[i] - m->feature[i]) : 0.0f;
        for (size_t j = 0; j < d; j++)
            w[i * d + j] = m->tiles[bt_state_index(d, i, j)] - gain * m->feature[j];
    }
    bt_fpenv_leave(saved);
    return TTT_OK;
}
