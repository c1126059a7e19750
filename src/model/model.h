/* model.h - an immutable model, packed for the kernels and shared by any number of sessions.
 * SPDX-License-Identifier: MIT */
#ifndef BT_MODEL_H
#define BT_MODEL_H

#include "../kernels/kernels.h"
#include "config.h"

typedef struct bt_model_linear {
    bt_ternary w;
    uint8_t *panels;
    float scale;
} bt_model_linear;

typedef struct bt_model_layer {
    float *norm1, *norm2;                   /* [dim] */
    bt_model_linear key, value, out;        /* key and out are down and up of the old mixers */
    float *gates, *bias;                    /* [2 heads rounded up to 16][dim], [the same] */
    bt_model_linear gate, up, down;
} bt_model_layer;

typedef struct bt_model {
    size_t references; /* changed with atomic builtins in model.c only */
    bt_model_config config;
    int8_t *embed;       /* [vocab][dim] */
    float *embed_steps;  /* [vocab] */
    bt_model_layer *layers;
    float *norm;         /* [dim] */
    bt_rows8 head;
    uint8_t *head_panels;
    float *head_scales;
    uint64_t fingerprint; /* of everything that decides an output */
} bt_model;

/* Where a model's tensors come from: f32, row-major, by name; NULL if there is none such. */
typedef const float *(*bt_tensor_source)(void *context, const char *name);

/* Takes the tensors of params.c's names. NULL when out of memory or a tensor is missing. */
bt_model *bt_model_build(const bt_model_config *config, bt_tensor_source source, void *context);
bt_model *bt_model_share(bt_model *m);
void bt_model_release(bt_model *m); /* NULL is fine */

#endif
