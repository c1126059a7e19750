/* test_conformance.c - the conformance hashes, of the layer and of the language model, on every
 * usable kernel against the constants that all machines share, tests/golden.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include "bit_ttt/llama.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t expected_in(const char *file)
{
    char *text = read_text(file), extra;
    uint64_t hash = 0;
    REQUIRE(text != NULL);
    REQUIRE(strspn(text, "0123456789abcdef") == 16);
    REQUIRE(sscanf(text, "%" SCNx64 " %c", &hash, &extra) == 1);
    free(text);
    return hash;
}

static uint64_t expected_hash(void)
{
    return expected_in(GOLDEN_FOLDER "/conformance.txt");
}

/* Each line "hash KERNEL HASH" is what scripts compare between machines. */
static void every_kernel(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    uint64_t expected = expected_hash();
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = 0;
        use_kernel(names[i]);
        check_context("kernel=%s expected=%016" PRIx64, names[i], expected);
        CHECK_EQ(ttt_conformance_hash(&hash), TTT_OK);
        printf("  hash %s %016" PRIx64 "\n", ttt_kernel(), hash);
        CHECK(hash == expected);
    }
    use_best_kernel();
}

/* The kernel that the environment or the CPU chose, before any test chooses one. */
static void active_kernel(void)
{
    uint64_t hash = 0;
    CHECK_EQ(ttt_conformance_hash(&hash), TTT_OK);
    printf("  active %s %016" PRIx64 "\n", ttt_kernel(), hash);
    CHECK(hash == expected_hash());
}

/* The lines begin with "model", as its hash is another number. */
static void language_model(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    uint64_t expected = expected_in(GOLDEN_FOLDER "/llama.txt");
    CHECK_EQ(bitllama_conformance_hash(NULL), TTT_NULL_POINTER);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = 0;
        use_kernel(names[i]);
        check_context("kernel=%s expected=%016" PRIx64, names[i], expected);
        CHECK_EQ(bitllama_conformance_hash(&hash), TTT_OK);
        printf("  model %s %016" PRIx64 "\n", ttt_kernel(), hash);
        CHECK(hash == expected);
    }
    use_best_kernel();
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"active_kernel", active_kernel},
        {"every_kernel", every_kernel},
        {"language_model", language_model},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
