/* test_suggest.c - completing words: what was read comes first, wherever the tokenizer cuts it; lists
 * are in order and agree with the letters typed; nothing is learned by asking; the same bits on every
 * kernel and from every thread.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "suggest_support.h"
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = BITLLAMA_MAX_SUGGESTIONS, THREADS = 6 };

#define STORY "the walnut fell. the cat ate the walnut. the king came, the walnut fell.\n"

static bitllama_model *open_model(bt_mixer mixer)
{
    char *tokenizer = tokenizer_text();
    bitllama_model *model = model_with(mixer, tokenizer);
    free(tokenizer);
    return model;
}

static void check_first(const bitllama_session *s, const char *before, const char *typed,
                        const char *word)
{
    bitllama_suggestion list[3] = {{0}};
    uint32_t found = suggest(s, before, typed, 3, list);
    check_context("'%s' + '%s': %s", before, typed, found > 0 ? list[0].text : "nothing");
    CHECK(found > 0 && strcmp(list[0].text, word) == 0);
}

/* ---- what was read --------------------------------------------------------------------------- */

static void words_that_were_read(void)
{
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bitllama_model *model = open_model((bt_mixer)mixer);
        bitllama_session *s = reader_of(model, STORY, 512);
        static const char *const typed[] = {"w", "wa", "wal", "waln", "walnu", "walnut"};
        for (size_t i = 0; i < 6; i++) {
            check_first(s, "then the", typed[i], "walnut");
            check_first(s, "then the ", typed[i], "walnut");
            check_first(s, "", typed[i], "walnut"); /* after a newline: without a space */
        }
        check_first(s, "the walnut", "", "fell");
        check_first(s, "the walnut fell. the cat ate", "", "the");
        check_first(s, "the", "k", "king");
        bitllama_session_destroy(s);
        bitllama_release(model);
    }
}

static float probability_of(const bitllama_session *s, const char *before, const char *word)
{
    bitllama_suggestion list[MOST];
    uint32_t found = suggest(s, before, "", MOST, list);
    for (uint32_t i = 0; i < found; i++)
        if (strcmp(list[i].text, word) == 0) return list[i].probability;
    return 0.0f;
}

/* The words before count, whatever stands between them and whatever their case: here no token of the
 * context is one that the recall has seen before these words. */
static void contexts_of_words(void)
{
    bitllama_model *model = open_model(BT_INDUCTION);
    bitllama_session *s = reader_of(model, "the wat, nut. the kog, kin.\n", 512);
    CHECK(probability_of(s, "a Wat\n", "nut") > probability_of(s, "a Wat\n", "kin"));
    CHECK(probability_of(s, "a Kog\n", "nut") < probability_of(s, "a Kog\n", "kin"));
    bitllama_session_destroy(s);
    bitllama_release(model);
}

/* Words that the session wrote itself are context, and are not suggested for being read. */
static void words_that_were_written(void)
{
    bitllama_model *model = open_model(BT_INDUCTION);
    bitllama_session *s = reader_of(model, STORY, 512), *fork = NULL;
    bitllama_suggestion read[MOST], before[MOST];
    static const char text[] = " of the";
    uint32_t tokens[8];
    size_t n = encode(text, tokens, 8);
    CHECK_EQ(bitllama_session_fork(s, &fork), TTT_OK);
    CHECK_EQ(bitllama_session_write(fork, tokens, n), TTT_OK);
    memset(read, 0, sizeof read);
    memset(before, 0, sizeof before);
    uint32_t found = suggest(s, text, "w", 9, before);
    CHECK_EQ(suggest(fork, "", "w", 9, read), found);
    CHECK_SAME(read, before, sizeof read); /* as if it stood before the cursor */
    bitllama_session_destroy(s);
    bitllama_session_destroy(fork);
    bitllama_release(model);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void check_list(const bitllama_suggestion *list, uint32_t found, const char *typed)
{
    float sum = 0.0f;
    for (uint32_t i = 0; i < found; i++) {
        check_context("'%s': %u of %u: '%s' %g", typed, i, found, list[i].text,
                      (double)list[i].probability);
        CHECK(list[i].length > 0 && list[i].length == strlen(list[i].text));
        CHECK(strncmp(list[i].text, typed, strlen(typed)) == 0);
        CHECK(strpbrk(list[i].text + strlen(typed), " .,\n") == NULL);
        CHECK(list[i].probability >= 0.0f && list[i].probability <= 1.0f);
        CHECK(i == 0 || list[i].probability <= list[i - 1].probability);
        for (uint32_t j = 0; j < i; j++) CHECK(strcmp(list[i].text, list[j].text) != 0);
        sum += list[i].probability;
    }
    CHECK(sum <= 1.0001f);
}

static void lists(void)
{
    static const char *const typed[] = {"",  "t",        "th", "zq",  "q",
                                        "W", "\xc3\xa9", ".",  "a b", " k"};
    bitllama_model *model = open_model(BT_INDUCTION);
    bitllama_session *sessions[] = {reader_of(model, STORY, 512), reader_of(model, STORY, 0),
                                    open_with(model, 512, 0), open_with(model, 0, 0)};
    bitllama_session *frozen = NULL;
    CHECK_EQ(bitllama_session_fork(sessions[0], &frozen), TTT_OK);
    CHECK_EQ(bitllama_session_freeze(frozen, 1), TTT_OK);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < sizeof typed / sizeof *typed; j++)
            for (uint32_t count = 1; count <= MOST; count += 30) {
                const bitllama_session *s = i < 4 ? sessions[i] : frozen;
                bitllama_suggestion list[MOST];
                uint32_t found = suggest(s, j % 2 ? "the" : "", typed[j], count, list);
                check_list(list, found, typed[j]);
                check_context("session %zu, '%s', count %u", i, typed[j], count);
                CHECK(found > 0);
            }
    for (size_t i = 0; i < 4; i++) bitllama_session_destroy(sessions[i]);
    bitllama_session_destroy(frozen);
    bitllama_release(model);
}

