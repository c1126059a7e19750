/* error.c - fills the public error structure.
 * SPDX-License-Identifier: MIT */
#include "error.h"

#include <string.h>

#define SUBJECT_SHOWN 96u

static size_t append_subject(ttt_error *error, const char *subject, size_t length)
{
    size_t at = bt_append_cut(error->text, sizeof error->text, 0, subject, length, SUBJECT_SHOWN);
    return bt_append(error->text, sizeof error->text, at, ": ", 2);
}

int bt_error(ttt_error *error, int status, uint64_t offset, const char *subject, size_t length,
             const char *sentence)
{
    if (!error || status == TTT_OK) return status;
    *error = (ttt_error){.status = status, .offset = offset};
    size_t at = subject ? append_subject(error, subject, length) : 0;
    if (!sentence) sentence = ttt_status_string(status);
    bt_append(error->text, sizeof error->text, at, sentence, strlen(sentence));
    return status;
}

void bt_error_within(ttt_error *error, const char *file, size_t length)
{
    if (!error) return;
    char text[sizeof error->text];
    memcpy(text, error->text, sizeof text);
    size_t at = append_subject(error, file, length);
    bt_append(error->text, sizeof error->text, at, text, strlen(text));
}

int bt_error_of_io(ttt_error *error, const bt_io_error *from, uint64_t base)
{
    int status = from->code == BT_IO_OUT_OF_MEMORY ? TTT_OUT_OF_MEMORY : TTT_MODEL_FORMAT;
    return bt_error(error, status, base + from->offset, NULL, 0, from->text);
}
