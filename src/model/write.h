/* write.h - writes model files: safetensors, alone or as the body of a `.bitt` file (described in
 * read.c).
 * SPDX-License-Identifier: MIT */
#ifndef BT_WRITE_H
#define BT_WRITE_H

#include "../io/safetensors.h"

#define BT_BITT_MAGIC "BITT"
#define BT_BITT_START 12u /* magic, and u64 length of the JSON header that follows */

/* The last key of the header: CRC-32C of the whole file in eight hexadecimal digits, computed with
 * BT_BITT_NO_SUM in their place. */
#define BT_KEY_SUM "crc32c"
#define BT_BITT_NO_SUM "00000000"
enum { BT_BITT_SUM_DIGITS = 8 };

/* The configuration's and tokenizer's keys, also in the metadata of safetensors files. */
#define BT_KEY_CONFIG "config"
#define BT_KEY_TOKENIZER "tokenizer"

/* The scales of the compact tensor NAME are the tensor NAME_scale. */
#define BT_SCALE_SUFFIX "_scale"

/* The checksum of a file; at: the offset of its digits, whatever they are. */
uint32_t bt_bitt_sum(const uint8_t *file, size_t size, size_t at);

/* The JSON header of a .bitt file: the texts are JSON objects, the tokenizer's may be empty. */
typedef struct bt_bitt_header {
    bt_text config, tokenizer;
    bool summed;
} bt_bitt_header;

/* The contents of a file. */
typedef struct bt_model_file {
    const bt_bitt_header *header; /* NULL: a safetensors file alone */
    const bt_tensor *tensors;
    const bt_metadata *metadata;
    size_t count, entries;
    bool listed; /* in this order, by bt_safetensors_write_listed; otherwise sorted */
} bt_model_file;

/* Writes the file with zeros for its checksum; *size and buffer as with bitllama_pack. TTT_OK,
 * TTT_BUFFER_SIZE, TTT_OUT_OF_MEMORY, or TTT_INVALID_DATA for metadata that cannot be written; on
 * failure nothing was written. */
int bt_model_file_write(const bt_model_file *file, uint8_t *buffer, size_t capacity, size_t *size);
/* Puts the checksum of the finished file into its header, if it is to have one. */
void bt_model_file_seal(const bt_model_file *file, uint8_t *bytes, size_t size);

#endif
