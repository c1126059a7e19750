/* file.c - reads files whole, and replaces them so that a crash leaves the old or the new one.
 * SPDX-License-Identifier: MIT */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "file.h"

#include "alloc.h"
#include "checked.h"
#include "os.h"

#include <errno.h>
#include <string.h>

#if defined(_WIN32)
#include <process.h>
#define SEPARATORS "/\\"
#else
#include <unistd.h>
#define SEPARATORS "/"
#endif

#if defined(BT_FAULT_INJECTION)
static const bt_os *os = &bt_os_system;
void bt_file_set_os(const bt_os *replacement)
{
    os = replacement ? replacement : &bt_os_system;
}
#else
static const bt_os *const os = &bt_os_system;
#endif

#define NAME_TRIES 100
enum { SUFFIX = 64 }; /* ".PID-NUMBER.tmp" */

/* `status` is a negative errno, or 0 if the system is not to blame. */
static int fail(bt_io_error *error, int code, const char *path, uint64_t offset, int64_t status)
{
    bt_io_fail_at(error, code, offset, "file", path, strlen(path));
    if (error) error->system = (int)-status;
    return code;
}

static int open_again(int (*opener)(const char *), const char *path)
{
    int file;
    do file = opener(path);
    while (file == -EINTR);
    return file;
}

/* All of `size` bytes, or up to the end of the file; how many, or a negative errno. */
static int64_t read_all(int file, uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        int64_t n = os->read(file, bytes + done, size - done);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        if (n == 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

static int read_open(int file, const char *path, size_t cap, uint8_t **bytes, size_t *size,
                     bt_io_error *error)
{
    int64_t length = os->size(file);
    if (length == -EISDIR || length == -EINVAL) return fail(error, BT_FILE_KIND, path, 0, length);
    if (length < 0) return fail(error, BT_FILE_READ, path, 0, length);
    if ((uint64_t)length > cap) return fail(error, BT_FILE_TOO_LARGE, path, cap, 0);

    /* One more byte than there should be tells a file that grows. */
    size_t room;
    *bytes = bt_add_size((size_t)length, 1, &room) ? bt_alloc(room, 1) : NULL;
    if (!*bytes) return fail(error, BT_IO_OUT_OF_MEMORY, path, 0, 0);
    int64_t done = read_all(file, *bytes, room);
    if (done == length) {
        *size = (size_t)length;
        return BT_IO_OK;
    }
    bt_free(*bytes);
    *bytes = NULL;
    if (done < 0) return fail(error, BT_FILE_READ, path, 0, done);
    return fail(error, BT_FILE_CHANGED, path, (uint64_t)done, 0);
}

int bt_file_read(const char *path, size_t cap, uint8_t **bytes, size_t *size, bt_io_error *error)
{
    *bytes = NULL;
    *size = 0;
    if (error) *error = (bt_io_error){0};
    int file = open_again(os->open, path);
    if (file == -EISDIR) return fail(error, BT_FILE_KIND, path, 0, file);
    if (file < 0) return fail(error, BT_FILE_OPEN, path, 0, file);
    int code = read_open(file, path, cap, bytes, size, error);
    os->close(file); /* nothing that was read depends on it */
    return code;
}

/* A replacement under way. */
typedef struct {
    const char *path;
    char *temporary; /* the name of the new file until it is complete */
    int folder;      /* or -ENOSYS */
    bt_io_error *error;
} replacement;

/* Bytes of the path up to its last separator, with it. */
static size_t folder_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && !strchr(SEPARATORS, path[length - 1])) length--;
    return length;
}

static size_t put_number(char *out, unsigned long number)
{
    char digits[24];
    size_t n = 0, length;
    do digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    for (length = 0; n > 0; length++) out[length] = digits[--n];
    return length;
}

