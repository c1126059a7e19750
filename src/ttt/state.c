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
 * made when the next one is read, as without saving. Version 2, of layers with rule rls, differs in
 *
 *     44  u32 rule, 1            48  f32 forgetting             52  f32 ridge
 *     64  ridge P = U D U^T: of U the entries above the diagonal, column after column, D [d];
 *         for predict W [d][d] row-major, reading [d], gain [d]
 *
 * Here P has learnt the last token. Later versions keep the meaning of bytes 0 to 11 and 60 to 63.
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
    AT_RULE = 44, /* these three in version 2 */
    AT_FORGETTING = 48,
    AT_RIDGE = 52,
    AT_BODY_CRC = 56,
    AT_HEADER_CRC = 60,
    HEADER = 64
};
enum { VERSION_GRADIENT = 1, VERSION_RLS = 2 };

static const uint8_t magic[8] = {'B', 'i', 't', 'T', 'T', 'T', '\r', '\n'};

static size_t body_floats(size_t d, bool rls, bool predict)
{
    size_t w = d * d + 2 * d; /* with reading and gain, or feature and reading */
    if (!rls) return w;
    return d * (d + 1) / 2 + (predict ? w : 0);
}

static bool has_rls(const bt_layer *layer)
{
    return layer->rule == TTT_RLS;
}

static size_t body_size(const bt_layer *layer)
{
    bool predict = layer->objective == TTT_PREDICT;
    return body_floats(layer->small, has_rls(layer), predict) * sizeof(float);
}

size_t ttt_state_size(const void *handle)
{
    return handle ? HEADER + body_size(handle) : 0;
}

static uint8_t *put_matrix(const bt_layer *layer, uint8_t *p)
{
    size_t d = layer->small;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            p = bt_put_floats(p, &layer->memory.tiles[bt_state_index(d, i, j)], 1);
    return p;
}

static const uint8_t *get_matrix(bt_layer *layer, const uint8_t *p)
{
    size_t d = layer->small;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            p = bt_get_floats(p, &layer->memory.tiles[bt_state_index(d, i, j)], 1);
    return p;
}

static void put_body(const bt_layer *layer, uint8_t *p)
{
    const bt_memory_state *m = &layer->memory;
    size_t d = layer->small;
    if (has_rls(layer)) p = bt_rls_put(layer, p);
    if (!m->tiles) return;
    p = put_matrix(layer, p);
    if (!has_rls(layer)) p = bt_put_floats(p, m->feature, d);
    p = bt_put_floats(p, m->reading, d);
    if (has_rls(layer)) bt_put_floats(p, m->gain, d);
}

static void get_body(bt_layer *layer, const uint8_t *p)
{
    bt_memory_state *m = &layer->memory;
    size_t d = layer->small;
    if (has_rls(layer)) p = bt_rls_get(layer, p);
    if (!m->tiles) return;
    p = get_matrix(layer, p);
    if (!has_rls(layer)) p = bt_get_floats(p, m->feature, d);
    p = bt_get_floats(p, m->reading, d);
    if (has_rls(layer)) bt_get_floats(p, m->gain, d);
}

static void put_settings(const bt_layer *layer, uint8_t *head)
{
    bt_put_u32(head + AT_VERSION, has_rls(layer) ? VERSION_RLS : VERSION_GRADIENT);
    bt_put_u32(head + AT_OBJECTIVE, layer->objective);
    if (!has_rls(layer)) {
        bt_put_u32(head + AT_RATE, bt_float_bits(layer->rate));
        return;
    }
    bt_put_u32(head + AT_RULE, layer->rule);
    bt_put_u32(head + AT_FORGETTING, bt_float_bits(layer->forgetting));
    bt_put_u32(head + AT_RIDGE, bt_float_bits(layer->ridge));
}

int ttt_save_state(const void *handle, void *buffer, size_t size)
{
    const bt_layer *layer = handle;
    if (!layer || !buffer) return TTT_NULL_POINTER;
    if (size < ttt_state_size(layer)) return TTT_BUFFER_SIZE;
    uint8_t *head = buffer;
    put_body(layer, head + HEADER);
    memset(head, 0, HEADER);
    memcpy(head, magic, sizeof magic);
    put_settings(layer, head);
    bt_put_u32(head + AT_SIZE, (uint32_t)ttt_state_size(layer));
    bt_put_u64(head + AT_DIM, layer->dim);
    bt_put_u64(head + AT_FINGERPRINT, layer->weights->fingerprint);
    bt_put_u64(head + AT_TOKENS, layer->tokens);
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, body_size(layer)));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    return TTT_OK;
}

