/* suggest_support.c - models with a tokenizer (suggest_support.h).
 * SPDX-License-Identifier: MIT */
#include "suggest_support.h"

#include "check.h"
#include "model_image.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By id; 0 is special. */
static const char *const tokens_by_id[VOCAB - 1] = {"<|endoftext|>",
                                                    "\n",
                                                    " ",
                                                    ".",
                                                    ",",
                                                    "'",
                                                    "a",
                                                    "b",
                                                    "c",
                                                    "d",
                                                    "e",
                                                    "f",
                                                    "g",
                                                    "h",
                                                    "i",
                                                    "j",
                                                    "k",
                                                    "l",
                                                    "m",
                                                    "n",
                                                    "o",
                                                    "p",
                                                    "q",
                                                    "r",
                                                    "s",
                                                    "t",
                                                    "u",
                                                    "v",
                                                    "w",
                                                    "x",
                                                    "y",
                                                    "z",
                                                    "T",
                                                    "W",
                                                    "K",
                                                    " w",
                                                    "al",
                                                    "nut",
                                                    " wal",
                                                    " the",
                                                    "the",
                                                    "\xc3",
                                                    "\xa9",
                                                    "s'",
                                                    " \xc3",
                                                    "t. ",
                                                    "\xe2\x80\x99"};

/* A byte as a byte-level BPE writes it, as an escape of JSON. */
static size_t put_symbol(char *out, uint8_t byte)
{
    unsigned symbol = byte;
    if (byte <= 0x20) symbol = 0x100u + byte;
    else if (byte >= 0x7f && byte <= 0xa0) symbol = 0x121u + (byte - 0x7fu);
    else if (byte == 0xad) symbol = 0x143;
    return (size_t)sprintf(out, "\\u%04x", symbol);
}

char *tokenizer_text(void)
{
    char *text = must_zero(8192);
    size_t at = (size_t)sprintf(
        text, "{\"added_tokens\": [{\"id\": 0, \"content\": \"<|endoftext|>\", \"special\": true}],"
              " \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\","
              " \"vocab\": {\"<|endoftext|>\": 0");
    for (size_t id = 1; id < VOCAB - 1; id++) {
        at += (size_t)sprintf(text + at, ", \"");
        for (const char *p = tokens_by_id[id]; *p; p++) at += put_symbol(text + at, (uint8_t)*p);
        at += (size_t)sprintf(text + at, "\": %zu", id);
    }
    strcpy(text + at, "}, \"merges\": []}}");
    return text;
}

bitllama_model *model_with(bt_mixer mixer, const char *tokenizer)
{
    bt_model_config c = config_of(mixer);
    weights w = make_weights(&c);
    image file = safetensors_of(&w, BT_DTYPE_F32, config_text(&c), tokenizer, NULL, NULL);
    bitllama_model *model = NULL;
    REQUIRE(bitllama_open(file.bytes, file.size, NULL, 0, &model, NULL) == TTT_OK);
    free(file.bytes);
    free_weights(&w);
    return model;
}

size_t encode(const char *text, uint32_t *tokens, size_t most)
{
    size_t count = 0;
    while (*text) {
        uint32_t best = 0;
        for (uint32_t id = 1; id < VOCAB - 1; id++) {
            size_t length = strlen(tokens_by_id[id]);
            if (strncmp(text, tokens_by_id[id], length) == 0 &&
                (best == 0 || length > strlen(tokens_by_id[best])))
                best = id;
        }
        REQUIRE(best > 0 && count < most);
        tokens[count++] = best;
        text += strlen(tokens_by_id[best]);
    }
    return count;
}

void read_text_of(bitllama_session *s, const char *text)
{
    uint32_t tokens[1024];
    size_t count = encode(text, tokens, 1024);
    CHECK_EQ(bitllama_session_read(s, tokens, count, NULL, NULL), TTT_OK);
}

bitllama_session *reader_of(bitllama_model *model, const char *text, uint32_t recall)
{
    bitllama_session *s = open_with(model, recall, 0);
    for (int i = 0; i < 6; i++) read_text_of(s, text);
    return s;
}

uint32_t suggest(const bitllama_session *s, const char *before, const char *typed, uint32_t count,
                 bitllama_suggestion *list)
{
    bitllama_suggesting o;
    uint32_t tokens[256], found = 99;
    size_t n = encode(before, tokens, 256);
    bitllama_suggesting_init(&o);
    o.count = count;
    o.min_probability = 0.0f;
    CHECK_EQ(bitllama_session_suggest(s, tokens, n, typed, strlen(typed), &o, list, &found),
             TTT_OK);
    CHECK(found <= count);
    return found;
}
