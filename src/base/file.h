/* file.h - whole files: read with a cap, replaced at once. Not for WebAssembly.
 *
 * Paths are UTF-8 (bytes, where the system takes any). Interrupted calls are repeated, short ones
 * continued. Any thread may call; two that replace one file at a time leave it as one of them.
 * SPDX-License-Identifier: MIT */
#ifndef BT_FILE_H
#define BT_FILE_H

#include "io_error.h"

#include <stddef.h>
#include <stdint.h>

/* Reads a regular file of at most `cap` bytes. *bytes is to be freed by bt_free, also if *size is
 * 0; both are cleared on failure. BT_FILE_OPEN, _KIND, _TOO_LARGE, _READ, _CHANGED,
 * BT_IO_OUT_OF_MEMORY; `error` (NULL is fine) names the file and the system's error number. */
int bt_file_read(const char *path, size_t cap, uint8_t **bytes, size_t *size, bt_io_error *error);

/* What is to be in a file, in pieces that follow each other. */
typedef struct bt_file_part {
    const void *bytes;
    size_t size;
} bt_file_part;

/* Makes the parts the whole contents of `path`, so that at any moment, even if the process or the
 * machine stops, the file is the old or the new one: written beside it, brought to the disk, then
 * renamed. A new file in place of an old one keeps its permissions; a symbolic link is replaced,
 * not followed. After a failure the old file is as it was and nothing is left beside it, but for
 * BT_FILE_FOLDER_SYNC: then the new one is in place, and only a power failure may bring back the
 * old. A process that is killed may leave a file named like this one, then ".PID-NUMBER.tmp".
 * BT_FILE_FOLDER, _CREATE, _WRITE, _SYNC, _CLOSE, _RENAME, _FOLDER_SYNC, BT_IO_OUT_OF_MEMORY. */
int bt_file_replace(const char *path, const bt_file_part *parts, size_t count, bt_io_error *error);

#if defined(BT_FAULT_INJECTION)
#include "os.h"
/* Lets a test's calls take the place of the system's; NULL brings those back. */
void bt_file_set_os(const bt_os *os);
#endif

#endif