/* The least probability, and that more suggestions begin with the same ones. */
static void least(void)
{
    bitllama_model *model = open_model(BT_INDUCTION);
    bitllama_session *s = reader_of(model, STORY, 512);
    bitllama_suggestion all[MOST], list[MOST];
    bitllama_suggesting o;
    uint32_t found = suggest(s, "the", "", 20, all), some = 0;
    CHECK(found >= 5);
    bitllama_suggesting_init(&o);
    o.count = 20;
    o.min_probability = all[2].probability;
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, "", 0, &o, list, &some), TTT_OK);
    for (uint32_t i = 0; i < some; i++) CHECK(list[i].probability >= o.min_probability);
    o.min_probability = 1.0f;
    CHECK_EQ(bitllama_session_suggest(s, NULL, 0, "", 0, &o, list, &some), TTT_OK);
    CHECK_EQ(some, 0);
    bitllama_session_destroy(s);
    bitllama_release(model);
}

/* ---- nothing changes ------------------------------------------------------------------------- */

static void nothing_is_learned(void)
{
    bitllama_model *model = open_model(BT_INDUCTION);
    bitllama_session *s = reader_of(model, STORY, 256), *twin = NULL;
    bitllama_suggestion list[MOST];
    size_t size, later;
    CHECK_EQ(bitllama_session_fork(s, &twin), TTT_OK);
    uint8_t *before = save_session(s, &size);
    for (int i = 0; i < 3; i++) {
        suggest(s, "the king", "", 5, list);
        suggest(s, "", "wal", 5, list);
    }
    uint8_t *after = save_session(s, &later);
    CHECK_EQ(size, later);
    if (size == later) CHECK_SAME(before, after, size);
    free(before);
    free(after);
    read_text_of(s, STORY); /* nor does it show in what comes later */
    read_text_of(twin, STORY);
    check_same_session(s, twin);
    bitllama_session_destroy(s);
    bitllama_session_destroy(twin);
    bitllama_release(model);
}

/* ---- the same everywhere --------------------------------------------------------------------- */

typedef struct answers {
    bitllama_suggestion lists[3][MOST];
} answers;

/* Without checks, which are the main thread's. */
static int ask(const bitllama_session *s, answers *a)
{
    static const char *const typed[] = {"", "w", "K"};
    static const uint32_t before[] = {25, 13, 10, 19, 39}; /* "then the" */
    bitllama_suggesting o;
    uint32_t found;
    int status = TTT_OK;
    memset(a, 0, sizeof *a);
    bitllama_suggesting_init(&o);
    o.count = 12;
    for (size_t i = 0; i < 3 && status == TTT_OK; i++)
        status = bitllama_session_suggest(s, before, 5, typed[i], strlen(typed[i]), &o, a->lists[i],
                                          &found);
    return status;
}

static void every_kernel(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    static answers first, other;
    for (size_t i = 0; i < count; i++) {
        use_kernel(names[i]);
        bitllama_model *model = open_model(BT_INDUCTION);
        bitllama_session *s = reader_of(model, STORY, 512);
        CHECK_EQ(ask(s, i == 0 ? &first : &other), TTT_OK);
        check_context("%s", names[i]);
        if (i > 0) CHECK_SAME(&first, &other, sizeof first);
        CHECK(first.lists[0][0].length > 0);
        bitllama_session_destroy(s);
        bitllama_release(model);
    }
    use_best_kernel();
}

typedef struct asker {
    bitllama_session *own;
    answers a;
    int status;
} asker;

static void *ask_often(void *argument)
{
    asker *x = argument;
    for (int i = 0; i < 4; i++) x->status = ask(x->own, &x->a);
    return NULL;
}

/* Sessions of one model in several threads, which share the tokens' bytes and the scratch memory. */
static void at_once(void)
{
    static asker askers[THREADS];
    static answers alone;
    pthread_t threads[THREADS];
    bitllama_model *model = open_model(BT_INDUCTION);
    for (size_t i = 0; i < THREADS; i++) askers[i].own = reader_of(model, STORY, 512);
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, ask_often, &askers[i]) == 0);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK_EQ(ask(askers[0].own, &alone), TTT_OK);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_EQ(askers[i].status, TTT_OK);
        CHECK_SAME(&askers[i].a, &alone, sizeof alone);
        bitllama_session_destroy(askers[i].own);
    }
    bitllama_release(model);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"words_that_were_read", words_that_were_read},
        {"contexts_of_words", contexts_of_words},
        {"words_that_were_written", words_that_were_written},
        {"lists", lists},
        {"least", least},
        {"nothing_is_learned", nothing_is_learned},
        {"every_kernel", every_kernel},
        {"at_once", at_once},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
