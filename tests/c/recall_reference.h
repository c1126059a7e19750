/* recall_reference.h - a recall again, as its header defines it, without index, hashes and counts
 * that are kept: every look scans the history. In f32 with the same order of sums, for the comparison
 * of bits.
 * SPDX-License-Identifier: MIT */
#ifndef RECALL_REFERENCE_H
#define RECALL_REFERENCE_H

#include "recall/recall.h"

enum { REFERENCE_MOST = 20000 }; /* symbols that it can read */

typedef struct reference_recall {
    uint32_t vocab, capacity, order;
    size_t n; /* symbols in the history: */
    uint32_t history[REFERENCE_MOST + BT_ORDERS];
    uint8_t lowest[REFERENCE_MOST + BT_ORDERS]; /* the lowest order that learned it; 7: it passed */
    uint32_t waiting[BT_ORDERS];                /* passed since, the latest first */
    size_t waits;
    float weight[BT_ORDERS + 1][BT_SCORES][BT_RUNS][BT_LEVELS][BT_KINDS];
    uint32_t uses[BT_ORDERS + 1][BT_SCORES][BT_RUNS][BT_LEVELS][BT_KINDS];
    float score, fresh;
    uint32_t run, fresh_uses;
} reference_recall;

/* A new one, which the caller frees. */
reference_recall *reference_create(uint32_t vocab, uint32_t capacity, uint32_t order);
float reference_probability(reference_recall *r, uint32_t symbol, float base);
/* The same by the recursion of recall.h, in doubles. */
double reference_definition(reference_recall *r, uint32_t symbol, float base);
void reference_learn(reference_recall *r, uint32_t symbol, float base);
void reference_pass(reference_recall *r, uint32_t symbol);

#endif
