/* error.c - fills the public error structure.
 * SPDX-License-Identifier: MIT */
#include "error.h"

#include <string.h>

#define SUBJECT_SHOWN 96u

static size_t append(ttt_error *error, size_t at, const char *text, size_t length)
{
    for (size_t i = 0; i < length && at + 1 < sizeof error->text; i++) {
        char c = text[i];
        error->text[at++] = c >= 0x20 && c < 0x7f ? c : '?';
    }
    error->text[at] = 0;
    return at;
}

static size_t append_subject(ttt_error *error, size_t at, const char *subject, size_t length)
{
    size_t shown = length < SUBJECT_SHOWN ? length : SUBJECT_SHOWN;
    at = append(error, at, subject, shown);
    if (shown < length) at = append(error, at, "...", 3);
    return append(error, at, ": ", 2);
}

int bt_error(ttt_error *error, int status, uint64_t offset, const char *subject, size_t length,
             const char *sentence)
{
    if (!error || status == TTT_OK) return status;
    size_t at = 0;
    *error = (ttt_error){.status = status, .offset = offset};
    if (subject) at = append_subject(error, at, subject, length);
    if (!sentence) sentence = ttt_status_string(status);
    append(error, at, sentence, strlen(sentence));
    return status;
}

void bt_error_within(ttt_error *error, const char *file, size_t length)
{
    if (!error) return;
    char text[sizeof error->text];
    memcpy(text, error->text, sizeof text);
    append(error, append_subject(error, 0, file, length), text, strlen(text));
}

int bt_error_of_io(ttt_error *error, const bt_io_error *from, uint64_t base)
{
    int status = from->code == BT_IO_OUT_OF_MEMORY ? TTT_OUT_OF_MEMORY : TTT_MODEL_FORMAT;
    return bt_error(error, status, base + from->offset, NULL, 0, from->text);
}
