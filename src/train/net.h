/* net.h - a model in training: its parameters and gradients, the buffers of one batch, and the
 * operations on them. Not for two threads at a time; the operations themselves use the pool.
 * SPDX-License-Identifier: MIT */
#ifndef BT_NET_H
#define BT_NET_H

#include "../model/params.h"
#include "gemm.h"

/* What the backward pass of a layer needs of its forward pass; all [tokens][...]. */
typedef struct bt_layer_cache {
    float *x1, *inv1, *n1;    /* input of the layer, 1 / rms, RMSNorm */
    float *q, *norms, *v, *r; /* memory: features, their lengths before L2norm, values, readings */
    float *gates;             /* [tokens][2 * heads rounded up to 16]: keep, then write */
    float *checkpoints;       /* [seqs][heads][chunks][head * head]: the state before each chunk */
    float *x2, *inv2, *n2;    /* the same after the mixer */
    float *gate, *up, *h;     /* SwiGLU: its two inputs, its output */
} bt_layer_cache;

/* A ternary tensor as the integer kernels read it. */
typedef struct bt_packed {
    bt_ternary w;
    uint8_t *panels; /* of w, writable */
    float scale;
} bt_packed;

typedef struct bt_net {
    bt_params params;
    bt_exec exec;
    size_t seqs, length, tokens; /* a batch: sequences, tokens of each, and of all */
    bool quantize;               /* false: all in f32, for gradient checks */
    float dropout;               /* probability, below 1; 0: off */
    uint64_t dropout_seed;
    float *weights, *gradients; /* [params.floats] */
    float *effective;           /* [params.floats] the weights as the forward pass sees them */
    bt_packed *packed;          /* [tensor_count], set for ternary tensors */
    bt_rows8 head;              /* int8 rows of the head for the integer kernels, and its */
    uint8_t *head_panels;       /* arrays, writable */
    float *head_scales;
    void *activations; /* quantised [tokens][widest], and of each token: */
    int32_t *sums;
    float *multipliers;
    bt_layer_cache *caches; /* [layers] */
    float *x, *inv, *n,
        *dx;           /* output of the last layer, 1 / rms, RMSNorm; gradient of the stream */
    float *logits;     /* [BT_LOGIT_ROWS][vocab] */
    float *scratch[4]; /* [tokens][widest] */
    float *work;       /* [threads][bt_memory_work] */
    float *zeros;      /* [largest head] */
    float *norm_sums;  /* [ceil(tokens / BT_NORM_BLOCK)][dim] */
    float *losses;     /* [tokens] */
    bt_region blocks;  /* all of these arrays */
} bt_net;

#define BT_LOGIT_ROWS 256u      /* tokens whose logits are computed at a time */
#define BT_NORM_BLOCK 64u       /* tokens whose gradients of a norm's weights are summed together */
#define BT_NO_TARGET UINT32_MAX /* the target of a token that has no loss */

/* net.c: buffers for batches of seqs sequences of length tokens; false when out of memory. */
bool bt_net_init(bt_net *net, const bt_model_config *config, size_t seqs, size_t length,
                 size_t threads);
void bt_net_free(bt_net *net);

/* effective.c: computes effective, packed and head from the weights; after each change of them. */
void bt_net_refresh(bt_net *net);

/* pass.c: the loss of one batch: mean cross-entropy in nats of the *count targets that are not
 * BT_NO_TARGET. ids, targets: [tokens]. With gradient, adds scale times the gradient of the sum of
 * losses to gradients. */
double bt_net_run(bt_net *net, const uint32_t *ids, const uint32_t *targets, bool gradient,
                  float scale, size_t *count);

/* ops.c: y [tokens][rows] = or += quantised(x [tokens][cols]) w^T, w [rows][cols] being a tensor */
void bt_linear(bt_net *net, size_t tensor, size_t tokens, const float *x, float *y,
               bool accumulate);
/* dw += dy^T quantised(x); dx = or += dy w. Rounding passes gradients straight through (Bengio et
 * al. 2013, arXiv 1308.3432). */
void bt_linear_backward(bt_net *net, size_t tensor, size_t tokens, const float *x, const float *dy,
                        float *dx, bool accumulate);
/* y = RMSNorm(x) of all tokens, inverse [tokens] = 1 / rms; backward: adds to dx. */
void bt_norm(bt_net *net, size_t tensor, const float *x, float *y, float *inverse);
void bt_norm_backward(bt_net *net, size_t tensor, const float *x, const float *inverse,
                      const float *dy, float *dx);

/* dropout.c: y [tokens][width] = dropout(x); y may be x. Each site, which is the input of one of
 * the two projections of a layer into the residual stream, draws its own mask. */
void bt_dropout(const bt_net *net, uint32_t site, const float *x, float *y, size_t width);
static inline uint32_t bt_mixer_site(size_t layer)
{
    return (uint32_t)(2 * layer);
}
static inline uint32_t bt_mlp_site(size_t layer)
{
    return (uint32_t)(2 * layer + 1);
}

/* mixer.c: x2 = x1 + mixer(n1) of the layer's cache; backward: sets dn to dL/dn1, dx = dL/dx2. */
void bt_mixer_forward(bt_net *net, size_t layer);
void bt_mixer_backward(bt_net *net, size_t layer, const float *dx, float *dn);

#endif
