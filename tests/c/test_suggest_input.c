/* test_suggest_input.c - suggestions that cannot be made, each with its error and nothing changed; and
 * tokenizers of every kind.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "suggest_support.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORY "the walnut fell. the cat ate the walnut.\n"

static int ask(const bitllama_session *s, const char *typed, size_t size, uint32_t *found)
{
    bitllama_suggesting o;
    bitllama_suggestion list[3];
    bitllama_suggesting_init(&o);
    return bitllama_session_suggest(s, NULL, 0, typed, size, &o, list, found);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void wrong_options(const bitllama_session *s)
{
    bitllama_suggestion list[3], untouched[3];
    memset(list, 0x5a, sizeof list);
    memcpy(untouched, list, sizeof list);
    for (int i = 0; i < 8; i++) {
        bitllama_suggesting o;
        uint32_t found = 7;
        bitllama_suggesting_init(&o);
        if (i == 0) o.count = 0;
        if (i == 1) o.count = BITLLAMA_MAX_SUGGESTIONS + 1;
        if (i == 2) o.count = UINT32_MAX;
        if (i == 3) o.min_probability = NAN;
        if (i == 4) o.min_probability = -0.1f;
        if (i == 5) o.min_probability = 1.1f;
        if (i == 6) o.size--;
        if (i == 7) o.min_probability = INFINITY;
        check_context("options %d", i);
        CHECK_EQ(bitllama_session_suggest(s, NULL, 0, "w", 1, &o, list, &found),
                 TTT_INVALID_OPTION);
        CHECK_EQ(found, 0);
        CHECK_SAME(list, untouched, sizeof list);
    }
}

static void wrong_pointers(const bitllama_session *s)
{
    bitllama_suggesting o;
    bitllama_suggestion list[3];
    uint32_t token = VOCAB, found = 7;
    bitllama_suggesting_init(NULL);
    bitllama_suggesting_init(&o);
    CHECK_EQ(o.count, 3);
    CHECK_EQ(bitllama_session_suggest(NULL, NULL, 0, "w", 1, &o, list, &found), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_suggest(s, NULL, 1, "w", 1, &o, list, &found), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, NULL, 1, &o, list, &found), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, "w", 1, NULL, list, &found), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, "w", 1, &o, NULL, &found), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, "w", 1, &o, list, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_suggest(s, &token, 1, "w", 1, &o, list, &found), TTT_INVALID_TOKEN);
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, NULL, 0, &o, list, &found), TTT_OK);
    CHECK_EQ(found, 3);
}

static void wrong_letters(const bitllama_session *s)
{
    static const char *const wrong[] = {"\xff", "w\xc3", "\xed\xa0\x80", "\xc0\x80", "a\x80"};
    char typed[203];
    uint32_t found;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQ(ask(s, wrong[i], strlen(wrong[i]), &found), TTT_INVALID_DATA);
    memset(typed, 'w', sizeof typed);
    CHECK_EQ(ask(s, typed, 200, &found), TTT_OK);
    CHECK_EQ(ask(s, typed, 201, &found), TTT_INVALID_DATA);
    CHECK_EQ(found, 0);
    CHECK_EQ(ask(s, "a\0b", 3, &found), TTT_INVALID_DATA); /* no token has it */
    CHECK_EQ(found, 0);
}

static void arguments(void)
{
    char *tokenizer = tokenizer_text();
    bitllama_model *model = model_with(BT_INDUCTION, tokenizer);
    bitllama_session *s = reader_of(model, STORY, 512), *twin = NULL;
    CHECK_EQ(bitllama_session_fork(s, &twin), TTT_OK);
    wrong_options(s);
    wrong_pointers(s);
    wrong_letters(s);
    check_same_session(s, twin);
    bitllama_session_destroy(s);
    bitllama_session_destroy(twin);
    bitllama_release(model);
    free(tokenizer);
}

/* A long text before the cursor, and words without end in what was read. */
static void long_texts(void)
{
    char *tokenizer = tokenizer_text();
    bitllama_model *model = model_with(BT_INDUCTION, tokenizer);
    bitllama_session *s = open_with(model, 256, 0);
    static char letters[901];
    static uint32_t before[5000];
    bitllama_suggesting o;
    bitllama_suggestion list[32];
    uint32_t found;
    memset(letters, 'w', 900);
    for (int i = 0; i < 3; i++) read_text_of(s, letters);
    bitllama_suggesting_init(&o);
    o.count = 32;
    for (size_t i = 0; i < 5000; i++) before[i] = (uint32_t)(i * i % VOCAB);
    for (size_t size = 0; size <= 200; size += 40) {
        CHECK_EQ(bitllama_session_suggest(s, before, 5000, letters, size, &o, list, &found),
                 TTT_OK);
        for (uint32_t i = 0; i < found; i++) CHECK(list[i].length < sizeof list[i].text);
    }
    bitllama_session_destroy(s);
    bitllama_release(model);
    free(tokenizer);
}

