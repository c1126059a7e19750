/* recall.h - a memory of sequences: what was read is remembered word for word, and at once.
 *
 * It holds the last N symbols, with an index of where each context of 1 to K symbols stood before.
 * What followed there, at the latest places (128 for one symbol, fewer for longer contexts), is
 * counted; the counts of each order are mixed, from the shortest context to the longest, into a
 * probability that the caller has from elsewhere (the base: a language model, say):
 *
 *     p_0 = base mixed with the counts of single symbols
 *     p_k = (1 - g) p_(k-1) + g ((count - d)+ + d kinds p_(k-1)) / total,    k = 1 .. K
 *
 * This is absolute discounting (Ney, Essen and Kneser 1994, Computer Speech & Language 8, section
 * 4), interpolated, with the update exclusion of PPM (Moffat 1990, IEEE Trans. Communications 38,
 * section III): orders below the highest that foresaw a symbol do not learn it. The weights g are
 * one for each order, number of places, number of different successors, how well the base has done
 * lately and, in orders K and K - 1, for how long the longest context has foreseen what came;
 * there d is smaller the longer it has. They begin at values fitted to mixed texts, and learn by
 * online expectation maximisation; they stay within [0.002, 0.985], so no sequence can make them
 * diverge, and no probability becomes 0 where the base's is not. Against the base alone, sequences
 * made to hurt (one symbol for ever, all different, alternations, passages broken where it costs
 * most) lost at most 0.035 nats a symbol over 20,000 symbols, and at no time more than 206 nats
 * beyond 0.04 a symbol, which is what the weights take to learn.
 *
 * Memory: 29 KB at first, and 4 bytes for each symbol of the vocabulary; from some 250 symbols on
 * 46 KB more, and 26 bytes for each symbol held (44 without a vocabulary), which grows by doubling
 * with what is read, up to N symbols and no further (N = 2^15: below 1 MB). Time for a symbol is
 * bounded; when the memory doubles, all that is held is indexed anew.
 *
 * Probabilities and saved states are equal to the last bit on every compiler and target.
 *
 * Threads: a recall is for one thread at a time. Failure: a call succeeds whole or changes nothing.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_RECALL_H
#define BIT_TTT_RECALL_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TTT_RECALL_MIN_CAPACITY 256u
#define TTT_RECALL_MAX_CAPACITY 4194304u
#define TTT_RECALL_MAX_ORDER 4u

typedef struct ttt_recall ttt_recall;

/* The options of a recall; fill it with ttt_recall_options_init, then change fields. */
typedef struct ttt_recall_options {
    uint32_t size;     /* sizeof(ttt_recall_options) */
    uint32_t vocab;    /* V: symbols are 0 to V - 1, V up to 2^24; 0: any 32-bit number (open) */
    uint32_t capacity; /* N, a power of two from TTT_RECALL_MIN_CAPACITY to .._MAX_CAPACITY */
    uint32_t order;    /* K, 1 to TTT_RECALL_MAX_ORDER */
} ttt_recall_options;

/* Defaults: an open vocabulary, 32768 symbols, order 4. NULL is fine. */
BT_API void ttt_recall_options_init(ttt_recall_options *options);

/* An empty recall; a copy; all forgotten, as after creation. The caller owns *recall; NULL on any
 * error. Errors: NULL_POINTER, INVALID_CONFIG, OUT_OF_MEMORY (create and clone). */
BT_API int ttt_recall_create(const ttt_recall_options *options, ttt_recall **recall);
BT_API int ttt_recall_clone(const ttt_recall *from, ttt_recall **recall);
BT_API int ttt_recall_reset(ttt_recall *recall);
BT_API void ttt_recall_destroy(ttt_recall *recall); /* NULL is fine */

BT_API uint64_t ttt_recall_symbols(const ttt_recall *recall); /* learned so far */
BT_API size_t ttt_recall_footprint(const ttt_recall *recall); /* bytes of memory */

/* The probability that `symbol` comes next. base is its probability without this memory, 0 to 1.
 * With an open vocabulary base is its probability among symbols that are new: that a new one comes
 * at all is learned here (1 gives the probability of "some symbol that is not held").
 * Errors: NULL_POINTER, INVALID_TOKEN, INVALID_PROBABILITY. */
BT_API int ttt_recall_probability(ttt_recall *recall, uint32_t symbol, float base,
                                  float *probability);
/* The same of all symbols: p [V] holds the base distribution, which sums to 1, and receives the
 * mixture. Each value is that of ttt_recall_probability to the last bit.
 * Errors: NULL_POINTER, INVALID_OPTION (an open vocabulary), INVALID_PROBABILITY (a NaN, a negative
 * value, or a sum that is not within 0.001 of 1; p is unchanged). */
BT_API int ttt_recall_distribution(ttt_recall *recall, float *p);

/* Learns that `symbol` came, whose base probability was `base`: remembers it and adapts the
 * weights. Errors: NULL_POINTER, INVALID_TOKEN, INVALID_PROBABILITY, OUT_OF_MEMORY. */
BT_API int ttt_recall_learn(ttt_recall *recall, uint32_t symbol, float base);
/* Lets `symbol` pass: it is context for what follows, and not remembered as what came.
 * Errors: NULL_POINTER, INVALID_TOKEN. */
BT_API int ttt_recall_pass(ttt_recall *recall, uint32_t symbol);

/* As ttt_state_size, ttt_save_state and ttt_load_state; the size grows with what is held. Errors:
 * NULL_POINTER; save: BUFFER_SIZE; load: STATE_DAMAGED, STATE_VERSION, STATE_RECALL (of another
 * vocabulary, capacity or order), OUT_OF_MEMORY. */
BT_API size_t ttt_recall_state_size(const ttt_recall *recall);
BT_API int ttt_recall_save(const ttt_recall *recall, void *buffer, size_t size);
BT_API int ttt_recall_load(ttt_recall *recall, const void *buffer, size_t size);

/* A hash over everything a recall does, the same on every target. Errors: NULL_POINTER,
 * OUT_OF_MEMORY. */
BT_API int ttt_recall_conformance_hash(uint64_t *hash);

#ifdef __cplusplus
}
#endif
#endif
