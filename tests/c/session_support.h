/* session_support.h - sessions with recall to test: made, saved and compared.
 * SPDX-License-Identifier: MIT */
#ifndef SESSION_SUPPORT_H
#define SESSION_SUPPORT_H

#include "model_support.h"

/* A small model and tokens for it. */
typedef struct subject {
    weights w;
    bitllama_model *model;
    uint32_t ids[TOKENS];
} subject;
subject make_subject(bt_mixer mixer);
void free_subject(subject *x);

/* A session with these options; leaves the case on failure. */
bitllama_session *open_with(bitllama_model *model, uint32_t recall, uint32_t generated);

/* The saved state, which the caller frees. */
uint8_t *save_session(const bitllama_session *s, size_t *size);

/* Checks that both save the same bytes and expect the same. */
void check_same_session(bitllama_session *a, bitllama_session *b);

#endif
