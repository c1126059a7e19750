/* net.h - a model in training: its parameters and gradients, the buffers of one batch, and the
 * operations on them. One thread at a time may use a net; its operations run on a pool.
 * SPDX-License-Identifier: MIT */
#ifndef BT_NET_H
#define BT_NET_H

#include "../model/params.h"
#include "gemm.h"

/* The results of a layer's forward pass that its backward pass needs; [tokens][...] unless noted. */
typedef struct bt_layer_cache {
    float *x1, *inv1, *n1;    /* input of the layer, 1 / rms, RMSNorm */
    float *q, *norms, *v, *r; /* memory: features, their norms before L2norm, values, readings */
    float *gates;             /* [tokens][2 * heads rounded up to 16]: keep, then write */
    float *chunk_states;      /* [seqs][heads][chunks][head * head]: the state before each chunk */
    float *x2, *inv2, *n2;    /* the same for the feed-forward: x2 = x1 + mixer(n1) */
    float *gate, *up, *h;     /* SwiGLU: its two inputs and its output */
} bt_layer_cache;

/* A ternary tensor in the layout of the integer kernels. */
typedef struct bt_packed {
    bt_ternary w;
    uint8_t *panels; /* those of w, writable */
    float scale;
} bt_packed;

typedef struct bt_net {
    bt_params params;
    bt_exec exec;
    size_t seqs, length, tokens; /* a batch: sequences, tokens of each, tokens in all */
    bool quantize;               /* false: all in f32, for gradient checks */
    float dropout;               /* probability, below 1; 0: no dropout */
    uint64_t dropout_seed;
    float *weights, *gradients; /* [params.floats] */
    float *effective;           /* [params.floats] the values that the forward pass uses: rounded */
    bt_packed *packed;          /* [tensor_count], set for ternary tensors */
    bt_rows8 head;              /* the head in int8 rows, for the integer kernels */
    uint8_t *head_panels;       /* the panels of head, writable */
    float *head_scales;         /* the scales of head, writable */
    void *activations;          /* [tokens][widest] quantised */
    int32_t *sums;              /* [tokens] of each token's activations */
    float *multipliers;         /* [tokens] */
    bt_layer_cache *caches;     /* [layers] */
    float *x, *inv, *n;         /* output of the last layer, its 1 / rms, its RMSNorm */
    float *dx;                  /* gradient of the residual stream */
    float *logits;              /* [BT_LOGIT_ROWS][vocab] */
    float *scratch[4];          /* [tokens][widest] */
    float *work;                /* [threads][bt_memory_work] */
    float *zeros;               /* [largest head] */
    float *norm_sums;           /* [ceil(tokens / BT_NORM_BLOCK)][dim] */
    float *losses;              /* [tokens] */
    bt_region blocks;           /* all of these arrays */
} bt_net;

#define BT_LOGIT_ROWS 256u      /* tokens whose logits are computed at a time */
#define BT_NORM_BLOCK 64u       /* tokens whose gradients of a norm's weights are summed together */
#define BT_NO_TARGET UINT32_MAX /* the target of a token that has no loss */

/* net.c: buffers for batches of seqs sequences of length tokens; false when out of memory. */
bool bt_net_init(bt_net *net, const bt_model_config *config, size_t seqs, size_t length,
                 size_t threads);
void bt_net_free(bt_net *net);

/* effective.c: computes effective, packed and head; to be called after each change of weights. */
void bt_net_refresh(bt_net *net);

/* pass.c: the loss of one batch: mean cross-entropy in nats of the *count targets that are not
 * BT_NO_TARGET. ids, targets: [tokens]. With gradient, adds scale times the gradient of the sum of
 * losses to gradients. */
double bt_net_run(bt_net *net, const uint32_t *ids, const uint32_t *targets, bool gradient,
                  float scale, size_t *count);

/* ops.c: y = quantised(x) w^T, or y += with `accumulate`; x [tokens][cols], y [tokens][rows], and
 * w [rows][cols] is the tensor. */
void bt_linear(bt_net *net, size_t tensor, size_t tokens, const float *x, float *y,
               bool accumulate);
/* dw += dy^T quantised(x); dx = dy w, or dx += with `accumulate`. Rounding passes gradients through
 * unchanged (the straight-through estimator; Bengio et al. 2013, arXiv 1308.3432). */
void bt_linear_backward(bt_net *net, size_t tensor, size_t tokens, const float *x, const float *dy,
                        float *dx, bool accumulate);
/* y = RMSNorm(x) of all tokens, inverse [tokens] = 1 / rms; the backward pass adds to dx. */
void bt_norm(bt_net *net, size_t tensor, const float *x, float *y, float *inverse);
void bt_norm_backward(bt_net *net, size_t tensor, const float *x, const float *inverse,
                      const float *dy, float *dx);

/* dropout.c: y [tokens][width] = dropout(x); y may be x. A site is the input of one of a layer's two
 * projections to the residual stream; each has a mask of its own. */
void bt_dropout(const bt_net *net, uint32_t site, const float *x, float *y, size_t width);
static inline uint32_t bt_mixer_site(size_t layer)
{
    return (uint32_t)(2 * layer);
}
static inline uint32_t bt_mlp_site(size_t layer)
{
    return (uint32_t)(2 * layer + 1);
}

/* mixer.c: x2 = x1 + mixer(n1) in the layer's cache; backward: from dx = dL/dx2, sets dn = dL/dn1. */
void bt_mixer_forward(bt_net *net, size_t layer);
void bt_mixer_backward(bt_net *net, size_t layer, const float *dx, float *dn);

#endif