/* ---- tokenizers ------------------------------------------------------------------------------ */

static int status_of(const char *tokenizer)
{
    bitllama_model *model = model_with(BT_INDUCTION, tokenizer);
    bitllama_session *s = open_with(model, 256, 0);
    uint32_t found = 7, token = 3;
    CHECK_EQ(bitllama_session_read(s, &token, 1, NULL, NULL), TTT_OK);
    int status = ask(s, "", 0, &found);
    CHECK_EQ(ask(s, "", 0, &found), status); /* and again */
    CHECK(status == TTT_OK || found == 0);
    bitllama_session_destroy(s);
    bitllama_release(model);
    return status;
}

#define LEVEL "\"pre_tokenizer\": {\"type\": \"ByteLevel\"}, "
#define WORDS "\"vocab\": {\"a\": 3, \"\\u0120b\": 4}"

static void good_tokenizers(void)
{
    static const char *const good[] = {
        "{" LEVEL "\"model\": {" WORDS "}}",
        "{\"model\": {" WORDS ", \"type\": \"BPE\"}, " LEVEL "\"added_tokens\": null}",
        "{\"decoder\": {\"type\": \"ByteLevel\"}, \"pre_tokenizer\": null, \"model\": {" WORDS "}}",
        "{\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"x\": [[]], \"type\": "
        "\"ByteLevel\"}]}, \"model\": {" WORDS "}}",
        "{" LEVEL "\"model\": {\"vocab\": {\"a\": 4000000000, \"b\": 1, \"\": 2}}}",
        "{" LEVEL "\"model\": {" WORDS
        "}, \"added_tokens\": [{\"id\": 5, \"content\": \"\\u00e9 x\"},"
        " {\"content\": \"\", \"id\": 99, \"more\": {\"a\": []}, \"special\": true}]}",
        "{" LEVEL
        "\"model\": {\"vocab\": {\"\xe6\x97\xa5\": 3, \"a\": 4}}}", /* stands for no byte */
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        check_context("%s", good[i]);
        CHECK_EQ(status_of(good[i]), TTT_OK);
    }
}

static void wrong_tokenizers(void)
{
    static const char *const wrong[] = {
        "{}",
        "{" LEVEL "\"model\": {}}",
        "{" LEVEL "\"model\": []}",
        "{" LEVEL "\"model\": {\"vocab\": [[\"a\", 0]]}}",
        "{" LEVEL "\"model\": {\"type\": \"Unigram\", " WORDS "}}",
        "{" LEVEL "\"model\": {\"type\": 3, " WORDS "}}",
        "{\"model\": {" WORDS "}}",
        "{\"pre_tokenizer\": {\"type\": \"Whitespace\"}, \"model\": {" WORDS "}}",
        "{\"pre_tokenizer\": \"ByteLevel\", \"model\": {" WORDS "}}",
        "{" LEVEL "\"model\": {\"vocab\": {\"a\": -1}}}",
        "{" LEVEL "\"model\": {\"vocab\": {\"a\": \"1\"}}}",
        "{" LEVEL "\"model\": {\"vocab\": {\"a\": 1e99}}}",
        "{" LEVEL "\"model\": {" WORDS "}, \"added_tokens\": [3]}",
        "{" LEVEL "\"model\": {" WORDS "}, \"added_tokens\": [{\"id\": 3}]}",
        "{" LEVEL "\"model\": {" WORDS "}, \"added_tokens\": [{\"id\": 0.5, \"content\": \"a\"}]}",
    };
    CHECK_EQ(status_of(NULL), TTT_INVALID_DATA);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        check_context("%s", wrong[i]);
        CHECK_EQ(status_of(wrong[i]), TTT_INVALID_DATA);
    }
}

/* The words of an added token that is no special one are text. */
static void added_tokens(void)
{
    bitllama_model *model =
        model_with(BT_INDUCTION, "{" LEVEL "\"model\": {" WORDS "}, \"added_tokens\": [{\"id\": 5, "
                                 "\"content\": \" \\u00e9x\"}, {\"id\": 6, \"content\": \".\"}]}");
    bitllama_session *s = open_with(model, 256, 0);
    static const uint32_t text[] = {3, 5, 6, 3, 5, 6, 3, 5, 6, 3, 5, 6, 3, 5, 6, 3, 5, 6};
    bitllama_suggesting o;
    bitllama_suggestion list[3];
    uint32_t found = 0;
    bitllama_suggesting_init(&o);
    CHECK_EQ(bitllama_session_read(s, text, 18, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_suggest(s, text, 1, "\xc3\xa9", 2, &o, list, &found), TTT_OK);
    CHECK(found > 0 && strcmp(list[0].text, "\xc3\xa9x") == 0);
    bitllama_session_destroy(s);
    bitllama_release(model);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"arguments", arguments},
        {"long_texts", long_texts},
        {"good_tokenizers", good_tokenizers},
        {"wrong_tokenizers", wrong_tokenizers},
        {"added_tokens", added_tokens},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
