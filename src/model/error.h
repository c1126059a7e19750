/* error.h - fills the public error structure.
 * SPDX-License-Identifier: MIT */
#ifndef BT_ERROR_H
#define BT_ERROR_H

#include "../base/io_error.h"

#include <bit_ttt/base.h>

/* Fills `error` (NULL is fine) and returns the status. The subject, such as a tensor's name, may be
 * NULL or hold any bytes: what is not printable ASCII becomes '?', and a long one is cut. A NULL
 * sentence stands for the status's own. */
int bt_error(ttt_error *error, int status, uint64_t offset, const char *subject, size_t length,
             const char *sentence);
/* The same from a reader's error, whose offsets count from `base`. */
int bt_error_of_io(ttt_error *error, const bt_io_error *from, uint64_t base);
/* Puts the name of the file that an error is in, which may hold any bytes, before its text. */
void bt_error_within(ttt_error *error, const char *file, size_t length);

#endif
