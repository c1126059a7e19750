/* muon.h - the optimiser Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon).
 * SPDX-License-Identifier: MIT */
#ifndef BT_MUON_H
#define BT_MUON_H

#include "net.h"

/* Whether Muon updates this tensor: the matrices between activations. The rows of embedding and head
 * belong to single tokens, and stay with AdamW, as vectors do. */
static inline bool bt_muon_takes(const bt_param *p)
{
    return p->kind == BT_TERNARY;
}

/* Floats of scratch memory that a step needs. */
size_t bt_muon_work(const bt_params *p);

typedef struct bt_muon {
    float rate, momentum, decay, scale; /* scale multiplies the gradients (clipping) */
    float *work;                        /* [bt_muon_work] */
    double *squares;                    /* scratch of bt_squares for the largest tensor */
} bt_muon;

/* Updates those weights of the net from its gradients; moments [params.floats]. */
void bt_muon_step(const bt_muon *o, bt_net *net, float *moments);

#endif
