/* read.h - from the bytes of a model file to a model, and back.
 * SPDX-License-Identifier: MIT */
#ifndef BT_READ_H
#define BT_READ_H

#include "model.h"

#define BT_BITT_MAGIC "BITT"
#define BT_BITT_START 12u /* magic, and u64 length of the JSON header that follows */

/* The configuration's and tokenizer's keys in the metadata of safetensors files. */
#define BT_KEY_CONFIG "config"
#define BT_KEY_TOKENIZER "tokenizer"

#endif
