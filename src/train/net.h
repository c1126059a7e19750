/* net.h - a model in training: parameters, gradients and the buffers of one batch.
 * SPDX-License-Identifier: MIT */
#ifndef BT_NET_H
#define BT_NET_H

#include "../model/params.h"
#include "gemm.h"

/* What a layer's backward pass needs of its forward pass; all [tokens][...]. */
typedef struct bt_layer_cache {
    float *x1, *inv1, *n1;    /* input of the layer, its norm */
    float *q, *norms, *v, *r; /* memory: features, their lengths a head, values, readings */
    float *gates;             /* [tokens][2 * heads rounded up to 16]: keep, then write */
    float *checkpoints;       /* [seqs][heads][chunks][head * head] */
    float *x2, *inv2, *n2;    /* after the mixer */
    float *gate, *up, *h;     /* feed-forward */
} bt_layer_cache;

typedef struct bt_net {
    bt_params params;
    bt_exec exec;
    size_t seqs, length, tokens; /* batch shape */
    bool quantize;               /* false: all in f32, for gradient checks */
    float dropout;               /* share of the projections' inputs, below 1, and its draws */
    uint64_t dropout_seed;
    float *weights, *gradients; /* [floats] */
    float *effective;           /* [floats] what the forward pass uses */
    bt_ternary *packed;         /* [tensor_count], of ternary tensors */
    float *scales;              /* [tensor_count], likewise */
    bt_rows8 head;              /* its int8 rows, for the integer kernels */
    void *activations;          /* [tokens][max width] quantised, and for each token: */
    int32_t *sums;
    float *multipliers;
    bt_layer_cache *caches;
    float *x, *inv, *n, *dx; /* final stream, its norm; gradient of the stream */
    float *logits;           /* [BT_LOGIT_ROWS][vocab] */
    float *wide[4];          /* scratch [tokens][max width] */
    float *work;             /* [threads][memory work] */
    float *zeros;
    float *norm_sums;              /* [tokens / BT_NORM_BLOCK, rounded up][dim] */
    float *losses;                 /* [tokens] */
    const uint32_t *ids, *targets; /* [tokens], of the batch on its way */
} bt_net;

#define BT_LOGIT_ROWS 256u
#define BT_NORM_BLOCK 64u
#define BT_NO_TARGET UINT32_MAX /* a token without a loss */

/* net.c: buffers for batches of seqs x length tokens; false when out of memory. */
bool bt_net_init(bt_net *net, const bt_model_config *config, size_t seqs, size_t length,
                 size_t threads);
void bt_net_free(bt_net *net);
size_t bt_net_visit(const bt_net *net, bt_block_visitor visit); /* all its blocks */

/* Loss of one batch, mean nats over targets other than BT_NO_TARGET (counted into *count).
 * With gradient, adds scale * dLoss_sum / dw to gradients. */
double bt_net_run(bt_net *net, const uint32_t *ids, const uint32_t *targets, bool gradient,
                  float scale, size_t *count);

/* effective.c: effective, packed and scales <- weights */
void bt_net_refresh(bt_net *net);

/* ops.c: y [tokens][out] = or += quantised(x [tokens][in]) w^T */
void bt_linear(bt_net *net, size_t tensor, const float *x, float *y, bool accumulate);
/* dw += dy^T quantised(x); dx = or += dy w, if dx is not NULL */
void bt_linear_backward(bt_net *net, size_t tensor, const float *x, const float *dy, float *dx,
                        bool accumulate);
void bt_norm(bt_net *net, size_t tensor, const float *x, float *y, float *inverse);
void bt_norm_backward(bt_net *net, size_t tensor, const float *x, const float *inverse,
                      const float *dy, float *dx);

/* dropout.c: y [tokens][width] = x with a share of it zero; y may be x. The places are those before
 * a layer's two projections into the stream. */
void bt_dropout(const bt_net *net, uint32_t place, const float *x, float *y, size_t width);
static inline uint32_t bt_place_mixer(size_t layer)
{
    return (uint32_t)(2 * layer);
}
static inline uint32_t bt_place_mlp(size_t layer)
{
    return (uint32_t)(2 * layer + 1);
}

/* mixer.c: x2 = x1 + mixer(n1); backward: given dx = dL/dx2 adds dL/dn1 to dn (set). */
void bt_mixer_forward(bt_net *net, size_t layer);
void bt_mixer_backward(bt_net *net, size_t layer, const float *dx, float *dn);

#endif
