/* test_conformance.c - the conformance hashes, of the layer (each rule), of the language model, of recalls and of
 * sessions with recall, on every usable kernel against the constants that all machines share,
 * tests/golden.
 * SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "check.h"
#include "session_support.h"
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

/* A hash of each usable kernel against the file's. The lines begin with `name`, as the hash is another
 * number than the layer's. */
static void compare_kernels(const char *name, int (*hash_of)(uint64_t *), const char *file)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    uint64_t expected = expected_in(file);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = 0;
        use_kernel(names[i]);
        check_context("kernel=%s expected=%016" PRIx64, names[i], expected);
        CHECK_EQ(hash_of(&hash), TTT_OK);
        printf("  %s %s %016" PRIx64 "\n", name, ttt_kernel(), hash);
        CHECK(hash == expected);
    }
    use_best_kernel();
}

static void recursive_least_squares(void)
{
    CHECK_EQ(ttt_rls_conformance_hash(NULL), TTT_NULL_POINTER);
    compare_kernels("rls", ttt_rls_conformance_hash, GOLDEN_FOLDER "/rls.txt");
}

static void language_model(void)
{
    CHECK_EQ(bitllama_conformance_hash(NULL), TTT_NULL_POINTER);
    compare_kernels("model", bitllama_conformance_hash, GOLDEN_FOLDER "/llama.txt");
}

static void recall(void)
{
    CHECK_EQ(ttt_recall_conformance_hash(NULL), TTT_NULL_POINTER);
    compare_kernels("recall", ttt_recall_conformance_hash, GOLDEN_FOLDER "/recall.txt");
}

/* ---- a session with recall ------------------------------------------------------------------- */

static void hash_floats(uint64_t *hash, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) *hash = bt_fnv_u32(*hash, bits_of(x[i]));
}

/* Draws n tokens and writes them, after all that there is to expect of them. */
static void hash_draws(uint64_t *hash, bitllama_session *s, size_t n)
{
    float logits[VOCAB];
    bitllama_sampling o;
    bitllama_sampling_init(&o);
    for (o.seed = 0; o.seed < n; o.seed++) {
        uint32_t token = 0;
        CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
        hash_floats(hash, logits, VOCAB);
        CHECK_EQ(bitllama_session_draw(s, &o, &token), TTT_OK);
        CHECK_EQ(bitllama_session_write(s, &token, 1), TTT_OK);
    }
}

/* Reads, draws and is saved, with each mixer; for longer than it remembers. */
static int hash_sessions(uint64_t *hash)
{
    *hash = BT_FNV_START;
    for (int mixer = 0; mixer < 3; mixer++) {
        subject x = make_subject((bt_mixer)mixer);
        bitllama_session *s = open_with(x.model, 256, mixer == 1);
        float logprobs[TOKENS];
        size_t size;
        for (size_t round = 0; round < 3; round++) {
            CHECK_EQ(bitllama_session_read(s, x.ids, TOKENS, logprobs, NULL), TTT_OK);
            hash_floats(hash, logprobs, TOKENS);
            hash_draws(hash, s, 10);
        }
        uint8_t *state = save_session(s, &size);
        for (size_t i = 0; i < size; i++) *hash = bt_fnv_u32(*hash, state[i]);
        free(state);
        bitllama_session_destroy(s);
        free_subject(&x);
    }
    return TTT_OK;
}

static void session_with_recall(void)
{
    compare_kernels("session", hash_sessions, GOLDEN_FOLDER "/session_recall.txt");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"active_kernel", active_kernel},
        {"every_kernel", every_kernel},
        {"recursive_least_squares", recursive_least_squares},
        {"language_model", language_model},
        {"recall", recall},
        {"session_with_recall", session_with_recall},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
