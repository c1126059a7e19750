/* rewrite.c - writes model files with all tensors as f32, compact ones as unpack.h says.
 * SPDX-License-Identifier: MIT */
#include "read.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "error.h"
#include "unpack.h"

#include <string.h>

/* ---- values ---------------------------------------------------------------------------------- */

/* Converts f32, f16 or bf16 through a buffer, as the output need not be aligned. */
static void put_widened(uint8_t *to, const bt_tensor *t)
{
    float some[256];
    bt_tensor part = *t;
    for (uint64_t left = t->elements; left > 0; left -= part.elements) {
        part.elements = left < 256 ? left : 256;
        bt_tensor_to_f32(&part, some, (size_t)part.elements, NULL);
        bt_put_floats(to, some, (size_t)part.elements);
        part.data += part.elements * bt_dtype_bits(t->dtype) / 8;
        to += 4 * part.elements;
    }
}

static int code_at(const uint8_t *codes, size_t i)
{
    return (int)((codes[i / 4] >> (2 * (i % 4))) & 3) - 1;
}

static void put_ternary(uint8_t *to, const bt_tensor *t, float scale)
{
    size_t n = 4 * t->size, used = 0;
    for (size_t i = 0; i < n; i++) used += code_at(t->data, i) != 0;
    bt_magnitudes magnitudes = bt_magnitudes_of(scale, n, used);
    for (size_t i = 0; i < n; i++, to += 4) {
        float value = bt_unpack_ternary(&magnitudes, code_at(t->data, i));
        bt_put_floats(to, &value, 1);
    }
}

static void put_rows(uint8_t *to, const bt_tensor *t, const uint8_t *steps)
{
    for (size_t i = 0; i < t->size; i++, to += 4) {
        float step = bt_get_float(steps, i / (size_t)t->shape[1]);
        float value = bt_unpack_int8((int8_t)t->data[i], step);
        bt_put_floats(to, &value, 1);
    }
}

/* ---- tensors --------------------------------------------------------------------------------- */

static bool is_compact(const bt_tensor *t)
{
    return t && (t->dtype == BT_DTYPE_U8 || t->dtype == BT_DTYPE_I8);
}

/* The scales of a compact tensor; NULL if they are missing or of a wrong shape. */
static const bt_tensor *find_scales(bt_shards *s, const bt_tensor *t)
{
    char name[BT_TENSOR_NAME + sizeof BT_SCALE_SUFFIX];
    uint64_t expected = t->dtype == BT_DTYPE_U8 ? 1 : t->shape[0];
    if (t->rank != 2 || t->shape[1] > BT_TENSOR_DIMENSION / 4) return NULL;
    memcpy(name, t->name, t->name_length);
    memcpy(name + t->name_length, BT_SCALE_SUFFIX, sizeof BT_SCALE_SUFFIX);
    t = bt_shards_find(s, bt_text_of(name));
    return t && t->dtype == BT_DTYPE_F32 && bt_tensor_has_shape(t, 1, &expected) ? t : NULL;
}

static bool is_scales(bt_shards *s, const bt_tensor *t)
{
    size_t suffix = sizeof BT_SCALE_SUFFIX - 1, length = t->name_length - suffix;
    return t->name_length >= suffix && memcmp(t->name + length, BT_SCALE_SUFFIX, suffix) == 0 &&
           is_compact(bt_shards_find(s, (bt_text){t->name, length}));
}

/* Describes the f32 form of a tensor, without data; false if it is not to be written. */
static bool describe(bt_shards *s, const bt_tensor *t, bt_tensor *out)
{
    if (is_compact(t) ? !find_scales(s, t)
                      : t->dtype != BT_DTYPE_F16 && t->dtype != BT_DTYPE_BF16 &&
                            (t->dtype != BT_DTYPE_F32 || is_scales(s, t)))
        return false;
    *out = *t;
    out->data = NULL;
    out->dtype = BT_DTYPE_F32;
    if (t->dtype == BT_DTYPE_U8) out->shape[1] *= 4, out->elements *= 4;
    out->size = 4 * (size_t)out->elements; /* the writer refuses sizes that do not fit */
    return true;
}

