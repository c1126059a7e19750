/* fpenv_recall.c - calls of recalls and of sessions with recall (fpenv_recall.h).
 * SPDX-License-Identifier: MIT */
#include "fpenv_recall.h"

#include "base/bytes.h"
#include "check.h"
#include "fpenv_calls.h"
#include "recall_support.h"
#include "suggest_support.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = 40, TEXT = 600, MOST_LOGITS = 256 };

static void bad_recall_calls(ttt_recall *r, uint8_t *state, size_t size)
{
    ttt_recall_options o;
    ttt_recall *none;
    float p = 0, list[VOCABULARY];
    CALL(ttt_recall_options_init(&o));
    o.order = 7;
    GIVES(TTT_INVALID_CONFIG, ttt_recall_create(&o, &none));
    GIVES(TTT_INVALID_PROBABILITY, ttt_recall_probability(r, 1, NAN, &p));
    GIVES(TTT_INVALID_PROBABILITY, ttt_recall_learn(r, 1, -0x1p-140f));
    GIVES(TTT_INVALID_TOKEN, ttt_recall_learn(r, VOCABULARY, 0.5f));
    GIVES(TTT_INVALID_TOKEN, ttt_recall_pass(r, VOCABULARY));
    recall_base(VOCABULARY, 1, list);
    list[VOCABULARY - 1] = NAN;
    GIVES(TTT_INVALID_PROBABILITY, ttt_recall_distribution(r, list));
    list[VOCABULARY - 1] = INFINITY;
    GIVES(TTT_INVALID_PROBABILITY, ttt_recall_distribution(r, list));
    GIVES(TTT_NULL_POINTER, ttt_recall_conformance_hash(NULL));
    GIVES(TTT_BUFFER_SIZE, ttt_recall_save(r, state, size - 1));
    static const size_t floats[] = {64, 72, 108}; /* the score and two weights */
    for (size_t i = 0; i < 3; i++) {
        uint8_t *forged = must_copy(state, size);
        bt_put_u32(forged + floats[i], bits_of(NAN));
        seal_recall(forged, size);
        GIVES(TTT_STATE_DAMAGED, ttt_recall_load(r, forged, size));
        free(forged);
    }
}

/* Reads a text; base probabilities are denormal now and then. */
static void recall_a_text(ttt_recall *r, uint32_t vocab, const uint32_t *text)
{
    float p, list[VOCABULARY];
    for (size_t i = 0; i < TEXT; i++) {
        float base = i % 5 ? recall_base_of(VOCABULARY, i, text[i] % VOCABULARY) : 0x1p-130f;
        GIVES(TTT_OK, ttt_recall_probability(r, text[i], base, &p));
        keep(&p, sizeof p);
        if (i % 20 == 0 && vocab) {
            recall_base(VOCABULARY, i, list);
            list[3] = 0x1p-135f;
            list[4] = 1.5f / VOCABULARY;
            for (uint32_t k = 5; k < VOCABULARY; k++) list[k] = 0x1p-128f;
            list[i / 20 % 3] = 1.0f - list[0] - list[1] - list[2] - list[4] + list[i / 20 % 3];
            GIVES(TTT_OK, ttt_recall_distribution(r, list));
            keep(list, sizeof list);
        }
        if (i % 17 == 5) GIVES(TTT_OK, ttt_recall_pass(r, text[i]));
        else GIVES(TTT_OK, ttt_recall_learn(r, text[i], base));
    }
}

static void use_recall(uint32_t vocab, uint32_t order)
{
    ttt_recall_options o;
    ttt_recall *r = NULL, *twin = NULL;
    uint32_t text[TEXT];
    uint64_t number = 0;
    size_t size = 0;
    recall_text(order, vocab, text, TEXT);
    CALL(ttt_recall_options_init(&o));
    o = (ttt_recall_options){o.size, vocab, 256, order};
    GIVES(TTT_OK, ttt_recall_create(&o, &r));
    REQUIRE(r != NULL);
    recall_a_text(r, vocab, text);
    GIVES(TTT_OK, ttt_recall_clone(r, &twin));
    CALL(size = ttt_recall_state_size(r));
    uint8_t *state = must_zero(size);
    GIVES(TTT_OK, ttt_recall_save(r, state, size));
    keep(state, size);
    GIVES(TTT_OK, ttt_recall_load(twin, state, size));
    if (vocab) bad_recall_calls(twin, state, size);
    recall_a_text(twin, vocab, text);
    CALL(number = ttt_recall_symbols(twin));
    CALL(number += ttt_recall_footprint(twin));
    keep_number(number);
    GIVES(TTT_OK, ttt_recall_reset(r));
    recall_a_text(r, vocab, text);
    CALL(ttt_recall_destroy(r));
    CALL(ttt_recall_destroy(twin));
    free(state);
}

