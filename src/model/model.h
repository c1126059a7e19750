/* model.h - an immutable model, packed for the kernels and shared by any number of sessions.
 * SPDX-License-Identifier: MIT */
#ifndef BT_MODEL_H
#define BT_MODEL_H

#include "../kernels/kernels.h"
#include "params.h"

/* The largest weight, scale or step of a model, so that nothing a session computes can overflow:
 * RMSNorm gives at most 2^7 2^10, a projection 2^14 2^10 times that, SwiGLU the square of it, the
 * down projection 2^26 times that, and 64 layers add up to 2^6 times that: 2^114. A memory grows at
 * most with the square root of the tokens read (src/ttt/layer.c), so after 2^48 of them it is below
 * 2^70. */
#define BT_WEIGHT_LIMIT 1024.0f
#define BT_MEMORY_LIMIT 0x1p70f

typedef struct bt_model_tensor {
    void *data;   /* dense: float [rows][cols]; ternary: panels; int8 rows: int8 [rows][cols], but
                     panels (bt_rows8) for the head */
    float *steps; /* int8 rows: w ~ q * step, [rows rounded up to 16] */
    bt_ternary w;
    float scale; /* ternary: w ~ code * scale; 1 where the convention has no scale */
} bt_model_tensor;

typedef struct bitllama_model {
    size_t references;            /* changed with atomic builtins in model.c only */
    struct bt_pieces *pieces;     /* NULL until they are asked for; set atomically in pieces.c */
    struct bt_suggest_room *room; /* changed atomically in suggest_room.c, with its bytes */
    size_t room_bytes;
    bt_params params;
    bt_model_tensor *tensors; /* [params.tensor_count] */
    bt_rows8 head;
    uint64_t parameters;
    uint64_t fingerprint; /* hash of everything that outputs depend on */
    char *tokenizer;      /* NULL without one */
    size_t tokenizer_length, config_length;
    char config_text[BT_CONFIG_TEXT];
    bt_region blocks; /* all that it points to */
} bt_model;

static inline const float *bt_model_dense(const bt_model *m, size_t tensor)
{
    return m->tensors[tensor].data;
}

/* A tensor as a file has it: in f32, or in the compact form of pack.c. */
typedef struct bt_tensor_data {
    const float *values;   /* f32 [rows][cols]; if NULL, the fields below: */
    const uint8_t *codes;  /* ternary: [rows][cols / 4], two bits each, code + 1, low bits first */
    const int8_t *rows;    /* int8 rows: [rows][cols] */
    const uint8_t *scales; /* f32 little-endian, [1] or [rows] */
} bt_tensor_data;

/* Reads tensor t: sets the fields that it has, valid until the next call. Returns a ttt_status. */
typedef int (*bt_tensor_source)(void *context, const bt_param *t, bt_tensor_data *out,
                                ttt_error *error);

/* Makes a model of a checked configuration and a checked tokenizer (length 0: none), which are
 * copied, and of the tensors that source reads. Returns a ttt_status and fills error. */
int bt_model_build(const bt_model_config *config, const char *tokenizer, size_t tokenizer_length,
                   bt_tensor_source source, void *context, bt_model **model, ttt_error *error);

/* A source whose context is the flat array of training, float [params.floats] (params.h). */
int bt_flat_source(void *context, const bt_param *t, bt_tensor_data *out, ttt_error *error);

#endif
