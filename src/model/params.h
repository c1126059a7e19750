/* params.h - the tensors of a model by name and shape: one list for files, models and training.
 *
 * In training one flat array holds all of them, so that the optimiser, clipping and checkpoints see
 * a single vector; every tensor starts there at a multiple of 16 floats.
 * SPDX-License-Identifier: MIT */
#ifndef BT_PARAMS_H
#define BT_PARAMS_H

#include "../base/alloc.h"
#include "config.h"

/* How a tensor is seen by the forward pass. */
typedef enum bt_kind {
    BT_DENSE,   /* as it is: norms, gates */
    BT_TERNARY, /* s clamp(round(w / s), -1, 1), s = mean |w| (BitNet b1.58, arXiv 2402.17764) */
    BT_ROW_INT8 /* int8 by each row's absmax: embedding, head */
} bt_kind;

typedef struct bt_param {
    size_t offset, rows, cols; /* row-major [rows][cols] */
    bt_kind kind;
    bool decayed;
    size_t layer; /* or BT_NO_LAYER */
    const char *name;
} bt_param;

#define BT_NO_LAYER SIZE_MAX
#define BT_NAME_SIZE 64u
void bt_param_name(const bt_param *t, char name[BT_NAME_SIZE]); /* "layers.0.norm1.weight" */

typedef struct bt_layer_tensors {
    size_t norm1, key, value, out, gates, bias; /* indices; key and out are down and up elsewhere */
    size_t norm2, gate, up, down;
} bt_layer_tensors;

typedef struct bt_params {
    bt_model_config config;
    bt_param *tensors;
    size_t tensor_count, floats;
    size_t embed, norm, head, head_bias;
    bt_layer_tensors *layers;
} bt_params;

/* Width of a layer's gates: keep and write of each head, rounded up for the kernels. */
static inline size_t bt_gate_stride(size_t heads)
{
    return (2 * heads + 15) / 16 * 16;
}

bool bt_params_init(bt_params *p, const bt_model_config *config); /* false: out of memory */
void bt_params_free(bt_params *p);
size_t bt_params_visit(const bt_params *p, bt_block_visitor visit); /* its blocks */
void bt_params_randomize(const bt_params *p, float *weights, uint64_t seed);

#endif
