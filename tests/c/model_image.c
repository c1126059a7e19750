/* model_image.c - model files made in memory, for the tests that read them.
 * SPDX-License-Identifier: MIT */
#include "model_image.h"

#include "check.h"
#include "support.h"

#include "model/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void make_coarse(weights *w)
{
    for (size_t i = 0; i < w->params.floats; i++) {
        float v = float_of(bits_of(w->values[i]) & 0xffff0000u);
        w->values[i] = fabsf(v) < 0x1p-14f ? 0.0f : v;
    }
}

/* Of a coarse value. */
static uint16_t half_of(float v)
{
    uint32_t bits = bits_of(v);
    if (v == 0.0f) return (uint16_t)(bits >> 16);
    return (uint16_t)((bits >> 16 & 0x8000u) | ((bits >> 23 & 0xffu) - 112) << 10 |
                      (bits >> 13 & 0x3ffu));
}

static uint8_t *encode(const float *values, size_t n, bt_dtype dtype)
{
    size_t each = bt_dtype_bits(dtype) / 8;
    uint8_t *out = must_alloc(n * each);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(values[i]);
        if (dtype == BT_DTYPE_BF16) bits >>= 16;
        else if (dtype == BT_DTYPE_F16) bits = half_of(values[i]);
        for (size_t k = 0; k < each; k++) out[i * each + k] = (uint8_t)(bits >> 8 * k);
    }
    return out;
}

image safetensors_of(const weights *w, bt_dtype dtype, const char *config, const char *tokenizer,
                     const bt_tensor *extra, const char *without)
{
    const bt_params *p = &w->params;
    bt_tensor *tensors = must_zero((p->tensor_count + 1) * sizeof *tensors);
    char (*names)[BT_NAME_SIZE] = must_alloc(p->tensor_count * sizeof *names);
    size_t count = 0, entries = 0;
    for (size_t i = 0; i < p->tensor_count; i++) {
        const bt_param *x = &p->tensors[i];
        bt_param_name(x, names[i]);
        if (without && strcmp(names[i], without) == 0) continue;
        size_t n = x->rows * x->cols;
        tensors[count++] = (bt_tensor){.name = names[i],
                                       .name_length = strlen(names[i]),
                                       .data = encode(w->values + x->offset, n, dtype),
                                       .size = n * bt_dtype_bits(dtype) / 8,
                                       .dtype = (uint8_t)dtype,
                                       .rank = x->rows == 1 ? 1 : 2,
                                       .shape = {x->rows == 1 ? x->cols : x->rows, x->cols}};
    }
    size_t own = count;
    if (extra) tensors[count++] = *extra;
    bt_metadata metadata[2];
    if (config) metadata[entries++] = (bt_metadata){bt_text_of("config"), bt_text_of(config)};
    if (tokenizer)
        metadata[entries++] = (bt_metadata){bt_text_of("tokenizer"), bt_text_of(tokenizer)};
    image im = {0};
    REQUIRE(bt_safetensors_write(tensors, count, metadata, entries, NULL, 0, &im.size, NULL) == 0);
    im.bytes = must_alloc(im.size);
    REQUIRE(bt_safetensors_write(tensors, count, metadata, entries, im.bytes, im.size, &im.size,
                                 NULL) == 0);
    for (size_t i = 0; i < own; i++) free((void *)(uintptr_t)tensors[i].data);
    free(tensors);
    free(names);
    return im;
}

image bitt_of(const char *header, const image *body)
{
    size_t length = strlen(header);
    image im = {.size = 12 + length + body->size};
    im.bytes = must_zero(im.size);
    memcpy(im.bytes, "BITT", 4);
    for (size_t i = 0; i < 8; i++) im.bytes[4 + i] = (uint8_t)((uint64_t)length >> 8 * i);
    memcpy(im.bytes + 12, header, length);
    memcpy(im.bytes + 12 + length, body->bytes, body->size);
    return im;
}

image pack_of(const bitllama_model *model)
{
    image im = {0};
    REQUIRE(bitllama_pack(model, NULL, 0, NULL, 0, &im.size) == TTT_OK);
    im.bytes = must_alloc(im.size);
    size_t size = 0;
    CHECK_EQ(bitllama_pack(model, NULL, 0, im.bytes, im.size, &size), TTT_OK);
    CHECK_EQ(size, im.size);
    return im;
}

bitllama_rewriting rewriting_of(const bitllama_shard *file, bitllama_format format)
{
    static const bitllama_metadata writer = {"writer", "te\"st"};
    return (bitllama_rewriting){.size = sizeof(bitllama_rewriting),
                                .format = format,
                                .files = {.list = file, .count = 1},
                                .metadata = &writer,
                                .entries = 1};
}

image rewritten(const bitllama_rewriting *r)
{
    image im = {0};
    ttt_error error = {0};
    size_t size = 0;
    int status = bitllama_rewrite(r, NULL, 0, &im.size, &error);
    if (status != TTT_OK) check_note("%s", error.text);
    REQUIRE(status == TTT_OK);
    im.bytes = must_zero(im.size);
    REQUIRE(bitllama_rewrite(r, im.bytes, im.size, &size, &error) == TTT_OK);
    CHECK_EQ(size, im.size);
    return im;
}

bt_safetensors *table_of(const image *im)
{
    size_t at = 0;
    if (memcmp(im->bytes, "BITT", 4) == 0)
        at = 12u + im->bytes[4] + 256u * im->bytes[5] + 65536u * im->bytes[6];
    bt_safetensors *table = NULL;
    REQUIRE(bt_safetensors_open(im->bytes + at, im->size - at, &table, NULL) == 0);
    return table;
}

uint8_t *tensor_data(const image *compact, const char *name, size_t *size)
{
    bt_safetensors *table = table_of(compact);
    const bt_tensor *t = bt_safetensors_find(table, bt_text_of(name));
    uint8_t *data = t ? (uint8_t *)(uintptr_t)t->data : NULL;
    if (t && size) *size = t->size;
    bt_safetensors_close(table);
    REQUIRE(data != NULL);
    return data;
}

const char *config_text(const bt_model_config *c)
{
    static char text[BT_CONFIG_TEXT];
    text[bt_config_write(c, text)] = 0;
    return text;
}

void seal_compact(image *compact)
{
    static const char key[] = "\"" BT_KEY_SUM "\":\"";
    const uint8_t *bytes = compact->bytes;
    for (size_t at = BT_BITT_START; at + sizeof key + 8 < compact->size; at++)
        if (memcmp(bytes + at, key, sizeof key - 1) == 0) {
            char digits[9];
            at += sizeof key - 1;
            snprintf(digits, sizeof digits, "%08x",
                     (unsigned)bt_bitt_sum(bytes, compact->size, at));
            memcpy(compact->bytes + at, digits, 8);
            return;
        }
}
