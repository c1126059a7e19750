/* shards.c - opens the files of a model, and reads the index that says which tensor is in which:
 *
 *   {"metadata": {...}, "weight_map": {"layers.0.norm1.weight": "model-00001-of-00002.safetensors", ...}}
 *
 * Other keys than weight_map are skipped: the total_size that metadata often has counts bytes by
 * rules that differ from writer to writer, and the files themselves tell their size.
 * SPDX-License-Identifier: MIT */
#include "shards.h"

#include "../base/alloc.h"
#include "../io/json.h"
#include "../io/order.h"
#include "error.h"

#include <string.h>

/* ---- the files ------------------------------------------------------------------------------- */

static int shard_error(bt_shards *s, const bt_shard *shard, const char *sentence)
{
    s->about = shard->name;
    return bt_error(s->error, TTT_MODEL_FORMAT, 0, NULL, 0, sentence);
}

/* An error of a tensor of a shard, or, if t is NULL, of one that it lacks. */
static int tensor_error(bt_shards *s, bt_text shard, bt_text name, const bt_tensor *t,
                        const char *sentence)
{
    s->about = shard;
    return bt_error(s->error, TTT_MODEL_TENSOR, t ? 8 + (uint64_t)t->header_at : 0, name.bytes,
                    name.length, sentence);
}

static int compare(bt_text a, bt_text b)
{
    return bt_compare_text(a.bytes, a.length, b.bytes, b.length);
}

int bt_shards_sort(bt_shards *s)
{
    for (size_t i = 1; i < s->count; i++)
        for (size_t k = i; k > 0; k--) {
            bt_shard *before = &s->list[k - 1], kept = s->list[k];
            int difference = compare(before->name, kept.name);
            if (difference == 0) return shard_error(s, before, "this shard is given twice");
            if (difference < 0) break;
            s->list[k] = *before;
            *before = kept;
        }
    return TTT_OK;
}

int bt_shards_open(bt_shards *s)
{
    size_t tensors = 0;
    for (size_t i = 0; i < s->count; i++) {
        bt_shard *shard = &s->list[i];
        bt_io_error error;
        s->about = shard->name;
        if (bt_safetensors_open(shard->bytes, shard->size, &shard->table, &error) != BT_IO_OK)
            return bt_error_of_io(s->error, &error, shard->at);
        shard->first = tensors;
        tensors += bt_safetensors_count(shard->table);
    }
    s->about = (bt_text){NULL, 0};
    return TTT_OK;
}

void bt_shards_close(bt_shards *s)
{
    for (size_t i = 0; i < s->count; i++) bt_safetensors_close(s->list[i].table);
}

const bt_tensor *bt_shards_find(bt_shards *s, bt_text name)
{
    s->about = (bt_text){NULL, 0};
    for (size_t i = 0; i < s->count; i++) {
        const bt_tensor *found = bt_safetensors_find(s->list[i].table, name);
        if (!found) continue;
        s->about = s->list[i].name;
        s->at = s->list[i].at;
        return found;
    }
    return NULL;
}

/* ---- the index ------------------------------------------------------------------------------- */

typedef struct {
    const bt_shard *shard;
    const bt_tensor *tensor;
    bool seen;
} place;

/* The state of reading the index, with the places of all tensors of all shards. */
typedef struct {
    bt_shards *shards;
    bt_json json;
    bt_json_token key, token; /* read last */
    place *places;
    bt_rank *order;      /* [2 * count]: the second half is for sorting */
    size_t count, named; /* named: the shard that the index named last */
    char name[BT_TENSOR_NAME];
} reader;

static int index_error(reader *r, uint64_t at, const bt_text *subject, const char *sentence)
{
    r->shards->about = bt_text_of("the index");
    return bt_error(r->shards->error, TTT_MODEL_FORMAT, at, subject ? subject->bytes : NULL,
                    subject ? subject->length : 0, sentence);
}

static int next(reader *r)
{
    if (bt_json_next(&r->json, &r->token) != BT_JSON_ERROR) return TTT_OK;
    return index_error(r, r->json.at, NULL, bt_io_text(r->json.code));
}

static bt_text name_at(const reader *r, uint32_t i)
{
    const bt_tensor *t = r->places[i].tensor;
    return (bt_text){t->name, t->name_length};
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
    const reader *r = context;
    return compare(name_at(r, a), name_at(r, b));
}

