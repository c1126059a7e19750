/* shards.h - the safetensors files that a model's tensors lie in: one, or several that an index
 * (`model.safetensors.index.json`) names.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SHARDS_H
#define BT_SHARDS_H

#include "../io/safetensors.h"

#include <bit_ttt/llama.h>

typedef struct bt_shard {
    bt_text name;         /* as in the index; empty for the only file of a model */
    const uint8_t *bytes; /* its safetensors part, which begins at `at` in the file */
    size_t size;
    uint64_t at;
    bt_safetensors *table;
    size_t first; /* number of tensors in the shards before it */
} bt_shard;

typedef struct bt_shards {
    bt_shard *list; /* in the order of their names */
    size_t count;
    bt_text about; /* the file that errors refer to; empty for the only one, or none */
    uint64_t at;   /* offset of that file's safetensors part, for the tensor found last */
    ttt_error *error;
} bt_shards;

/* Sorts a list whose names, bytes and sizes are set, and refuses equal names. */
int bt_shards_sort(bt_shards *s);
/* Reads and checks each file's table. */
int bt_shards_open(bt_shards *s);
/* Checks the index against the tables: each tensor is in the shard that the index names for it, no
 * other has it, and neither the index nor a shard has further tensors. */
int bt_shards_match(bt_shards *s, const void *index, size_t size);
/* A tensor or NULL. Errors after that refer to its shard. */
const bt_tensor *bt_shards_find(bt_shards *s, bt_text name);
/* Frees the tables; the list is its owner's. */
void bt_shards_close(bt_shards *s);

#endif
