/* test_library.c - what is not about one layer: kernels and their override, status texts, version.
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* setenv */
#include "check.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The index of a kernel, or the number of kernels. */
static size_t index_of(const char *name)
{
    size_t i = 0;
    while (i < ttt_kernel_count() && strcmp(ttt_kernel_name(i), name) != 0) i++;
    return i;
}

static size_t first_usable(void)
{
    size_t i = 0;
    while (i < ttt_kernel_count() && !ttt_kernel_usable(i)) i++;
    return i;
}

/* Must run before anything sets a kernel: the environment the process began with has chosen. */
static void kernel_at_start(void)
{
    const char *wish = getenv("BIT_TTT_KERNEL"), *need = getenv("EXPECT_KERNEL");
    size_t named = wish ? index_of(wish) : ttt_kernel_count();
    check_note("active: %s, BIT_TTT_KERNEL: %s", ttt_kernel(), wish ? wish : "not set");
    REQUIRE(first_usable() < ttt_kernel_count());
    if (ttt_kernel_usable(named)) CHECK_EQ(index_of(ttt_kernel()), named);
    else CHECK_EQ(index_of(ttt_kernel()), first_usable());
    if (need) {
        check_context("EXPECT_KERNEL=%s active=%s", need, ttt_kernel());
        CHECK(strcmp(ttt_kernel(), need) == 0);
    }
}

static void kernel_list(void)
{
    size_t count = ttt_kernel_count();
    CHECK(count >= 1);
    CHECK(ttt_kernel_name(count) == NULL && ttt_kernel_name(SIZE_MAX) == NULL);
    CHECK_EQ(ttt_kernel_usable(count), 0);
    CHECK_EQ(ttt_kernel_usable(SIZE_MAX), 0);
    for (size_t i = 0; i < count; i++) {
        check_context("kernel=%s", ttt_kernel_name(i));
        CHECK_EQ(index_of(ttt_kernel_name(i)), i); /* no name twice */
    }
    CHECK_EQ(ttt_kernel_usable(count - 1), 1); /* the last one runs anywhere */
}

/* Every kernel by name: it is the one that runs, or the choice stays and an error says why. */
static void kernel_set(void)
{
    static const char *const unknown[] = {
        "",          "AVX2",  "avx", "avx2 ",
        "baseline2", "auto ", "sse", "a name that is longer than any that there will be"};
    for (size_t i = 0; i < ttt_kernel_count(); i++) {
        const char *before = ttt_kernel(), *name = ttt_kernel_name(i);
        check_context("kernel=%s", name);
        if (ttt_kernel_usable(i)) {
            CHECK_EQ(ttt_set_kernel(name), TTT_OK);
            CHECK(strcmp(ttt_kernel(), name) == 0);
        } else {
            CHECK_EQ(ttt_set_kernel(name), TTT_UNSUPPORTED_KERNEL);
            CHECK(strcmp(ttt_kernel(), before) == 0);
        }
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        const char *before = ttt_kernel();
        check_context("kernel=%s", unknown[i]);
        CHECK_EQ(ttt_set_kernel(unknown[i]), TTT_UNKNOWN_KERNEL);
        CHECK(strcmp(ttt_kernel(), before) == 0);
    }
    /* names of other architectures are not compiled in here, and must not crash */
    static const char *const all[] = {"avx512",  "avx2",    "neon",    "neon_dot",
                                      "simd128", "relaxed", "baseline"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        check_context("kernel=%s", all[i]);
        int status = ttt_set_kernel(all[i]);
        if (index_of(all[i]) == ttt_kernel_count()) CHECK_EQ(status, TTT_UNKNOWN_KERNEL);
        else CHECK(status == TTT_OK || status == TTT_UNSUPPORTED_KERNEL);
    }
    use_best_kernel();
}

/* "auto" asks the environment again: it may lower the level, never raise it, and a name that this
 * CPU does not run or nobody knows changes nothing. */
