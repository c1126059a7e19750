/* test_file.c - whole files read and replaced: every call to the system fails, is interrupted or
 * falls short once, and the process dies at each; the old file stays until the new one is complete.
 *
 * Built against the readers with BT_FAULT_INJECTION.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "base/alloc.h"
#include "base/file.h"
#include "check.h"
#include "folder.h"
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The calls, as letters in a log: open o, create c, open_folder f, size z, read r, write w, sync s,
 * close x, rename n, remove u. Call number `at` returns `status` (negative), transfers half of what
 * it should (SHORT), nothing (NOTHING), or ends the process (DEATH), after half of it where it
 * transfers. */
enum { SHORT = 1, NOTHING = 2, DEATH = 3, NEVER = 1000000 };
static struct {
    int at, status, calls, open;
    char log[200], created[400];
} faults;

static void arm(int at, int status)
{
    faults.at = at;
    faults.status = status;
    faults.calls = 0;
    faults.open = 0;
    memset(faults.log, 0, sizeof faults.log);
}

/* The fault of this call, or 0. */
static int fault(char letter)
{
    if ((size_t)faults.calls + 1 < sizeof faults.log) faults.log[faults.calls] = letter;
    int status = faults.calls++ == faults.at ? faults.status : 0;
    bool transfers = letter == 'r' || letter == 'w';
    if (status == DEATH && !transfers) _exit(7);
    return status < 0 || transfers ? status : 0;
}

static int counted(int file)
{
    if (file >= 0) faults.open++;
    return file;
}

static int test_open(const char *path)
{
    int status = fault('o');
    return status ? status : counted(bt_os_system.open(path));
}

static int test_create(const char *path, const char *like)
{
    int status = fault('c');
    snprintf(faults.created, sizeof faults.created, "%s", path);
    return status ? status : counted(bt_os_system.create(path, like));
}

static int test_open_folder(const char *path)
{
    int status = fault('f');
    return status ? status : counted(bt_os_system.open_folder(path));
}

static int64_t test_size(int file)
{
    int status = fault('z');
    return status ? status : bt_os_system.size(file);
}

static int64_t test_read(int file, void *bytes, size_t size)
{
    int status = fault('r');
    if (status < 0) return status;
    if (status == NOTHING) return 0;
    return bt_os_system.read(file, bytes, status == SHORT ? (size + 1) / 2 : size);
}

static int64_t test_write(int file, const void *bytes, size_t size)
{
    int status = fault('w');
    if (status < 0) return status;
    if (status == NOTHING) return 0;
    int64_t n = bt_os_system.write(file, bytes, status != 0 ? (size + 1) / 2 : size);
    if (status == DEATH) _exit(7);
    return n;
}

static int test_sync(int file)
{
    int status = fault('s');
    return status ? status : bt_os_system.sync(file);
}

static int test_close(int file)
{
    int status = fault('x');
    bt_os_system.close(file); /* as on Linux, where it is closed even after EINTR */
    faults.open--;
    return status;
}

static int test_rename(const char *from, const char *to)
{
    int status = fault('n');
    return status ? status : bt_os_system.rename(from, to);
}

static int test_remove(const char *path)
{
    int status = fault('u');
    return status ? status : bt_os_system.remove(path);
}

static const bt_os test_os = {test_open, test_create, test_open_folder, test_size,   test_read,
                              test_write, test_sync,  test_close,       test_rename, test_remove};

static const char old_bytes[] = "the old file, which is longer than the new one is";
static const char new_bytes[] = "the new file, in parts";
enum { OLD = sizeof old_bytes - 1, NEW = sizeof new_bytes - 1 };

/* Replaces the file by new_bytes, in three parts of which one is empty. */
static int replace(const folder *f, bt_io_error *error)
{
    const bt_file_part parts[] = {{new_bytes, 5}, {NULL, 0}, {new_bytes + 5, NEW - 5}};
    return bt_file_replace(f->file, parts, 3, error);
}

static folder with_old_file(void)
{
    folder f = folder_make();
    folder_write(f.file, old_bytes, OLD);
    return f;
}

