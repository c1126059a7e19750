/* check.c - the test harness behind check.h.
 * SPDX-License-Identifier: MIT */
#include "check.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_PRINTED 8 /* failures of one case that are printed */

static struct {
    char context[256];
    uint64_t checks, failures;
    bool quick, skipped;
    const char *name;
    jmp_buf leave;
} state;

bool check_quick(void)
{
    return state.quick;
}

void check_context(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(state.context, sizeof state.context, format, args);
    va_end(args);
}

void check_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("  skip %s: ", state.name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    state.skipped = true;
}

void check_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("  note %s: ", state.name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

void check_leave_case(void)
{
    longjmp(state.leave, 1);
}

/* Counts a check; true if its failure is to be printed. */
static bool count(bool ok)
{
    state.checks++;
    if (ok) return false;
    return state.failures++ < MAX_PRINTED;
}

static void print_place(const char *file, int line, const char *text)
{
    printf("  %s:%d: failed: %s", file, line, text);
    if (state.context[0]) printf(" [%s]", state.context);
}

bool check_that(bool ok, const char *file, int line, const char *text)
{
    if (count(ok)) {
        print_place(file, line, text);
        printf("\n");
    }
    return ok;
}

bool check_equal(int64_t a, int64_t b, const char *file, int line, const char *text)
{
    if (count(a == b)) {
        print_place(file, line, text);
        printf(": %" PRId64 " and %" PRId64 "\n", a, b);
    }
    return a == b;
}

bool check_bits(const void *a, const void *b, size_t bytes, const char *file, int line,
                const char *text)
{
    const unsigned char *x = a, *y = b;
    bool same = bytes == 0 || memcmp(x, y, bytes) == 0;
    if (count(same)) {
        size_t at = 0;
        while (x[at] == y[at]) at++;
        print_place(file, line, text);
        printf(": byte %zu of %zu is %02x and %02x\n", at, bytes, x[at], y[at]);
    }
    return same;
}

bool check_at_most(double value, double limit, const char *file, int line, const char *text)
{
    bool ok = value <= limit; /* false for a NaN */
    if (count(ok)) {
        print_place(file, line, text);
        printf(": %.9g and %.9g\n", value, limit);
    }
    return ok;
}

static bool run_case(const check_case *one)
{
    state.checks = state.failures = 0;
    state.context[0] = 0;
    state.skipped = false;
    state.name = one->name;
    if (setjmp(state.leave) == 0) one->run();
    bool empty = state.checks == 0 && !state.skipped;
    bool ok = state.failures == 0 && !empty;
    printf("%s %s (%" PRIu64 " checks", ok ? "ok  " : "FAIL", one->name, state.checks);
    if (state.failures) printf(", %" PRIu64 " failed", state.failures);
    printf(empty ? ": it checked nothing)\n" : ")\n");
    fflush(stdout);
    return ok;
}

/* 1 if the command line asks for this case: it is named, or none is. */
static bool wanted(const char *name, int argc, char **argv)
{
    bool any = false;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') continue;
        any = true;
        if (strcmp(argv[i], name) == 0) return true;
    }
    return !any;
}

int check_main(int argc, char **argv, const check_case *cases, size_t count_of_cases)
{
    size_t passed = 0, failed = 0;
    bool list = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) state.quick = true;
        if (strcmp(argv[i], "--list") == 0) list = true;
    }
    for (size_t i = 0; i < count_of_cases; i++) {
        if (list) {
            printf("%s\n", cases[i].name);
        } else if (wanted(cases[i].name, argc, argv)) {
            if (run_case(&cases[i])) passed++;
            else failed++;
        }
    }
    if (list) return 0;
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed || passed == 0;
}