/* What the header says about the rule against the layer's, once all bytes are known to be right. */
static int check_settings(const bt_layer *layer, const uint8_t *head)
{
    bool rls = bt_get_u32(head + AT_VERSION) == VERSION_RLS;
    if (rls != has_rls(layer)) return TTT_STATE_RULE;
    if (bt_get_u32(head + AT_OBJECTIVE) != (uint32_t)layer->objective) return TTT_STATE_OBJECTIVE;
    if (rls) {
        bool same = bt_get_u32(head + AT_FORGETTING) == bt_float_bits(layer->forgetting) &&
                    bt_get_u32(head + AT_RIDGE) == bt_float_bits(layer->ridge);
        return same ? TTT_OK : TTT_STATE_RULE;
    }
    bool same = bt_get_u32(head + AT_RATE) == bt_float_bits(layer->rate);
    return same ? TTT_OK : TTT_STATE_LEARNING_RATE;
}

static int check_header(const bt_layer *layer, const uint8_t *head, size_t size)
{
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return TTT_STATE_DAMAGED;
    uint32_t version = bt_get_u32(head + AT_VERSION);
    bool rls = version == VERSION_RLS;
    if (version > VERSION_RLS) return TTT_STATE_VERSION;
    if (version == 0 || bt_get_u32(head + AT_SIZE) != size) return TTT_STATE_DAMAGED;
    if (rls ? bt_get_u32(head + AT_RULE) != TTT_RLS : bt_get_u64(head + AT_ZERO) != 0)
        return TTT_STATE_DAMAGED;
    if (bt_get_u64(head + AT_DIM) != layer->dim) return TTT_STATE_DIMENSIONS;
    bool predict = bt_get_u32(head + AT_OBJECTIVE) == TTT_PREDICT;
    size_t body = body_floats(layer->small, rls, predict) * sizeof(float);
    if (size != HEADER + body) return TTT_STATE_DAMAGED;
    if (bt_crc32c(head + HEADER, body) != bt_get_u32(head + AT_BODY_CRC)) return TTT_STATE_DAMAGED;
    int status = check_settings(layer, head);
    if (status != TTT_OK) return status;
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

/* Refuses values that a layer with rls never has, since its calls rely on their bounds (rls.c). */
static bool valid_rls(const bt_layer *layer, const uint8_t *body)
{
    size_t d = layer->small, gains = body_size(layer) - d * sizeof(float);
    if (!bt_rls_valid(layer, body)) return false;
    if (!layer->memory.tiles) return true;
    const uint8_t *w = body + d * (d + 1) / 2 * sizeof(float);
    size_t readings = d * d * sizeof(float), row = d * sizeof(float);
    return body_absmax(w, readings) <= bt_float_bits(0x1p48f) &&
           body_absmax(w + readings, row) <= bt_float_bits(BT_READING_LIMIT) &&
           body_absmax(body + gains, row) <= bt_float_bits(0x1p17f);
}

int ttt_load_state(void *handle, const void *buffer, size_t size)
{
    bt_layer *layer = handle;
    if (!layer || !buffer) return TTT_NULL_POINTER;
    const uint8_t *head = buffer, *body = head + HEADER;
    int status = check_header(layer, head, size);
    if (status != TTT_OK) return status;
    uint32_t largest = body_absmax(body, body_size(layer));
    if (largest >= BT_ABSMAX_NON_FINITE) return TTT_STATE_DAMAGED;
    if (has_rls(layer) && !valid_rls(layer, body)) return TTT_STATE_DAMAGED;
    /* No stable layer reaches this: the state is forged and may overflow, so calls need a trial run. */
    bool forged = !has_rls(layer) && largest > bt_float_bits(0x1p20f);
    if (forged && !bt_layer_need_backup(layer)) return TTT_OUT_OF_MEMORY;
    get_body(layer, body);
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
    if (!m->tiles) {
        bt_rls_memory(layer, w);
        bt_fpenv_leave(saved);
        return TTT_OK;
    }
    for (size_t i = 0; i < d; i++) {
        float gain = pending ? layer->rate * (m->reading[i] - m->feature[i]) : 0.0f;
        for (size_t j = 0; j < d; j++)
            w[i * d + j] = m->tiles[bt_state_index(d, i, j)] - gain * m->feature[j];
    }
    bt_fpenv_leave(saved);
    return TTT_OK;
}