/* The name's own memory makes its number: no other replacement under way in this process has it. */
static void name_temporary(const replacement *r, int tries)
{
    unsigned long number = (unsigned long)((uintptr_t)r->temporary / 16) + (unsigned long)tries;
    size_t at = strlen(r->path);
    memcpy(r->temporary, r->path, at);
    r->temporary[at++] = '.';
    at += put_number(r->temporary + at, (unsigned long)getpid());
    r->temporary[at++] = '-';
    at += put_number(r->temporary + at, number);
    memcpy(r->temporary + at, ".tmp", sizeof ".tmp");
}

/* A new file beside the old one, under a name that no other process or thread uses. */
static int create(const replacement *r)
{
    int file = -EEXIST;
    for (int tries = 0; file == -EEXIST && tries < NAME_TRIES; tries++) {
        name_temporary(r, tries);
        do file = os->create(r->temporary, r->path);
        while (file == -EINTR);
    }
    return file;
}

/* All of a part; 0, or a negative errno with *offset where it happened. */
static int64_t write_part(int file, const bt_file_part *part, uint64_t *offset)
{
    const uint8_t *bytes = part->bytes;
    for (size_t left = part->size; left > 0;) {
        int64_t n = os->write(file, bytes, left);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        if (n == 0) return -ENOSPC; /* or it would be tried for ever */
        bytes += n;
        left -= (size_t)n;
        *offset += (uint64_t)n;
    }
    return 0;
}

static int sync_again(int file)
{
    int status;
    do status = os->sync(file);
    while (status == -EINTR);
    return status;
}

/* The temporary file, complete and on the disk; on failure it may be there in part. */
static int write_temporary(const replacement *r, int file, const bt_file_part *parts, size_t count)
{
    uint64_t offset = 0;
    int code = BT_IO_OK;
    for (size_t i = 0; i < count && code == BT_IO_OK; i++) {
        int64_t status = write_part(file, parts + i, &offset);
        if (status < 0) code = fail(r->error, BT_FILE_WRITE, r->path, offset, status);
    }
    int status = code == BT_IO_OK ? sync_again(file) : 0;
    if (status < 0) code = fail(r->error, BT_FILE_SYNC, r->path, offset, status);
    status = os->close(file);
    /* Interrupted, it is closed all the same, and what it held is on the disk already. */
    if (code == BT_IO_OK && status < 0 && status != -EINTR)
        code = fail(r->error, BT_FILE_CLOSE, r->path, offset, status);
    return code;
}

static int replace(const replacement *r, const bt_file_part *parts, size_t count)
{
    int file = create(r);
    if (file < 0) return fail(r->error, BT_FILE_CREATE, r->path, 0, file);
    int code = write_temporary(r, file, parts, count), status = 0;
    if (code == BT_IO_OK) {
        do status = os->rename(r->temporary, r->path);
        while (status == -EINTR);
        if (status < 0) code = fail(r->error, BT_FILE_RENAME, r->path, 0, status);
    }
    if (code != BT_IO_OK) {
        while (os->remove(r->temporary) == -EINTR) continue;
        return code;
    }
    /* Not every file system can do this; then there is nothing more to be done. */
    status = r->folder >= 0 ? sync_again(r->folder) : 0;
    if (status < 0 && status != -EINVAL && status != -ENOTSUP)
        return fail(r->error, BT_FILE_FOLDER_SYNC, r->path, 0, status);
    return BT_IO_OK;
}

int bt_file_replace(const char *path, const bt_file_part *parts, size_t count, bt_io_error *error)
{
    if (error) *error = (bt_io_error){0};
    char *name = bt_alloc(strlen(path) + SUFFIX, 1);
    if (!name) return fail(error, BT_IO_OUT_OF_MEMORY, path, 0, 0);
    replacement r = {.path = path, .temporary = name, .error = error};
    /* The folder is opened first: later it would be too late for a failure. */
    size_t length = folder_length(path);
    memcpy(name, length > 0 ? path : ".", length > 0 ? length : 1);
    r.folder = open_again(os->open_folder, name);
    int code = r.folder < 0 && r.folder != -ENOSYS
        ? fail(error, BT_FILE_FOLDER, path, 0, r.folder)
        : replace(&r, parts, count);
    if (r.folder >= 0) os->close(r.folder);
    bt_free(name);
    return code;
}
