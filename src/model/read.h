/* read.h - the format of `.bitt` files, for reading and writing.
 * SPDX-License-Identifier: MIT */
#ifndef BT_READ_H
#define BT_READ_H

#include "model.h"

#define BT_BITT_MAGIC "BITT"
#define BT_BITT_START 12u /* magic, and u64 length of the JSON header that follows */

/* The last key of the header: CRC-32C of the whole file in eight hexadecimal digits, computed with
 * BT_BITT_NO_SUM in their place. */
#define BT_KEY_SUM "crc32c"
#define BT_BITT_NO_SUM "00000000"
enum { BT_BITT_SUM_DIGITS = 8 };

/* The checksum of a file whose digits, of any value, are at `at`. */
uint32_t bt_bitt_sum(const uint8_t *file, size_t size, size_t at);

/* The configuration's and tokenizer's keys in the metadata of safetensors files. */
#define BT_KEY_CONFIG "config"
#define BT_KEY_TOKENIZER "tokenizer"

#endif
