/* memory.h - the memories of a session, for a block of tokens in its buffers (session.h).
 * SPDX-License-Identifier: MIT */
#ifndef BT_MEMORY_H
#define BT_MEMORY_H

#include "session.h"

/* Floats of the tiles of all heads of a layer. */
size_t bt_memory_floats(const bt_model_config *c, size_t layer);

/* For tokens 1 .. tokens of the buffers, in order: updates S with the token before, unless the
 * session is frozen, and sets r = S q. Needs q, r of row 0, v and gates (config.h has the
 * equations). */
void bt_memory_read(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens);

/* After bt_memory_read: adds |prediction - value|^2 / |value|^2 of each token to sums [tokens]. */
void bt_memory_surprise(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens,
                        float *sums);

/* Carries out the pending update of the last token, which reconstruct memories would make with the
 * next one. The others need the next token for theirs. */
void bt_memory_settle(bt_session *s);

#endif