static void kernel_environment(void)
{
    const char *kept = getenv("BIT_TTT_KERNEL");
    char *restore = kept ? must_copy(kept, strlen(kept) + 1) : NULL;
    for (size_t i = 0; i < ttt_kernel_count(); i++) {
        check_context("BIT_TTT_KERNEL=%s", ttt_kernel_name(i));
        setenv("BIT_TTT_KERNEL", ttt_kernel_name(i), 1);
        CHECK_EQ(ttt_set_kernel("auto"), TTT_OK);
        CHECK_EQ(index_of(ttt_kernel()), ttt_kernel_usable(i) ? i : first_usable());
    }
    static const char *const odd[] = {"", "no such kernel", "auto", "AVX2"};
    for (size_t i = 0; i < 4; i++) {
        check_context("BIT_TTT_KERNEL=%s", odd[i]);
        setenv("BIT_TTT_KERNEL", odd[i], 1);
        CHECK_EQ(ttt_set_kernel("auto"), TTT_OK);
        CHECK_EQ(index_of(ttt_kernel()), first_usable());
    }
    if (restore) setenv("BIT_TTT_KERNEL", restore, 1);
    else unsetenv("BIT_TTT_KERNEL");
    free(restore);
    use_best_kernel();
}

/* One sentence each, all different; numbers that mean nothing share a fixed one. */
static void status_texts(void)
{
    static const int known[] = {TTT_OK,
                                TTT_NULL_POINTER,
                                TTT_DIMENSION_MISMATCH,
                                TTT_NON_FINITE,
                                TTT_INPUT_RANGE,
                                TTT_DIVERGED,
                                TTT_OUT_OF_MEMORY,
                                TTT_INVALID_CONFIG,
                                TTT_INVALID_WEIGHTS,
                                TTT_OVERLAP,
                                TTT_UNKNOWN_KERNEL,
                                TTT_UNSUPPORTED_KERNEL,
                                TTT_BUFFER_SIZE,
                                TTT_STATE_DAMAGED,
                                TTT_STATE_VERSION,
                                TTT_STATE_DIMENSIONS,
                                TTT_STATE_LEARNING_RATE,
                                TTT_STATE_OBJECTIVE,
                                TTT_STATE_WEIGHTS,
                                TTT_STATE_RECALL,
                                TTT_STATE_RULE,
                                TTT_INVALID_TOKEN,
                                TTT_INVALID_OPTION,
                                TTT_INVALID_PROBABILITY,
                                TTT_MODEL_FORMAT,
                                TTT_MODEL_VERSION,
                                TTT_MODEL_CONFIG,
                                TTT_MODEL_TENSOR,
                                TTT_MODEL_NON_FINITE,
                                TTT_CHECKPOINT,
                                TTT_INVALID_DATA,
                                TTT_PANIC};
    enum { COUNT = sizeof known / sizeof known[0] };
    const char *other = ttt_status_string(-1);
    REQUIRE(other != NULL && other[0]);
    for (int status = -300; status < 300; status++) {
        const char *text = ttt_status_string(status);
        size_t at = 0;
        while (at < COUNT && known[at] != status) at++;
        check_context("status=%d", status);
        REQUIRE(text != NULL);
        CHECK((strcmp(text, other) == 0) == (at == COUNT));
        CHECK(strlen(text) > 1 && strchr(text, '\n') == NULL);
        for (size_t i = 0; i < at && at < COUNT; i++)
            CHECK(strcmp(text, ttt_status_string(known[i])) != 0);
    }
    CHECK(strcmp(ttt_status_string(INT32_MAX), other) == 0);
    CHECK(strcmp(ttt_status_string(INT32_MIN), other) == 0);
}

static void version(void)
{
    CHECK(strcmp(ttt_version(), PROJECT_VERSION) == 0);
    int major, minor, patch;
    CHECK_EQ(sscanf(ttt_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}

/* The original's codes, which its callers have in their scripts. */
static void original_codes(void)
{
    CHECK_EQ(TTT_OK, 0);
    CHECK_EQ(TTT_NULL_POINTER, 1);
    CHECK_EQ(TTT_DIMENSION_MISMATCH, 2);
    CHECK_EQ(TTT_PANIC, 99);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"kernel_at_start", kernel_at_start}, {"kernel_list", kernel_list},
        {"kernel_set", kernel_set},           {"kernel_environment", kernel_environment},
        {"status_texts", status_texts},       {"version", version},
        {"original_codes", original_codes},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
