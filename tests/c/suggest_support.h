/* suggest_support.h - a small model with a tokenizer, for the tests of suggestions.
 * SPDX-License-Identifier: MIT */
#ifndef SUGGEST_SUPPORT_H
#define SUGGEST_SUPPORT_H

#include "session_support.h"

/* The tokenizer.json: byte-level BPE, in which "walnut" may be cut as " wal" + "nut", " w" + "al" +
 * "nut" and by letters. Of VOCAB ids the last has no token. The caller frees it. */
char *tokenizer_text(void);

/* A random model with a tokenizer (NULL: none), from a file made in memory; leaves the case on
 * failure. */
bitllama_model *model_with(bt_mixer mixer, const char *tokenizer);

/* The tokens of a text, the longest first; returns their number, at most `most`. */
size_t encode(const char *text, uint32_t *tokens, size_t most);

/* Reads a text. */
void read_text_of(bitllama_session *s, const char *text);

/* A session that has read a text, which the caller destroys. */
bitllama_session *reader_of(bitllama_model *model, const char *text, uint32_t recall);

/* `count` suggestions of any probability; returns how many were found. */
uint32_t suggest(const bitllama_session *s, const char *before, const char *typed, uint32_t count,
                 bitllama_suggestion *list);

#endif
