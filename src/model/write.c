/* write.c - the container of model files, and its checksum.
 * SPDX-License-Identifier: MIT */
#include "write.h"

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../base/crc32c.h"

#include <bit_ttt/base.h>

uint32_t bt_bitt_sum(const uint8_t *file, size_t size, size_t at)
{
    size_t after = at + BT_BITT_SUM_DIGITS;
    uint32_t crc = bt_crc32c(file, at);
    crc = bt_crc32c_more(crc, BT_BITT_NO_SUM, BT_BITT_SUM_DIGITS);
    return bt_crc32c_more(crc, file + after, size - after);
}

/* Writes everything before the body, padded with spaces to a multiple of 8 bytes, and returns its
 * length; a NULL out only counts. *digits is the offset of the checksum's digits. */
static size_t put_header(const bt_bitt_header *h, uint8_t *out, size_t *digits)
{
    const bt_text parts[] = {
        bt_text_of("{\"" BT_KEY_CONFIG "\":"), h->config,
        bt_text_of(h->tokenizer.length ? ",\"" BT_KEY_TOKENIZER "\":" : ""), h->tokenizer,
        bt_text_of(h->summed ? ",\"" BT_KEY_SUM "\":\"" BT_BITT_NO_SUM "\"}" : "}")};
    size_t at = BT_BITT_START;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (out && parts[i].length) memcpy(out + at, parts[i].bytes, parts[i].length);
        at += parts[i].length;
    }
    *digits = at - BT_BITT_SUM_DIGITS - 2; /* a quote and a brace follow */
    for (; at % 8 != 0; at++)
        if (out) out[at] = ' ';
    if (out) {
        memcpy(out, BT_BITT_MAGIC, 4);
        bt_put_u64(out + 4, at - BT_BITT_START);
    }
    return at;
}

/* The safetensors part. What does not fit into sizes does not fit into memory. */
static int put_body(const bt_model_file *f, uint8_t *out, size_t capacity, size_t *size)
{
    int code = f->listed ? bt_safetensors_write_listed(f->tensors, f->count, f->metadata,
                                                       f->entries, out, capacity, size)
                         : bt_safetensors_write(f->tensors, f->count, f->metadata, f->entries, out,
                                                capacity, size, NULL);
    bool large =
        code == BT_IO_OUT_OF_MEMORY || code == BT_ST_SHAPE_OVERFLOW || code == BT_ST_RANGE_SIZE;
    return code == BT_IO_OK ? TTT_OK : large ? TTT_OUT_OF_MEMORY : TTT_INVALID_DATA;
}

int bt_model_file_write(const bt_model_file *file, uint8_t *buffer, size_t capacity, size_t *size)
{
    size_t digits, body = 0, whole = 0;
    size_t start = file->header ? put_header(file->header, NULL, &digits) : 0;
    int status = put_body(file, NULL, 0, &body);
    if (status == TTT_OK && !bt_add_size(start, body, &whole)) status = TTT_OUT_OF_MEMORY;
    if (status == TTT_OK && buffer && whole > capacity) status = TTT_BUFFER_SIZE;
    if (status == TTT_OK && buffer) {
        status = put_body(file, buffer + start, body, &body);
        if (status == TTT_OK && file->header) put_header(file->header, buffer, &digits);
    }
    if (status == TTT_OK || status == TTT_BUFFER_SIZE) *size = whole;
    return status;
}

void bt_model_file_seal(const bt_model_file *file, uint8_t *bytes, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t at;
    if (!file->header || !file->header->summed) return;
    put_header(file->header, NULL, &at);
    uint32_t sum = bt_bitt_sum(bytes, size, at);
    for (size_t i = 0; i < BT_BITT_SUM_DIGITS; i++)
        bytes[at + i] = (uint8_t)hex[sum >> (28 - 4 * i) & 15];
}
