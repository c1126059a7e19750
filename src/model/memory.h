/* memory.h - the memories of a session, applied to the block of tokens in its buffers (session.h).
 * SPDX-License-Identifier: MIT */
#ifndef BT_MEMORY_H
#define BT_MEMORY_H

#include "session.h"

/* Floats of the tiles of all heads of a layer. */
size_t bt_memory_floats(const bt_model_config *c, size_t layer);

/* For rows 1 .. `tokens` of the buffers, in order: updates S with the token of the row before, unless
 * the session is frozen, and sets r = S q (equations: config.h). Needs q, v, gates and row 0 of r. */
void bt_memory_read(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens);

/* After bt_memory_read: adds the surprise of each token, |prediction - value|^2 / |value|^2, to
 * sums [tokens]. */
void bt_memory_surprise(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens,
                        float *sums);

/* Makes the pending update of reconstruct memories by the last token. That of the other memories
 * cannot be made yet: it needs the next token. */
void bt_memory_settle(bt_session *s);

#endif
