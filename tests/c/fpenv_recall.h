/* fpenv_recall.h - calls of recalls, and of sessions with recall, in the setting of the moment
 * (fpenv_calls.h), which keep what they gave.
 * SPDX-License-Identifier: MIT */
#ifndef FPENV_RECALL_H
#define FPENV_RECALL_H

#include <bit_ttt/llama.h>

/* Every ttt_recall_ function, called well and badly. */
void run_recalls(void);

/* A session with recall that reads, writes, draws, is forked, saved and loaded; ids [n], n at least
 * 60. */
void use_session_with_recall(bitllama_model *model, const uint32_t *ids, size_t n);

#endif