/* Lists the tensors; no two shards may have one of the same name. */
static int take_places(reader *r)
{
    bt_shards *s = r->shards;
    for (size_t i = 0; i < s->count; i++) r->count += bt_safetensors_count(s->list[i].table);
    r->places = bt_alloc(r->count, sizeof *r->places);
    r->order = bt_alloc(2 * r->count, sizeof *r->order);
    if (!r->places || !r->order) return bt_error(s->error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < bt_safetensors_count(s->list[i].table); k++) {
            const bt_tensor *t = bt_safetensors_listed(s->list[i].table, k);
            size_t at = s->list[i].first + k;
            r->places[at] = (place){.shard = &s->list[i], .tensor = t};
            r->order[at] = (bt_rank){bt_text_hash(t->name, t->name_length), (uint32_t)at};
        }
    bt_order(r->order, r->order + r->count, r->count, compare_names, r);
    for (size_t i = 1; i < r->count; i++) {
        uint32_t a = r->order[i - 1].index, b = r->order[i].index;
        if (compare_names(r, a, b) != 0) continue;
        place second = r->places[b > a ? b : a]; /* the sort is stable, but this does not need it */
        return tensor_error(s, second.shard->name, name_at(r, a), second.tensor,
                            "another shard has this tensor too");
    }
    return TTT_OK;
}

/* The shard that the last token names, or NULL. The search begins at the shard of the last entry. */
static const bt_shard *named_shard(reader *r)
{
    const bt_shards *s = r->shards;
    for (size_t i = 0; i < s->count; i++) {
        size_t at = (r->named + i) % s->count;
        if (!bt_json_equals(&r->token, s->list[at].name.bytes)) continue;
        r->named = at;
        return &s->list[at];
    }
    return NULL;
}

/* "tensor": "shard" */
static int read_place(reader *r)
{
    bt_text name = {r->key.text, r->key.length}, written = {r->token.text, r->token.length};
    if (r->token.kind != BT_JSON_STRING)
        return index_error(r, r->token.offset, &name, "this must be the name of a shard");
    const bt_shard *shard = named_shard(r);
    if (!shard)
        return tensor_error(r->shards, written, name, NULL,
                            "the index names this shard, which is not given");
    if (r->key.escaped && bt_json_copy(&r->key, r->name, sizeof r->name))
        name = (bt_text){r->name, bt_json_length(&r->key)};
    const bt_tensor *t = bt_safetensors_find(shard->table, name);
    if (!t)
        return tensor_error(r->shards, shard->name, name, NULL,
                            "the index names this shard, which has no such tensor");
    place *at = &r->places[shard->first + bt_safetensors_number(shard->table, t)];
    if (at->seen) return index_error(r, r->key.offset, &name, "the index has this tensor twice");
    at->seen = true;
    return TTT_OK;
}

static int read_map(reader *r)
{
    if (r->token.kind != BT_JSON_OBJECT)
        return index_error(r, r->token.offset, NULL, "weight_map must be an object");
    for (;;) {
        int status = next(r);
        if (status != TTT_OK || r->token.kind == BT_JSON_OBJECT_END) return status;
        r->key = r->token;
        status = next(r);
        if (status == TTT_OK) status = read_place(r);
        if (status != TTT_OK) return status;
    }
}

/* Reads the whole text, which must have weight_map once. */
static int read_index(reader *r)
{
    bool mapped = false;
    int status = next(r);
    if (status == TTT_OK && r->token.kind != BT_JSON_OBJECT)
        return index_error(r, r->token.offset, NULL, "the index must be an object");
    while (status == TTT_OK && (status = next(r)) == TTT_OK) {
        if (r->token.kind == BT_JSON_OBJECT_END) break;
        bool map = bt_json_equals(&r->token, "weight_map");
        if (map && mapped)
            return index_error(r, r->token.offset, NULL, "weight_map is given twice");
        mapped |= map;
        status = next(r);
        if (status == TTT_OK && map) status = read_map(r);
        else if (status == TTT_OK && !bt_json_skip(&r->json, &r->token)) status = next(r);
    }
    if (status == TTT_OK) status = next(r); /* nothing may follow */
    if (status == TTT_OK && !mapped) status = index_error(r, 0, NULL, "there is no weight_map");
    return status;
}

/* Each shard and each tensor must be in the index. */
static int check_all_seen(reader *r)
{
    bt_shards *s = r->shards;
    for (size_t i = 0, at = 0, end; i < s->count; i++, at = end) {
        const bt_shard *shard = &s->list[i];
        size_t seen = 0;
        end = at + bt_safetensors_count(shard->table);
        for (size_t k = at; k < end; k++) seen += r->places[k].seen;
        if (seen == 0) return shard_error(s, shard, "the index does not name this shard");
        for (size_t k = at; k < end; k++)
            if (!r->places[k].seen)
                return tensor_error(s, shard->name, name_at(r, (uint32_t)k), r->places[k].tensor,
                                    "the index does not have this tensor");
    }
    s->about = (bt_text){NULL, 0};
    return TTT_OK;
}

int bt_shards_match(bt_shards *s, const void *index, size_t size)
{
    reader *r = bt_alloc(1, sizeof *r);
    if (!r) return bt_error(s->error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
    r->shards = s;
    bt_json_init(&r->json, index, size, BT_JSON_LARGEST_DEPTH);
    bt_json_pass_mark(&r->json);
    int status = take_places(r);
    if (status == TTT_OK) status = read_index(r);
    if (status == TTT_OK) status = check_all_seen(r);
    bt_free(r->places);
    bt_free(r->order);
    bt_free(r);
    return status;
}
