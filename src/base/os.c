/* os.c - files by POSIX, and by what Windows has in its place.
 * SPDX-License-Identifier: MIT */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE /* F_FULLFSYNC */
#elif !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#if defined(_WIN32)
#include <io.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

/* No system takes more than this at a time; some refuse it. */
#define MOST ((size_t)1 << 30)

static size_t at_most(size_t size)
{
    return size < MOST ? size : MOST;
}

static int result(int value)
{
    return value < 0 ? -errno : value;
}

#if defined(_WIN32)

/* Paths are UTF-8; those of more than MAX_PATH characters are refused. */
static int widen(const char *path, wchar_t *wide)
{
    int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, MAX_PATH);
    return n > 0 ? 0 : -ENAMETOOLONG;
}

static int open_wide(const char *path, int flags)
{
    wchar_t wide[MAX_PATH];
    int code = widen(path, wide);
    if (code) return code;
    return result(_wopen(wide, flags | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE));
}

static int os_open(const char *path)
{
    return open_wide(path, _O_RDONLY);
}

static int os_create(const char *path, const char *like)
{
    (void)like; /* a new file inherits the folder's rights */
    return open_wide(path, _O_WRONLY | _O_CREAT | _O_EXCL);
}

static int os_open_folder(const char *path)
{
    (void)path;
    return -ENOSYS;
}

static int64_t os_size(int file)
{
    struct _stat64 status;
    if (_fstat64(file, &status) < 0) return -errno;
    return (status.st_mode & _S_IFMT) == _S_IFREG ? status.st_size : -EINVAL;
}

static int64_t os_read(int file, void *bytes, size_t size)
{
    return result(_read(file, bytes, (unsigned)at_most(size)));
}

static int64_t os_write(int file, const void *bytes, size_t size)
{
    return result(_write(file, bytes, (unsigned)at_most(size)));
}

static int os_sync(int file)
{
    return result(_commit(file));
}

static int os_close(int file)
{
    return result(_close(file));
}

static int os_rename(const char *from, const char *to)
{
    wchar_t old_name[MAX_PATH], new_name[MAX_PATH];
    int code = widen(from, old_name);
    if (code == 0) code = widen(to, new_name);
    if (code) return code;
    DWORD flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
    return MoveFileExW(old_name, new_name, flags) ? 0 : -EACCES;
}

static int os_remove(const char *path)
{
    wchar_t wide[MAX_PATH];
    int code = widen(path, wide);
    return code ? code : result(_wunlink(wide));
}

#else

static int os_open(const char *path)
{
    /* Without O_NONBLOCK a pipe in place of a file would wait for its other end. */
    return result(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

static int os_create(const char *path, const char *like)
{
    struct stat status;
    mode_t mode = 0666;
    if (stat(like, &status) == 0 && S_ISREG(status.st_mode)) mode = status.st_mode & 0777;
    return result(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
}

static int os_open_folder(const char *path)
{
    return result(open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY));
}

static int64_t os_size(int file)
{
    struct stat status;
    if (fstat(file, &status) < 0) return -errno;
    if (S_ISDIR(status.st_mode)) return -EISDIR;
    return S_ISREG(status.st_mode) ? (int64_t)status.st_size : -EINVAL;
}

static int64_t os_read(int file, void *bytes, size_t size)
{
    ssize_t n = read(file, bytes, at_most(size));
    return n < 0 ? -errno : n;
}

static int64_t os_write(int file, const void *bytes, size_t size)
{
    ssize_t n = write(file, bytes, at_most(size));
    return n < 0 ? -errno : n;
}

static int os_sync(int file)
{
#if defined(F_FULLFSYNC)
    /* There fsync only reaches the drive's cache; where this does not exist, fsync must do. */
    if (fcntl(file, F_FULLFSYNC) == 0) return 0;
#endif
    return result(fsync(file));
}

static int os_close(int file)
{
    return result(close(file));
}

static int os_rename(const char *from, const char *to)
{
    return result(rename(from, to));
}

static int os_remove(const char *path)
{
    return result(unlink(path));
}

#endif

const bt_os bt_os_system = {.open = os_open,
                            .create = os_create,
                            .open_folder = os_open_folder,
                            .size = os_size,
                            .read = os_read,
                            .write = os_write,
                            .sync = os_sync,
                            .close = os_close,
                            .rename = os_rename,
                            .remove = os_remove};
