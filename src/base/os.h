/* os.h - the calls of the operating system that files need, as a table that tests can replace.
 *
 * Each returns a negative errno on failure. Only file.c uses it. There is none for WebAssembly.
 * SPDX-License-Identifier: MIT */
#ifndef BT_OS_H
#define BT_OS_H

#include <stddef.h>
#include <stdint.h>

typedef struct bt_os {
    /* A descriptor for reading; for a new file, which may not exist yet and gets the permissions
     * of the file `like` if that exists; for syncing a folder (-ENOSYS where that is not done). */
    int (*open)(const char *path);
    int (*create)(const char *path, const char *like);
    int (*open_folder)(const char *path);
    /* Bytes of a regular file; -EISDIR or -EINVAL for anything else. */
    int64_t (*size)(int file);
    /* How many bytes were transferred, which may be fewer than `size`; 0 at the end of a file. */
    int64_t (*read)(int file, void *bytes, size_t size);
    int64_t (*write)(int file, const void *bytes, size_t size);
    int (*sync)(int file);
    int (*close)(int file); /* the descriptor is gone even after a failure */
    /* Replaces `to`, at once. */
    int (*rename)(const char *from, const char *to);
    int (*remove)(const char *path);
} bt_os;

/* The real one. */
extern const bt_os bt_os_system;

#endif
