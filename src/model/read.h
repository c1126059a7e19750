/* read.h - from the bytes of model files to a model.
 * SPDX-License-Identifier: MIT */
#ifndef BT_READ_H
#define BT_READ_H

#include "model.h"
#include "shards.h"
#include "write.h"

/* Model files that are being read. Tables and texts point into the files or belong to this struct. */
typedef struct bt_opened {
    bt_shards shards;
    bt_model_config config;
    const char *config_text; /* JSON object of file or caller, may follow a byte order mark */
    const char *tokenizer;   /* JSON object; length 0: there is none */
    size_t config_length, tokenizer_length;
    bool summed;                      /* a .bitt file has a checksum */
    char *own_config, *own_tokenizer; /* texts whose escapes were resolved */
    float *scratch;                   /* the last tensor in f32 */
    ttt_error *error;
} bt_opened;

/* Opens, checks and builds a model as bitllama_open and bitllama_open_sharded do, between
 * bt_fpenv_enter and bt_fpenv_leave. The caller must close *o, also after a failure; the files
 * must outlive it. */
int bt_opened_read(bt_opened *o, const bitllama_files *files, bt_model **model, ttt_error *error);
void bt_opened_close(bt_opened *o);

#endif