void run_recalls(void)
{
    uint64_t hash = 0;
    use_recall(VOCABULARY, 4);
    use_recall(0, 2);
    GIVES(TTT_OK, ttt_recall_conformance_hash(&hash));
    keep_number(hash);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void bad_session_loads(bitllama_session *s, uint8_t *state, size_t size)
{
    size_t at = size - (size_t)bt_get_u64(state + 40);
    uint8_t *forged = must_copy(state, size);
    bt_put_u32(forged + at, bits_of(NAN)); /* the sharpness */
    seal_recall(forged, size);             /* the session's header has its checksums there, too */
    GIVES(TTT_STATE_DAMAGED, bitllama_session_load(s, forged, size));
    bt_put_u32(forged + at, bits_of(1.0f));
    bt_put_u32(forged + at + 8, bits_of(NAN)); /* a bias */
    seal_recall(forged, size);
    GIVES(TTT_STATE_DAMAGED, bitllama_session_load(s, forged, size));
    free(forged);
}

/* The model has no tokenizer. */
static void bad_suggestions(const bitllama_session *s, const uint32_t *ids)
{
    bitllama_suggesting o;
    bitllama_suggestion list[3];
    uint32_t found = 7;
    CALL(bitllama_suggesting_init(&o));
    keep(&o, sizeof o);
    GIVES(TTT_INVALID_DATA, bitllama_session_suggest(s, ids, 3, "a", 1, &o, list, &found));
    o.min_probability = NAN;
    GIVES(TTT_INVALID_OPTION, bitllama_session_suggest(s, ids, 3, "a", 1, &o, list, &found));
    keep_number(found);
}

/* A model with a tokenizer: sessions with and without recall complete words. */
static void use_suggestions(void)
{
    static const char story[] = "the walnut fell. the cat ate the walnut.\n";
    static const char *const typed[] = {"", "w", "Wal"};
    bitllama_suggestion list[3];
    bitllama_suggesting o;
    uint32_t found = 0;
    char *tokenizer = tokenizer_text();
    bitllama_model *model = model_with(BT_INDUCTION, tokenizer);
    CALL(bitllama_suggesting_init(&o));
    for (uint32_t recall = 0; recall <= 256; recall += 256) {
        bitllama_session *s = reader_of(model, story, recall);
        for (size_t i = 0; i < 3; i++) {
            memset(list, 0, sizeof list);
            GIVES(TTT_OK, bitllama_session_suggest(s, NULL, 0, typed[i], strlen(typed[i]), &o, list,
                                                   &found));
            keep(list, sizeof list);
            keep_number(found);
        }
        bitllama_session_destroy(s);
    }
    bitllama_release(model);
    free(tokenizer);
}

void use_session_with_recall(bitllama_model *model, const uint32_t *ids, size_t n)
{
    bitllama_session_options o;
    bitllama_sampling sampling;
    bitllama_session *s = NULL, *twin = NULL;
    bitllama_config config;
    float *logprobs = must_alloc(n * sizeof *logprobs), logits[MOST_LOGITS];
    uint32_t token = 0;
    size_t size = 0;
    bitllama_get_config(model, &config);
    REQUIRE(config.vocab_size <= MOST_LOGITS && n >= 60);
    CALL(bitllama_session_options_init(&o));
    o.recall = 3;
    GIVES(TTT_INVALID_OPTION, bitllama_session_create_with(model, &o, &s));
    o.recall = 256;
    GIVES(TTT_OK, bitllama_session_create_with(model, &o, &s));
    GIVES(TTT_NULL_POINTER, bitllama_session_reserve(NULL, 1));
    GIVES(TTT_OK, bitllama_session_reserve(s, 3 * n));
    for (int round = 0; round < 3; round++) {
        GIVES(TTT_OK, bitllama_session_read(s, ids, n, logprobs, NULL));
        keep(logprobs, n * sizeof *logprobs);
        GIVES(TTT_OK, bitllama_session_write(s, ids, 20));
        GIVES(TTT_OK, bitllama_session_logits(s, logits));
        keep(logits, config.vocab_size * sizeof *logits);
    }
    CALL(bitllama_sampling_init(&sampling));
    for (sampling.seed = 1; sampling.seed < 9; sampling.seed++) {
        GIVES(TTT_OK, bitllama_session_draw(s, &sampling, &token));
        keep(&token, sizeof token);
    }
    GIVES(TTT_OK, bitllama_session_fork(s, &twin));
    CALL(size = bitllama_session_state_size(s));
    uint8_t *state = must_zero(size);
    GIVES(TTT_OK, bitllama_session_save(s, state, size));
    keep(state, size);
    GIVES(TTT_OK, bitllama_session_load(twin, state, size));
    bad_session_loads(twin, state, size);
    GIVES(TTT_OK, bitllama_session_read(twin, ids, 60, logprobs, NULL));
    keep(logprobs, 60 * sizeof *logprobs);
    bad_suggestions(s, ids);
    use_suggestions();
    GIVES(TTT_OK, bitllama_session_reset(s));
    GIVES(TTT_OK, bitllama_session_logits(s, logits));
    keep(logits, config.vocab_size * sizeof *logits);
    CALL(bitllama_session_destroy(s));
    CALL(bitllama_session_destroy(twin));
    free(logprobs);
    free(state);
}
