/* check.h - the test harness: named cases, checks that print what they saw, one closing line.
 *
 * A test file lists its cases and calls check_main. Options: --quick (smaller sweeps, for
 * emulators), --list, and names of cases to run (all without any). A case that checks nothing
 * fails, so that no case passes by not running; one that cannot run here says so by check_skip.
 * SPDX-License-Identifier: MIT */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CHECK_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define CHECK_NORETURN __attribute__((noreturn))
#else
#define CHECK_PRINTF(text, first)
#define CHECK_NORETURN
#endif

typedef struct check_case {
    const char *name;
    void (*run)(void);
} check_case;

/* Runs the cases and prints "N passed, N failed"; the process's exit status. */
int check_main(int argc, char **argv, const check_case *cases, size_t count);

/* True under --quick. */
bool check_quick(void);

/* What the following checks are about ("kernel=avx2 rows=3"); printed with each failure. */
void check_context(const char *format, ...) CHECK_PRINTF(1, 2);

/* Names what this machine cannot run; the case then passes without checks. */
void check_skip(const char *format, ...) CHECK_PRINTF(1, 2);

/* Prints a line that is no verdict, such as a measured error. */
void check_note(const char *format, ...) CHECK_PRINTF(1, 2);

/* The functions behind the macros. */
bool check_that(bool ok, const char *file, int line, const char *text);
bool check_equal(int64_t a, int64_t b, const char *file, int line, const char *text);
bool check_bits(const void *a, const void *b, size_t bytes, const char *file, int line,
                const char *text);
bool check_at_most(double value, double limit, const char *file, int line, const char *text);
void check_leave_case(void) CHECK_NORETURN;

#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(a, b) check_equal((int64_t)(a), (int64_t)(b), __FILE__, __LINE__, #a " == " #b)
#define CHECK_SAME(a, b, bytes)                                                                    \
    check_bits((a), (b), (bytes), __FILE__, __LINE__, #a " same bytes as " #b)
#define CHECK_AT_MOST(value, limit)                                                                \
    check_at_most((value), (limit), __FILE__, __LINE__, #value " <= " #limit)
/* The rest of the case makes no sense without this. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!CHECK(condition)) check_leave_case();                                                 \
    } while (0)

#endif
