/* io_error.c - the sentences of errors.
 * SPDX-License-Identifier: MIT */
#include "io_error.h"

#include <stdbool.h>
#include <string.h>

#define SUBJECT_SHOWN 64u

const char *bt_io_text(int code)
{
#define SENTENCE(name, sentence) sentence,
    static const char *const sentences[] = {BT_IO_CODES(SENTENCE)};
#undef SENTENCE
    if (code == BT_IO_OK) return "ok";
    bool known = code > BT_IO_BEFORE_FIRST && code < BT_IO_CODE_END;
    return known ? sentences[code - BT_IO_BEFORE_FIRST - 1] : "unknown error";
}

size_t bt_append(char *out, size_t size, size_t at, const char *text, size_t length)
{
    for (size_t i = 0; i < length && at + 1 < size; i++) {
        char c = text[i];
        out[at++] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
    }
    out[at] = 0;
    return at;
}

size_t bt_append_cut(char *out, size_t size, size_t at, const char *text, size_t length,
                     size_t most)
{
    at = bt_append(out, size, at, text, length < most ? length : most);
    return length > most ? bt_append(out, size, at, "...", 3) : at;
}

int bt_io_fail_at(bt_io_error *error, int code, uint64_t offset, const char *kind,
                  const char *subject, size_t length)
{
    if (!error) return code;
    const char *sentence = bt_io_text(code);
    char *text = error->text;
    size_t at = 0;
    *error = (bt_io_error){.code = code, .offset = offset};
    if (kind) {
        at = bt_append(text, BT_IO_TEXT, at, kind, strlen(kind));
        at = bt_append(text, BT_IO_TEXT, at, " \"", 2);
        at = bt_append_cut(text, BT_IO_TEXT, at, subject, length, SUBJECT_SHOWN);
        at = bt_append(text, BT_IO_TEXT, at, "\": ", 3);
    }
    bt_append(text, BT_IO_TEXT, at, sentence, strlen(sentence));
    return code;
}

int bt_io_fail(bt_io_error *error, int code, uint64_t offset)
{
    return bt_io_fail_at(error, code, offset, NULL, NULL, 0);
}