static void reads(void)
{
    folder f = with_old_file();
    uint8_t *bytes;
    size_t size;
    bt_io_error error;
    CHECK_EQ(bt_file_read(f.file, OLD, &bytes, &size, &error), BT_IO_OK);
    CHECK_EQ(size, OLD);
    CHECK_SAME(bytes, old_bytes, OLD);
    bt_free(bytes);
    CHECK_EQ(bt_file_read(f.file, OLD - 1, &bytes, &size, &error), BT_FILE_TOO_LARGE);
    CHECK(error.system == 0 && error.offset == OLD - 1);
    CHECK(bytes == NULL && size == 0);
    CHECK(strstr(error.text, "\": the file is larger than is allowed here") != NULL);
    folder_write(f.file, "", 0);
    CHECK_EQ(bt_file_read(f.file, 0, &bytes, &size, NULL), BT_IO_OK);
    CHECK(bytes != NULL && size == 0);
    bt_free(bytes);
    CHECK_EQ(bt_file_read(f.path, 100, &bytes, &size, &error), BT_FILE_KIND);
    CHECK_EQ(bt_file_read("/dev/null", 100, &bytes, &size, &error), BT_FILE_KIND);
    remove(f.file);
    CHECK_EQ(bt_file_read(f.file, 100, &bytes, &size, &error), BT_FILE_OPEN);
    CHECK_EQ(error.system, ENOENT);
    CHECK_EQ(mkfifo(f.file, 0600), 0); /* nobody will ever write to it */
    CHECK_EQ(bt_file_read(f.file, 100, &bytes, &size, &error), BT_FILE_KIND);
    CHECK_EQ(bt_live_allocations(), 0);
    folder_remove(&f);
}