/* The tensors to be written, in the order of the headers; NULL when out of memory. */
static bt_tensor *describe_all(bt_shards *s, size_t *count)
{
    const bt_shard *last = s->list + s->count - 1;
    bt_tensor *all = bt_alloc(last->first + bt_safetensors_count(last->table), sizeof *all);
    *count = 0;
    for (size_t i = 0; all && i < s->count; i++)
        for (size_t k = 0; k < bt_safetensors_count(s->list[i].table); k++)
            *count += describe(s, bt_safetensors_listed(s->list[i].table, k), all + *count);
    return all;
}

/* Writes the data of all tensors, which ends at `end`, the end of the file. */
static void put_values(bt_shards *s, const bt_model_file *output, uint8_t *end)
{
    for (size_t i = output->count; i-- > 0;) {
        const bt_tensor *out = &output->tensors[i];
        const bt_tensor *t = bt_shards_find(s, (bt_text){out->name, out->name_length});
        end -= out->size;
        if (t->dtype == BT_DTYPE_U8) put_ternary(end, t, bt_get_float(find_scales(s, t)->data, 0));
        else if (t->dtype == BT_DTYPE_I8) put_rows(end, t, find_scales(s, t)->data);
        else put_widened(end, t);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static int invalid(ttt_error *error, const char *sentence)
{
    return bt_error(error, TTT_INVALID_DATA, 0, NULL, 0, sentence);
}

/* Fills [BITLLAMA_MAX_METADATA]. */
static int take_metadata(const bitllama_rewriting *options, bt_metadata *out, ttt_error *error)
{
    if (options->entries > BITLLAMA_MAX_METADATA)
        return invalid(error, "the metadata has more than 64 entries");
    for (size_t i = 0; i < options->entries; i++) {
        const bitllama_metadata *m = &options->metadata[i];
        if (!m->key || !m->value) return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
        out[i] = (bt_metadata){bt_text_of(m->key), bt_text_of(m->value)};
        for (size_t k = 0; k < i; k++)
            if (strcmp(m->key, options->metadata[k].key) == 0)
                return invalid(error, "the metadata has a key twice");
    }
    return TTT_OK;
}

/* Writes files that were opened and are valid. */
static int write_opened(bt_opened *o, const bitllama_rewriting *options, uint8_t *buffer,
                        size_t capacity, size_t *size)
{
    bt_metadata metadata[BITLLAMA_MAX_METADATA];
    bt_bitt_header header = {{o->config_text, o->config_length},
                             {o->tokenizer, o->tokenizer_length},
                             o->config.version > 0};
    bt_model_file file = {.header = options->format == BITLLAMA_BITT ? &header : NULL,
                          .metadata = metadata,
                          .entries = options->entries,
                          .listed = true};
    int status = take_metadata(options, metadata, o->error);
    if (status != TTT_OK) return status;
    /* Drops a byte order mark. */
    bt_take_json_object(&header.config.bytes, &header.config.length);
    if (options->tokenizer)
        header.tokenizer = (bt_text){options->tokenizer, options->tokenizer_size};
    if (header.tokenizer.length &&
        !bt_take_json_object(&header.tokenizer.bytes, &header.tokenizer.length))
        return invalid(o->error, "the tokenizer is not a JSON object");
    bt_tensor *tensors = describe_all(&o->shards, &file.count);
    file.tensors = tensors;
    status = tensors ? bt_model_file_write(&file, buffer, capacity, size) : TTT_OUT_OF_MEMORY;
    if (status == TTT_OK && buffer) {
        put_values(&o->shards, &file, buffer + *size);
        bt_model_file_seal(&file, buffer, *size);
    }
    bt_free(tensors);
    return bt_error(o->error, status, 0, NULL, 0,
                    status == TTT_INVALID_DATA ? "the metadata cannot be written" : NULL);
}

int bitllama_rewrite(const bitllama_rewriting *options, void *buffer, size_t capacity, size_t *size,
                     ttt_error *error)
{
    bt_opened input;
    bt_model *model = NULL;
    if (!options || !size || (!options->metadata && options->entries > 0))
        return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    if (options->size != sizeof *options || options->format > BITLLAMA_SAFETENSORS)
        return bt_error(error, TTT_INVALID_OPTION, 0, NULL, 0, NULL);
    bt_fpenv saved = bt_fpenv_enter();
    int status = bt_opened_read(&input, &options->files, &model, error);
    bitllama_release(model); /* it was built for its checks alone */
    if (status == TTT_OK) status = write_opened(&input, options, buffer, capacity, size);
    bt_opened_close(&input);
    bt_fpenv_leave(saved);
    return status;
}
