/* memory.h - what a session's memories do with a block of tokens.
 * SPDX-License-Identifier: MIT */
#ifndef BT_MEMORY_H
#define BT_MEMORY_H

#include "session.h"

/* Floats of all heads of a layer's memory. */
size_t bt_memory_floats(const bt_model_config *c, size_t layer);

/* Fills rows 1 .. tokens of r from those of q, v and gates; S learns unless frozen. */
void bt_memory_read(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens);

/* After that: adds |prediction - value|^2 / |value|^2 of each token to sums [tokens]. */
void bt_memory_surprise(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens,
                        float *sums);

/* Stores the last token in memories that would do so with the next (reconstruct). */
void bt_memory_settle(bt_session *s);

#endif
