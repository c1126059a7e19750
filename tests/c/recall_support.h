/* recall_support.h - recalls to test: made, fed with texts, saved and compared.
 * SPDX-License-Identifier: MIT */
#ifndef RECALL_SUPPORT_H
#define RECALL_SUPPORT_H

#include "recall/recall.h"

/* An empty recall; leaves the case on failure. */
ttt_recall *open_recall(uint32_t vocab, uint32_t capacity, uint32_t order);

/* n symbols below vocab (0: of 32 bits), of which most come in passages that came before. Rare
 * symbols, long runs of one and single new ones are among them. */
void recall_text(uint64_t seed, uint32_t vocab, uint32_t *symbols, size_t n);

/* A base distribution p [vocab] that depends on `at`, exact in binary up to its sum: 1. */
void recall_base(uint32_t vocab, size_t at, float *p);

/* The base probability of a symbol at a place: as recall_base, or 1/2 in an open vocabulary. */
float recall_base_of(uint32_t vocab, size_t at, uint32_t symbol);

/* Feeds the symbols begin .. end - 1 with these bases; every fiftieth to fifty-third passes. */
void feed_recall(ttt_recall *r, const uint32_t *symbols, size_t begin, size_t end);

/* The saved state, which the caller frees. */
uint8_t *save_recall(const ttt_recall *r, size_t *size);

/* Checks that both save the same bytes, and foretell the same. */
void check_same_recall(ttt_recall *a, ttt_recall *b);

/* Checks what must be true of the ring, its counts and weights after any calls. */
void check_recall_invariants(const ttt_recall *r);

/* Gives a saved state the checksums of its bytes. */
void seal_recall(uint8_t *state, size_t size);

#endif
