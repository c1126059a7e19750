/* params.h - the tensors of a model by name and shape: one list for files, models and trainers.
 *
 * In training one flat array holds all of them, a single vector for optimiser, clipping and
 * checkpoints, in which every tensor begins at a multiple of 16 floats.
 * SPDX-License-Identifier: MIT */
#ifndef BT_PARAMS_H
#define BT_PARAMS_H

#include "../base/alloc.h"
#include "../recall/gates.h"
#include "config.h"

/* The form in which the forward pass uses a tensor. */
typedef enum bt_kind {
    BT_DENSE,   /* f32: norms, gates */
    BT_TERNARY, /* s clamp(round(w / s), -1, 1), s = mean |w| (BitNet b1.58, arXiv 2402.17764) */
    BT_ROW_INT8 /* int8, scaled by each row's absmax: embedding, head */
} bt_kind;

typedef struct bt_param {
    size_t offset, rows, cols; /* row-major [rows][cols] */
    bt_kind kind;
    bool decayed;     /* weight decay applies to it */
    size_t layer;     /* or BT_NO_LAYER */
    const char *name; /* without the layer's prefix */
} bt_param;

/* What the recall of a session begins with (session_recall.h), if a file has it: the tensor's name, and how many
 * numbers these are. */
#define BT_RECALL_NAME "recall.start"
#define BT_RECALL_START (BT_GATES + 2u)

#define BT_NO_LAYER SIZE_MAX
#define BT_NAME_SIZE 64u
void bt_param_name(const bt_param *t, char name[BT_NAME_SIZE]); /* "layers.0.norm1.weight" */

/* Indices in bt_params.tensors. */
typedef struct bt_layer_tensors {
    size_t norm1, key, value, out, gates, bias; /* value, gates and bias: induction only */
    size_t norm2, gate, up, down;
} bt_layer_tensors;

typedef struct bt_params {
    bt_model_config config;
    bt_param *tensors;           /* [tensor_count] */
    size_t tensor_count, floats; /* floats: size of the flat array */
    size_t embed, norm, head;    /* indices of tensors */
    size_t head_bias, recall;    /* where the configuration says that there are such */
    bt_layer_tensors *layers;    /* [config.layers] */
} bt_params;

/* Width of a layer's gates: keep and write of each head, rounded up to 16 for the kernels. */
static inline size_t bt_gate_stride(size_t heads)
{
    return (2 * heads + 15) / 16 * 16;
}

/* Lists the tensors of a model, in memory of the region; false when out of memory. */
bool bt_params_init(bt_params *p, const bt_model_config *config, bt_region *region);
/* Random start values for weights [p->floats], the same everywhere for one seed. */
void bt_params_randomize(const bt_params *p, float *weights, uint64_t seed);

#endif
