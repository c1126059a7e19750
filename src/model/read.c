/* read.c - reads `.bitt` and safetensors files, and safetensors in shards, into a model.
 *
 * A `.bitt` file: magic "BITT", u64 little-endian length of a JSON header {"config": {...},
 * "tokenizer": {...}, "crc32c": "..."}, the header, and a safetensors file as its body. Files of
 * the original have neither checksum nor format_version; with the latter, the checksum is required.
 *
 * A tensor may be f32, f16 or bf16, or, by its dtype, in the compact form that pack.c writes. Each
 * is found in the file, with the shape of the configuration, before memory for it is allocated. So
 * memory is proportional to the file, whatever the configuration says. Other tensors are ignored.
 * Two may be there or not: lm_head.bias, and recall.start (session_recall.h).
 * SPDX-License-Identifier: MIT */
#include "read.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "../io/json.h"
#include "error.h"

#include <string.h>

/* ---- the header of a .bitt file -------------------------------------------------------------- */

static int format_error(bt_opened *o, uint64_t at, const char *sentence)
{
    return bt_error(o->error, TTT_MODEL_FORMAT, at, NULL, 0, sentence);
}

static int own_tokenizer(bt_opened *o, size_t length)
{
    o->tokenizer = o->own_tokenizer = bt_alloc(length ? length : 1, 1);
    o->tokenizer_length = length;
    return o->tokenizer ? TTT_OK : bt_error(o->error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
}

/* The tokenizer: an object, a string that holds one, or null. */
static int read_tokenizer(bt_opened *o, bt_json *json, const bt_json_token *token)
{
    if (token->kind == BT_JSON_STRING) {
        int status = own_tokenizer(o, bt_json_length(token));
        if (status != TTT_OK) return status;
        bt_json_copy(token, o->own_tokenizer, o->tokenizer_length);
    } else if (token->kind == BT_JSON_OBJECT) {
        if (!bt_json_skip(json, token)) return TTT_OK; /* the next token is the error */
        o->tokenizer = json->text + token->offset;
        o->tokenizer_length = json->at - token->offset;
    } else if (token->kind != BT_JSON_NULL) {
        return format_error(o, BT_BITT_START + token->offset, "the tokenizer must be an object");
    }
    return TTT_OK;
}

static int read_sum(bt_opened *o, const bt_json_token *token)
{
    uint32_t sum = 0;
    bool good = token->kind == BT_JSON_STRING && token->length == BT_BITT_SUM_DIGITS;
    for (size_t i = 0; good && i < token->length; i++) {
        char c = token->text[i];
        good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        sum = sum << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (!good)
        return format_error(o, BT_BITT_START + token->offset, "the checksum must be 8 hex digits");
    o->summed = true;
    const uint8_t *file = o->shards.list->bytes - o->shards.list->at;
    size_t size = o->shards.list->size + (size_t)o->shards.list->at;
    if (bt_bitt_sum(file, size, (size_t)((const uint8_t *)token->text - file)) == sum)
        return TTT_OK;
    return format_error(o, 0, "the file is damaged: its checksum does not match");
}

static int read_entry(bt_opened *o, bt_json *json, bt_json_token *token, unsigned *seen)
{
    bool config = bt_json_equals(token, BT_KEY_CONFIG);
    bool tokenizer = bt_json_equals(token, BT_KEY_TOKENIZER);
    bool sum = bt_json_equals(token, BT_KEY_SUM);
    unsigned bit = config ? 1u : tokenizer ? 2u : sum ? 4u : 0u;
    if (*seen & bit) return format_error(o, BT_BITT_START + token->offset, "a key is given twice");
    *seen |= bit;
    bt_json_kind kind = bt_json_next(json, token);
    if (tokenizer) return read_tokenizer(o, json, token);
    if (sum) return read_sum(o, token);
    if (!config) {
        bt_json_skip(json, token); /* an error stays for the next token */
        return TTT_OK;
    }
    if (kind != BT_JSON_OBJECT)
        return bt_error(o->error, TTT_MODEL_CONFIG, BT_BITT_START + token->offset, NULL, 0,
                        "the configuration must be an object");
    o->config_text = json->text + token->offset;
    int status = bt_config_read(json, BT_BITT_START, &o->config, o->error);
    o->config_length = json->at - token->offset;
    return status;
}

static int read_header(bt_opened *o, const char *text, size_t size)
{
    bt_json json;
    bt_json_token token;
    unsigned seen = 0;
    bt_json_init(&json, text, size, BT_JSON_LARGEST_DEPTH);
    bt_json_kind kind = bt_json_next(&json, &token);
    if (kind != BT_JSON_OBJECT && kind != BT_JSON_ERROR)
        return format_error(o, BT_BITT_START, "the header must be an object");
    while ((kind = bt_json_next(&json, &token)) == BT_JSON_KEY) {
        int status = read_entry(o, &json, &token, &seen);
        if (status != TTT_OK) return status;
    }
    if (kind != BT_JSON_OBJECT_END || bt_json_next(&json, &token) != BT_JSON_END)
        return format_error(o, BT_BITT_START + json.at, bt_io_text(json.code));
    if (o->config_text && o->config.version > 0 && !o->summed)
        return format_error(o, BT_BITT_START, "the file is damaged: its checksum is missing");
    return TTT_OK;
}

static int open_bitt(bt_opened *o, const uint8_t *file, size_t size, size_t config_size)
{
    if (config_size > 0)
        return bt_error(o->error, TTT_MODEL_CONFIG, 0, NULL, 0,
                        "a .bitt file carries its configuration; no other may be given");
    if (size < BT_BITT_START) return format_error(o, size, "the file ends in its first 12 bytes");
    uint64_t header = bt_get_u64(file + 4);
    if (header > size - BT_BITT_START) return format_error(o, 4, "the header ends after the file");
    bt_shard *body = o->shards.list;
    body->at = BT_BITT_START + header;
    body->bytes = file + body->at;
    body->size = size - (size_t)body->at;
    return read_header(o, (const char *)file + BT_BITT_START, (size_t)header);
}

/* ---- metadata -------------------------------------------------------------------------------- */

/* The text of a metadata entry in memory of its own, from the first shard that has one; NULL with
 * TTT_OK if none does. */
static int metadata(bt_opened *o, const char *key, char **text, size_t *length)
{
    bt_shard *shard = o->shards.list, *end = shard + o->shards.count;
    bt_text name = bt_text_of(key);
    *text = NULL;
    while (bt_safetensors_metadata(shard->table, name, NULL, 0, length) == BT_ST_METADATA_ABSENT)
        if (++shard == end) return TTT_OK;
    *text = bt_alloc(*length ? *length : 1, 1);
    if (!*text) return bt_error(o->error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
    bt_safetensors_metadata(shard->table, name, *text, *length, length);
    o->shards.about = shard->name;
    return TTT_OK;
}

static int configure(bt_opened *o, const void *config, size_t config_size)
{
    bool in_header = o->config_text != NULL; /* of a .bitt file, and has been read */
    int status = TTT_OK;
    if (config_size > 0) {
        o->config_text = config;
        o->config_length = config_size;
    } else if (!in_header) {
        status = metadata(o, BT_KEY_CONFIG, &o->own_config, &o->config_length);
        o->config_text = o->own_config;
        if (status == TTT_OK && !o->config_text)
            status = bt_error(o->error, TTT_MODEL_CONFIG, 0, NULL, 0,
                              "there is no configuration: a config.json is needed");
    }
    if (status == TTT_OK && !in_header)
        status = bt_config_parse(o->config_text, o->config_length, &o->config, o->error);
    if (status != TTT_OK || o->tokenizer) return status;
    status = metadata(o, BT_KEY_TOKENIZER, &o->own_tokenizer, &o->tokenizer_length);
    o->tokenizer = o->own_tokenizer;
    return status;
}

/* ---- tensors --------------------------------------------------------------------------------- */

/* An error of the tensor that was looked up last. */
static int tensor_error(bt_opened *o, const bt_tensor *t, const char *name, const char *sentence)
{
    return bt_error(o->error, TTT_MODEL_TENSOR, t ? o->shards.at + 8 + t->header_at : 0, name,
                    strlen(name), sentence);
}

/* Finds a tensor by name and shape: [rows][cols], or [cols] if rows is 0. */
static int look_up(bt_opened *o, const char *name, size_t rows, size_t cols, const bt_tensor **out)
{
    uint64_t shape[2] = {rows ? rows : cols, cols};
    *out = bt_shards_find(&o->shards, bt_text_of(name));
    if (!*out) return tensor_error(o, NULL, name, "this tensor is missing");
    if (!bt_tensor_has_shape(*out, rows ? 2 : 1, shape))
        return tensor_error(o, *out, name, "the shape does not fit the configuration");
    return TTT_OK;
}

static int look_up_scales(bt_opened *o, const char *name, size_t count, bt_tensor_data *w)
{
    char scale_name[BT_NAME_SIZE + 8];
    size_t length = strlen(name);
    const bt_tensor *t;
    memcpy(scale_name, name, length);
    memcpy(scale_name + length, BT_SCALE_SUFFIX, sizeof BT_SCALE_SUFFIX);
    int status = look_up(o, scale_name, 0, count, &t);
    if (status != TTT_OK) return status;
    if (t->dtype != BT_DTYPE_F32) return tensor_error(o, t, scale_name, "a scale must be F32");
    w->scales = t->data;
    return TTT_OK;
}

static int to_f32(bt_opened *o, const bt_tensor *t, bt_tensor_data *w)
{
    bt_io_error error;
    bt_free(o->scratch);
    o->scratch = bt_alloc((size_t)t->elements, sizeof *o->scratch);
    if (!o->scratch) return bt_error(o->error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
    w->values = o->scratch;
    if (bt_tensor_to_f32(t, o->scratch, (size_t)t->elements, &error) == BT_IO_OK) return TTT_OK;
    return bt_error(o->error, TTT_MODEL_TENSOR, o->shards.at + error.offset, NULL, 0, error.text);
}

static int source(void *context, const bt_param *p, bt_tensor_data *w, ttt_error *error)
{
    bt_opened *o = context;
    char name[BT_NAME_SIZE];
    (void)error; /* o has it */
    bt_param_name(p, name);
    const bt_tensor *t = bt_shards_find(&o->shards, bt_text_of(name));
    bool codes = t && p->kind == BT_TERNARY && t->dtype == BT_DTYPE_U8;
    bool rows = t && p->kind == BT_ROW_INT8 && t->dtype == BT_DTYPE_I8;
    int status = look_up(o, name, p->rows == 1 ? 0 : p->rows, codes ? p->cols / 4 : p->cols, &t);
    if (status != TTT_OK) return status;
    if (!codes && !rows) return to_f32(o, t, w);
    if (codes) w->codes = t->data;
    else w->rows = (const int8_t *)t->data;
    return look_up_scales(o, name, codes ? 1 : p->rows, w);
}

/* The model, once the tables have been read. */
static int build(bt_opened *o, const bitllama_files *files, bt_model **model)
{
    int status = configure(o, files->config, files->config_size);
    if (status == TTT_OK && o->tokenizer_length > 0 &&
        !bt_take_json_object(&o->tokenizer, &o->tokenizer_length))
        status = format_error(o, 0, "the tokenizer is not a JSON object");
    if (status != TTT_OK) return status;
    bt_text bias = bt_text_of("lm_head.bias"), recall = bt_text_of(BT_RECALL_NAME);
    o->config.head_bias =
        bt_shards_find(&o->shards, bias) != NULL; /* not part of a configuration */
    o->config.recall_start = bt_shards_find(&o->shards, recall) != NULL;
    return bt_model_build(&o->config, o->tokenizer, o->tokenizer_length, source, o, model,
                          o->error);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int check_arguments(const bitllama_files *f, ttt_error *error)
{
    bool null = (!f->list && f->count > 0) || (!f->config && f->config_size > 0);
    for (size_t i = 0; !null && i < f->count; i++)
        null = !f->list[i].bytes || (f->index && !f->list[i].name);
    if (null) return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    if (f->count >= 1 && f->count <= (f->index ? BITLLAMA_MAX_SHARDS : 1)) return TTT_OK;
    return bt_error(error, TTT_MODEL_FORMAT, 0, NULL, 0,
                    f->index ? "a model has 1 to 1024 shards"
                             : "without an index there is one file");
}

/* The tables of all files. A .bitt file is always the only one. */
static int open_tables(bt_opened *o, const bitllama_files *f)
{
    bt_shards *s = &o->shards;
    s->list = bt_alloc(f->count, sizeof *s->list);
    if (!s->list) return bt_error(o->error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
    s->count = f->count;
    for (size_t i = 0; i < s->count; i++) {
        s->list[i] = (bt_shard){.bytes = f->list[i].bytes, .size = f->list[i].size};
        if (f->index) s->list[i].name = bt_text_of(f->list[i].name);
    }
    int status = TTT_OK;
    if (f->index) status = bt_shards_sort(s);
    else if (s->list->size >= 4 && memcmp(s->list->bytes, BT_BITT_MAGIC, 4) == 0)
        status = open_bitt(o, s->list->bytes, s->list->size, f->config_size);
    if (status == TTT_OK) status = bt_shards_open(s);
    if (status == TTT_OK && f->index) status = bt_shards_match(s, f->index, f->index_size);
    return status;
}

int bt_opened_read(bt_opened *o, const bitllama_files *files, bt_model **model, ttt_error *error)
{
    *o = (bt_opened){.error = error, .shards = {.error = error}};
    int status = check_arguments(files, error);
    if (status == TTT_OK) status = open_tables(o, files);
    if (status == TTT_OK) status = build(o, files, model);
    bt_text about = o->shards.about;
    if (status != TTT_OK && status != TTT_OUT_OF_MEMORY && about.bytes)
        bt_error_within(error, about.bytes, about.length);
    return status;
}

void bt_opened_close(bt_opened *o)
{
    bt_shards_close(&o->shards);
    bt_free(o->shards.list);
    bt_free(o->scratch);
    bt_free(o->own_config);
    bt_free(o->own_tokenizer);
}

static int open_files(const bitllama_files *files, bitllama_model **model, ttt_error *error)
{
    bt_opened o;
    bt_fpenv saved = bt_fpenv_enter(); /* scales are computed */
    int status = bt_opened_read(&o, files, model, error);
    bt_opened_close(&o);
    bt_fpenv_leave(saved);
    return status;
}

int bitllama_open(const void *file, size_t size, const void *config, size_t config_size,
                  bitllama_model **model, ttt_error *error)
{
    const bitllama_shard only = {.bytes = file, .size = size};
    const bitllama_files files = {
        .list = &only, .count = 1, .config = config, .config_size = config_size};
    if (!model) return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    *model = NULL;
    return open_files(&files, model, error);
}

int bitllama_open_sharded(const void *index, size_t index_size, const bitllama_shard *shards,
                          size_t count, const void *config, size_t config_size,
                          bitllama_model **model, ttt_error *error)
{
    const bitllama_files files = {shards, count, index, index_size, config, config_size};
    if (model) *model = NULL;
    if (!index || !model) return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    return open_files(&files, model, error);
}
