/* pack.c - writes a model as a compact `.bitt` file (read.c says what that is). Its tensors:
 *
 *   dense    F32, as in the other formats
 *   ternary  U8 [rows, cols / 4]: code + 1 in two bits, the first in the lowest, row after row; and
 *            NAME_scale, F32 [1]
 *   int8     I8 [rows, cols], and NAME_scale, F32 [rows]: w ~ q * scale
 * SPDX-License-Identifier: MIT */
#include "model.h"
#include "write.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../kernels/layout.h"
#include "quantize.h"

#include <string.h>

/* The tensors of the file, with their scales, and their bytes. */
typedef struct {
    bt_tensor *tensors; /* [2 * count] */
    char (*names)[BT_NAME_SIZE + 8];
    uint8_t *data;
    size_t count, at; /* at: bytes of data so far */
    bt_region blocks;
} tensor_list;

static void add(tensor_list *list, const char *name, const char *suffix, bt_dtype dtype,
                size_t rows, size_t cols)
{
    char *own = list->names[list->count];
    size_t length = strlen(name), more = strlen(suffix);
    memcpy(own, name, length);
    memcpy(own + length, suffix, more);
    bt_tensor *t = &list->tensors[list->count++];
    *t = (bt_tensor){.name = own,
                     .name_length = length + more,
                     .data = list->data + list->at,
                     .size = (rows ? rows : 1) * cols * bt_dtype_bits(dtype) / 8,
                     .shape = {rows ? rows : cols, cols},
                     .dtype = (uint8_t)dtype,
                     .rank = rows ? 2 : 1};
    list->at += t->size;
}

static void put_codes(uint8_t *to, const bt_ternary *w)
{
    for (size_t i = 0; i < w->rows; i++)
        for (size_t j = 0; j < w->cols; j += 4, to++) {
            unsigned byte = 0;
            for (size_t k = 0; k < 4; k++)
                byte |= (unsigned)(bt_ternary_get(w, i, j + k) + 1) << 2 * k;
            *to = (uint8_t)byte;
        }
}

/* Rows of int8 from the panels of the kernels. */
static void put_head(uint8_t *to, const bt_rows8 *head)
{
    for (size_t i = 0; i < head->rows; i++)
        for (size_t j = 0; j < head->cols; j++)
            *to++ = (uint8_t)(head->panels[bt_rows8_index(head, i, j)] - 128);
}

static void add_param(tensor_list *list, const bt_model *m, size_t i)
{
    const bt_param *p = &m->params.tensors[i];
    const bt_model_tensor *t = &m->tensors[i];
    char name[BT_NAME_SIZE];
    uint8_t *data = list->data + list->at;
    bt_param_name(p, name);
    if (p->kind == BT_DENSE) {
        add(list, name, "", BT_DTYPE_F32, p->rows == 1 ? 0 : p->rows, p->cols);
        bt_put_floats(data, t->data, p->rows * p->cols);
    } else if (p->kind == BT_TERNARY) {
        add(list, name, "", BT_DTYPE_U8, p->rows, p->cols / 4);
        put_codes(data, &t->w);
        data = list->data + list->at;
        add(list, name, BT_SCALE_SUFFIX, BT_DTYPE_F32, 0, 1);
        bt_put_floats(data, &t->scale, 1);
    } else {
        add(list, name, "", BT_DTYPE_I8, p->rows, p->cols);
        if (i == m->params.head) put_head(data, &m->head);
        else memcpy(data, t->data, p->rows * p->cols);
        data = list->data + list->at;
        add(list, name, BT_SCALE_SUFFIX, BT_DTYPE_F32, 0, p->rows);
        bt_put_floats(data, t->steps, p->rows);
    }
}

static size_t data_size(const bt_model *m)
{
    size_t size = 0;
    for (size_t i = 0; i < m->params.tensor_count; i++) {
        const bt_param *p = &m->params.tensors[i];
        size_t n = p->rows * p->cols;
        size += p->kind == BT_DENSE ? 4 * n : p->kind == BT_TERNARY ? n / 4 + 4 : n + 4 * p->rows;
    }
    return size;
}

static bool list_tensors(tensor_list *list, const bt_model *m)
{
    size_t most = 2 * m->params.tensor_count;
    list->tensors = bt_region_alloc(&list->blocks, most, sizeof *list->tensors);
    list->names = bt_region_alloc(&list->blocks, most, sizeof *list->names);
    list->data = bt_region_alloc(&list->blocks, data_size(m), 1);
    if (list->blocks.failed) return false;
    for (size_t i = 0; i < m->params.tensor_count; i++) add_param(list, m, i);
    return true;
}

int bitllama_pack(const bitllama_model *model, const char *tokenizer, size_t tokenizer_size,
                  void *buffer, size_t capacity, size_t *size)
{
    if (!model || !size) return TTT_NULL_POINTER;
    if (!tokenizer) tokenizer = model->tokenizer, tokenizer_size = model->tokenizer_length;
    if (tokenizer_size > 0 && !bt_take_json_object(&tokenizer, &tokenizer_size))
        return TTT_INVALID_DATA;
    const bt_bitt_header header = {.config = {model->config_text, model->config_length},
                                   .tokenizer = {tokenizer, tokenizer_size},
                                   .summed = true};
    tensor_list list = {0};
    int status = TTT_OUT_OF_MEMORY;
    if (list_tensors(&list, model)) {
        const bt_model_file file = {
            .header = &header, .tensors = list.tensors, .count = list.count};
        status = bt_model_file_write(&file, buffer, capacity, size);
        if (status == TTT_OK && buffer) bt_model_file_seal(&file, buffer, *size);
    }
    bt_region_free(&list.blocks);
    return status;
}
