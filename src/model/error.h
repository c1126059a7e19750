/* error.h - fills the public error structure.
 * SPDX-License-Identifier: MIT */
#ifndef BT_ERROR_H
#define BT_ERROR_H

#include "../base/io_error.h"

#include <bit_ttt/base.h>

/* Fills `error` (NULL is fine) with "subject: sentence" and returns the status. The subject, such
 * as the name of a tensor, may be NULL, and hold any bytes. A NULL sentence stands for that of the
 * status. */
int bt_error(ttt_error *error, int status, uint64_t offset, const char *subject, size_t length,
             const char *sentence);
/* The same from an error of a reader whose offsets count from `base`. */
int bt_error_of_io(ttt_error *error, const bt_io_error *from, uint64_t base);
/* Puts the name of a file, which may hold any bytes, before the text. */
void bt_error_within(ttt_error *error, const char *file, size_t length);

#endif
