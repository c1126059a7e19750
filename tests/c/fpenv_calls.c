/* fpenv_calls.c - settings of the floating-point environment, and calls within them.
 * SPDX-License-Identifier: MIT */
#include "fpenv_calls.h"

#include "check.h"
#include "support.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#if defined(__x86_64__)
/* Flush to zero and denormals are zero: 0x8040; rounding: 0x6000; what of 0x1f80 is not set traps: in the
 * last two all but what is inexact (src/ttt/matrix.c says why). */
#define DEFAULT 0x1f80u
static const unsigned settings[] = {DEFAULT,         0x1f80 | 0x8040 | 0x2000,
                                    0x1f80 | 0x4000, 0x1f80 | 0x8040 | 0x6000,
                                    0x1000,          0x1000 | 0x4000 | 0x8040};
static void set(unsigned to)
{
    _mm_setcsr(to);
}
static unsigned get(void)
{
    return _mm_getcsr() & ~0x3fu; /* without what has happened */
}
#elif defined(__aarch64__)
/* Flush to zero: bit 24; rounding: bits 22 and 23; traps, where there are some: bits 8 to 12. */
#define DEFAULT 0u
static const unsigned settings[] = {DEFAULT, 1u << 24 | 2u << 22, 1u << 22, 1u << 24 | 3u << 22};
static void set(unsigned to)
{
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)to));
}
static unsigned get(void)
{
    uint64_t now;
    __asm__ volatile("mrs %0, fpcr" : "=r"(now));
    return (unsigned)now;
}
#else
#define DEFAULT FE_TONEAREST
static const unsigned settings[] = {DEFAULT, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
static void set(unsigned to)
{
    fesetround((int)to);
}
static unsigned get(void)
{
    return (unsigned)fegetround();
}
#endif

static unsigned setting = DEFAULT; /* the one that calls are made in */
static char called[1 << 16];

void before_call(const char *call)
{
    if (!strstr(called, call) && strlen(called) + strlen(call) + 2 < sizeof called)
        strcat(strcat(called, call), "\n");
    check_context("%.200s in %04x", call, setting);
    set(setting);
}

void after_call(void)
{
    unsigned now = get();
    set(settings[0]);
    if (now != setting) CHECK_EQ(now, setting);
}

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} record;
static record out;

void keep(const void *bytes, size_t size)
{
    if (out.room < out.size + size) {
        out.room = 2 * (out.size + size);
        out.bytes = realloc(out.bytes, out.room);
        REQUIRE(out.bytes != NULL);
    }
    memcpy(out.bytes + out.size, bytes, size);
    out.size += size;
}

void keep_number(uint64_t number)
{
    keep(&number, sizeof number);
}

void compare_settings(void (*run)(void))
{
    record expected = {0};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        setting = settings[i];
        out = (record){0};
        run();
        check_context("setting %04x", setting);
        if (i == 0) {
            expected = out;
            continue;
        }
        CHECK_EQ(out.size, expected.size);
        if (out.size == expected.size) CHECK_SAME(out.bytes, expected.bytes, out.size);
        free(out.bytes);
    }
    free(expected.bytes);
    out = (record){0};
}

void check_all_called(const char *prefix)
{
    char *list = read_text(EXPORTS);
    size_t count = 0;
    REQUIRE(list != NULL);
    for (char *line = strtok(list, "\n"); line; line = strtok(NULL, "\n")) {
        char call[100];
        if (strncmp(line, prefix, strlen(prefix)) != 0) continue;
        snprintf(call, sizeof call, "%s(", line);
        check_context("%s is never called here", line);
        CHECK(strstr(called, call) != NULL);
        count++;
    }
    CHECK(count > 30);
    free(list);
}