static void replaces(void)
{
    folder f = folder_make();
    bt_io_error error;
    struct stat status;
    CHECK_EQ(replace(&f, &error), BT_IO_OK); /* where there was none */
    CHECK(folder_holds(f.file, new_bytes, NEW));
    folder_write(f.file, old_bytes, OLD);
    CHECK_EQ(chmod(f.file, 0600), 0);
    CHECK_EQ(replace(&f, NULL), BT_IO_OK);
    CHECK(folder_holds(f.file, new_bytes, NEW));
    CHECK(stat(f.file, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK_EQ(bt_file_replace(f.file, NULL, 0, &error), BT_IO_OK);
    CHECK(folder_holds(f.file, "", 0));
    CHECK_EQ(folder_count(&f), 1);

    char path[300];
    bt_file_part part = {new_bytes, NEW};
    snprintf(path, sizeof path, "%s/none/model", f.path);
    CHECK_EQ(bt_file_replace(path, &part, 1, &error), BT_FILE_FOLDER);
    CHECK_EQ(error.system, ENOENT);
    CHECK_EQ(bt_file_replace(f.path, &part, 1, &error), BT_FILE_RENAME); /* a folder is no file */
    CHECK_EQ(folder_count(&f), 1);
    snprintf(path, sizeof path, "%s/", f.path);
    CHECK_EQ(bt_file_replace(path, &part, 1, &error), BT_FILE_RENAME);
    CHECK_EQ(folder_count(&f), 1);
    CHECK_EQ(bt_live_allocations(), 0);

    /* A path without a folder is in the current one. */
    char here[1024];
    REQUIRE(getcwd(here, sizeof here) != NULL && chdir(f.path) == 0);
    CHECK_EQ(bt_file_replace("model", &part, 1, &error), BT_IO_OK);
    CHECK_EQ(chdir(here), 0);
    CHECK(folder_holds(f.file, new_bytes, NEW));
    folder_remove(&f);
}

/* A name that is taken, perhaps by a process that died, is left alone. */
static void taken_names(void)
{
    folder f = with_old_file();
    bt_io_error error;
    bt_file_set_os(&test_os);
    for (int tries = 1; tries <= 3; tries++) {
        arm(1, -EEXIST); /* the first creation; the second is another name */
        CHECK_EQ(replace(&f, &error), BT_IO_OK);
        CHECK(strncmp(faults.log, "fccww", 5) == 0);
    }
    bt_file_set_os(NULL);
    CHECK(folder_holds(f.file, new_bytes, NEW));
    CHECK_EQ(folder_count(&f), 1);
    folder_remove(&f);
}

/* New files are called after the old one, the process, and a number: the next if that is taken. */
static void names_of_new_files(void)
{
    folder f = with_old_file();
    bt_file_set_os(&test_os);
    for (int i = 0; i < 20; i++) {
        char expected[400];
        arm(NEVER, 0);
        CHECK_EQ(replace(&f, NULL), BT_IO_OK);
        const char *dash = strrchr(faults.created, '-');
        REQUIRE(dash != NULL);
        unsigned long number = strtoul(dash + 1, NULL, 10);
        CHECK(number >= 100); /* of several digits */
        snprintf(expected, sizeof expected, "%s.%ld-%lu.tmp", f.file, (long)getpid(), number);
        CHECK(strcmp(faults.created, expected) == 0);
    }
    bt_file_set_os(NULL);
    folder_remove(&f);
}

static int always_taken(const char *path, const char *like)
{
    (void)path;
    (void)like;
    faults.calls++;
    return -EEXIST;
}

static int refuse_rename(const char *from, const char *to)
{
    (void)from;
    (void)to;
    return -EIO;
}

static int interrupted_remove(const char *path)
{
    return faults.calls++ < 2 ? -EINTR : bt_os_system.remove(path);
}

/* Names are not tried for ever, and the new file is removed however often that is interrupted. */
static void giving_up(void)
{
    folder f = with_old_file();
    bt_os system = bt_os_system;
    bt_io_error error;
    bt_file_set_os(&system);
    arm(NEVER, 0);
    system.create = always_taken;
    CHECK_EQ(replace(&f, &error), BT_FILE_CREATE);
    CHECK_EQ(error.system, EEXIST);
    CHECK_EQ(faults.calls, 100);
    arm(NEVER, 0);
    system = bt_os_system;
    system.rename = refuse_rename;
    system.remove = interrupted_remove;
    CHECK_EQ(replace(&f, &error), BT_FILE_RENAME);
    CHECK_EQ(error.system, EIO);
    CHECK_EQ(faults.calls, 3);
    bt_file_set_os(NULL);
    CHECK(folder_holds(f.file, old_bytes, OLD));
    CHECK_EQ(folder_count(&f), 1);
    folder_remove(&f);
}

/* The order of calls that makes it safe: complete and synced before it takes the name, and the
 * folder synced after that. */
static void order_of_calls(void)
{
    folder f = with_old_file();
    bt_file_set_os(&test_os);
    arm(NEVER, 0);
    CHECK_EQ(replace(&f, NULL), BT_IO_OK);
    if (!CHECK(strcmp(faults.log, "fcwwsxnsx") == 0)) printf("  %s\n", faults.log);
    uint8_t *bytes;
    size_t size;
    arm(NEVER, 0);
    CHECK_EQ(bt_file_read(f.file, 100, &bytes, &size, NULL), BT_IO_OK);
    if (!CHECK(strcmp(faults.log, "ozrrx") == 0)) printf("  %s\n", faults.log);
    bt_free(bytes);
    bt_file_set_os(NULL);
    folder_remove(&f);
}

static const int statuses[] = {-EIO, -ENOSPC, -EISDIR, -EINTR, SHORT, NOTHING};
enum { STATUSES = sizeof statuses / sizeof *statuses };

/* What failing at the call with this letter gives when replacing; the k-th 's' or 'x' matters. */
static int replace_code(const char *log, int at, int status)
{
    bool last = strchr(log + at + 1, log[at]) == NULL; /* the folder's sync or close */
    if (status == -EINTR || status == SHORT) return BT_IO_OK;
    if (status == NOTHING) return log[at] == 'w' ? BT_FILE_WRITE : BT_IO_OK;
    switch (log[at]) {
    case 'f': return BT_FILE_FOLDER;
    case 'c': return BT_FILE_CREATE;
    case 'w': return BT_FILE_WRITE;
    case 's': return last ? BT_FILE_FOLDER_SYNC : BT_FILE_SYNC;
    case 'x': return last ? BT_IO_OK : BT_FILE_CLOSE;
    default: return BT_FILE_RENAME;
    }
}

static void replacing_with_faults(void)
{
    static const char log[] = "fcwwsxnsx";
    bt_file_set_os(&test_os);
    for (int at = 0; log[at]; at++) {
        for (size_t i = 0; i < STATUSES; i++) {
            folder f = with_old_file();
            bt_io_error error;
            arm(at, statuses[i]);
            int code = replace(&f, &error);
            check_context("call %d of %s returns %d", at, log, statuses[i]);
            CHECK_EQ(code, replace_code(log, at, statuses[i]));
            CHECK_EQ(error.code, code);
            if (code && statuses[i] < 0) CHECK_EQ(error.system, -statuses[i]);
            CHECK_EQ(error.offset, code && log[at] == 'w' ? (at == 2 ? 0 : 5) :
                     code == BT_FILE_SYNC || code == BT_FILE_CLOSE ? NEW : 0);
            bool replaced = code == BT_IO_OK || code == BT_FILE_FOLDER_SYNC;
            CHECK(folder_holds(f.file, replaced ? new_bytes : old_bytes, replaced ? NEW : OLD));
            CHECK_EQ(folder_count(&f), 1);
            CHECK_EQ(faults.open, 0);
            CHECK_EQ(bt_live_allocations(), 0);
            CHECK_EQ(replace(&f, &error), BT_IO_OK); /* and it works again */
            folder_remove(&f);
        }
    }
    bt_file_set_os(NULL);
}

/* After a failure the removal may be interrupted too, and where folders cannot be synced or opened
 * for that, nothing is wrong. */
static void odd_systems(void)
{
    static const struct {
        const char *log;
        int at, status, code;
    } table[] = {{"fcwwsxns", 7, -EINVAL, BT_IO_OK},
                 {"fcwwsxns", 7, -ENOTSUP, BT_IO_OK},
                 {"f", 0, -ENOSYS, BT_IO_OK}};
    bt_file_set_os(&test_os);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        folder f = with_old_file();
        bt_io_error error;
        arm(table[i].at, table[i].status);
        CHECK_EQ(replace(&f, &error), table[i].code);
        CHECK(strncmp(faults.log, table[i].log, strlen(table[i].log)) == 0);
        CHECK(folder_holds(f.file, new_bytes, NEW));
        CHECK_EQ(faults.open, 0);
        folder_remove(&f);
    }
    bt_file_set_os(NULL);
}

static int read_code(char letter, int status, bool first)
{
    if (status == -EINTR) return letter == 'z' ? BT_FILE_READ : BT_IO_OK;
    if (letter == 'x' || status == SHORT) return BT_IO_OK;
    if (status == NOTHING) return letter == 'r' && first ? BT_FILE_CHANGED : BT_IO_OK;
    if (status == -EISDIR && letter != 'r') return BT_FILE_KIND;
    return letter == 'o' ? BT_FILE_OPEN : BT_FILE_READ;
}

static void reading_with_faults(void)
{
    static const char log[] = "ozrrx";
    folder f = with_old_file();
    bt_file_set_os(&test_os);
    for (int at = 0; log[at]; at++) {
        for (size_t i = 0; i < STATUSES; i++) {
            uint8_t *bytes;
            size_t size;
            bt_io_error error;
            arm(at, statuses[i]);
            int code = bt_file_read(f.file, 1000, &bytes, &size, &error);
            check_context("call %d of %s returns %d", at, log, statuses[i]);
            CHECK_EQ(code, read_code(log[at], statuses[i], at == 2));
            CHECK_EQ(error.code, code);
            CHECK((bytes != NULL) == (code == BT_IO_OK));
            CHECK_EQ(size, code ? 0 : OLD);
            if (bytes) CHECK_SAME(bytes, old_bytes, OLD);
            bt_free(bytes);
            CHECK_EQ(faults.open, 0);
            CHECK_EQ(bt_live_allocations(), 0);
        }
    }
    bt_file_set_os(NULL);
    folder_remove(&f);
}

/* A file that is larger or smaller than it said. */
static int64_t wrong_size(int file)
{
    return bt_os_system.size(file) + faults.status;
}

static void changing_files(void)
{
    folder f = with_old_file();
    bt_os lying = bt_os_system;
    lying.size = wrong_size;
    bt_file_set_os(&lying);
    for (int by = -3; by <= 3; by++) {
        uint8_t *bytes;
        size_t size;
        faults.status = by;
        bt_io_error error;
        int code = bt_file_read(f.file, 1000, &bytes, &size, &error);
        size_t seen = by < 0 ? (size_t)(OLD + by + 1) : OLD; /* it looks for one byte more */
        CHECK_EQ(code, by ? BT_FILE_CHANGED : BT_IO_OK);
        CHECK(error.system == 0 && error.offset == (by ? seen : 0));
        CHECK((bytes == NULL) == (by != 0));
        bt_free(bytes);
    }
    bt_file_set_os(NULL);
    folder_remove(&f);
}

/* The process ends in each of its calls, a write half done: old or new, nothing between. */
static void death_at_every_call(void)
{
    static const char log[] = "fcwwsxnsx";
    for (int at = 0; log[at]; at++) {
        folder f = with_old_file();
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            bt_file_set_os(&test_os);
            arm(at, DEATH);
            replace(&f, NULL);
            _exit(0);
        }
        int status = 0;
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
        check_context("death at call %d", at);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
        bool replaced = at > 6;
        CHECK(folder_holds(f.file, replaced ? new_bytes : old_bytes, replaced ? NEW : OLD));
        CHECK_EQ(folder_count(&f), at > 1 && !replaced ? 2 : 1);
        CHECK_EQ(replace(&f, NULL), BT_IO_OK);
        CHECK(folder_holds(f.file, new_bytes, NEW));
        folder_remove(&f);
    }
}

static const check_case cases[] = {{"reads", reads},
                                   {"replaces", replaces},
                                   {"taken_names", taken_names},
                                   {"names_of_new_files", names_of_new_files},
                                   {"giving_up", giving_up},
                                   {"order_of_calls", order_of_calls},
                                   {"replacing_with_faults", replacing_with_faults},
                                   {"odd_systems", odd_systems},
                                   {"reading_with_faults", reading_with_faults},
                                   {"changing_files", changing_files},
                                   {"death_at_every_call", death_at_every_call}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
