/* layer_reference.h - the layer once more, in double precision and by the textbook.
 * SPDX-License-Identifier: MIT */
#ifndef LAYER_REFERENCE_H
#define LAYER_REFERENCE_H

#include "bit_ttt/ttt.h"

typedef struct reference_layer {
    size_t dim, small; /* D, d */
    double rate;
    ttt_objective objective;
    int8_t *down, *up; /* [D][d], [d][D] */
    double *w;         /* [d][d] */
    double *key;       /* [d]: the feature of the token before */
    /* Of the rule rls, by the textbook and without a bound on P: else NULL. */
    double *p, *gain, *reading; /* [d][d]; of the token before: [d], [d] */
    double forgetting, ridge;
} reference_layer;

/* With the weights and the settings of a layer, and an empty memory. */
reference_layer reference_create(const void *layer);
void reference_free(reference_layer *r);

/* Reads one token x [D]. residual [D] is output - input; returns the surprise. */
double reference_step(reference_layer *r, const float *x, double *residual);

#endif
