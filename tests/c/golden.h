/* golden.h - one golden vector of the original engine, as read from a file.
 * SPDX-License-Identifier: MIT */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "json.h"

#include <stddef.h>
#include <stdint.h>

typedef struct golden {
    char name[64];
    size_t dim, small, seq_len; /* D, d */
    float inner_lr;
    int8_t *down, *up; /* [dim][small], [small][dim] */
    float *input;      /* [seq_len][dim] */
    size_t token_count;
    size_t *tokens;   /* [token_count]: whose rows are in output */
    float *output;    /* [token_count][dim] */
    double *residual; /* [seq_len]: |output - input|, NaN where the input held one */
    size_t entry_count;
    size_t *entries;  /* [entry_count]: indices into the final W, row-major */
    float *memory;    /* [entry_count] */
    double frobenius; /* |W| */
} golden;

/* A case of tests/golden/vectors.json, whose format tests/tools/golden.mjs describes. */
golden golden_from_packed(const json *item);

/* A file of the original collection. */
golden golden_from_original(const json *file, const char *name);

void golden_free(golden *g);

#endif
