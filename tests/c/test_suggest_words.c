/* test_suggest_words.c - words as people write them: names and beginnings of sentences, capitals,
 * letters beyond ASCII, apostrophes and quotation marks of both kinds, blanks; and more words than a tally has room for.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model/suggest_tally.h"
#include "suggest_support.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = BITLLAMA_MAX_SUGGESTIONS };
#define CURLY "\xe2\x80\x99"

static bitllama_model *model;

static void open_model(void)
{
    char *tokenizer = tokenizer_text();
    model = model_with(BT_INDUCTION, tokenizer);
    free(tokenizer);
}

/* A question, the word that must come first, and one that must not be among the first three. */
typedef struct question {
    const char *before, *typed, *first, *never;
} question;

static void ask(const char *text, const question *questions, size_t count)
{
    open_model();
    bitllama_session *s = reader_of(model, text, 1024);
    for (size_t i = 0; i < count; i++) {
        const question *q = &questions[i];
        bitllama_suggestion list[MOST];
        uint32_t found = suggest(s, q->before, q->typed, MOST, list);
        check_context("'%s' + '%s': %s", q->before, q->typed, found > 0 ? list[0].text : "nothing");
        if (q->first) CHECK(found > 0 && strcmp(list[0].text, q->first) == 0);
        for (uint32_t j = 0; j < found; j++) {
            CHECK(strncmp(list[j].text, q->typed, strlen(q->typed)) == 0);
            CHECK(list[j].text[list[j].length - 1] != '\'' && list[j].text[0] != '\'');
            if (q->never && j < 3) CHECK(strcmp(list[j].text, q->never) != 0);
        }
    }
    bitllama_session_destroy(s);
    bitllama_release(model);
}
#define ASK(text, ...)                                                                             \
    do {                                                                                           \
        static const question questions[] = {__VA_ARGS__};                                         \
        ask(text, questions, sizeof questions / sizeof *questions);                                \
    } while (0)

/* ---- capitals -------------------------------------------------------------------------------- */

/* A name keeps its capital, also where it was read at the beginning of a sentence; other words lose
 * the one that they had there. */
static void names(void)
{
    ASK("Kin is old. we saw Kin. Kin is old. Walking is a game.\n", {"we saw", "K", "Kin", "kin"},
        {"we saw", "", NULL, "kin"}, {"we like", "walk", "walking", NULL});
    ASK("The kin. the Kin. The kin. we the kin.\n", {"we saw", "th", "the", NULL},
        {"we saw", "T", "The", NULL});
}

/* A capital where a sentence begins, and back. */
static void sentences(void)
{
    ASK("a walnut. Walking was a walnut. Kin and a king.\n", {"it fell.", "Waln", "Walnut", NULL},
        {"it fell. ", "Waln", "Walnut", NULL}, {"it fell, a", "waln", "walnut", NULL},
        {"it is", "walk", "walking", NULL}, {"it is.", "Walk", "Walking", NULL});
}

/* Letters beyond ASCII, of which a token may have one byte. */
static void letters(void)
{
    ASK("a caf\xc3\xa9 \xc3\xa9tait, a caf\xc3\xa9 \xc3\xa9tait.\n",
        {"a", "ca", "caf\xc3\xa9", NULL}, {"a", "caf\xc3\xa9", "caf\xc3\xa9", NULL},
        {"a caf\xc3\xa9", "\xc3\xa9", "\xc3\xa9tait", NULL});
}

/* Words that were read in small letters, where capitals are typed. */
static void capitals_typed(void)
{
    ASK("a walnut, a kin. don't. a walnut, the kin.\n", {"a", "Wal", "Walnut", NULL},
        {"a", "WAL", "WALNUT", NULL}, {"a", "WALNUT", "WALNUT", NULL}, {"a", "W", "Walnut", NULL},
        {"a", "wal", "walnut", NULL});
    ASK("a walnut, a Wat. a walnut, the Wat.\n", {"a", "W", "Wat", "Walnut"});
    ASK("a wkt, a wkt. a WK, a wkt.\n", {"a", "WK", NULL, "WKt"});
    ASK("WTK. a king. WTK. a kin.\n", {"a", "w", NULL, "wTK"});
}

/* ---- apostrophes ----------------------------------------------------------------------------- */

static void apostrophes(void)
{
    ASK("we don't. they can't. we don't.\n", {"we", "do", "don't", NULL},
        {"we", "don'", "don't", NULL}, {"we", "don" CURLY, "don" CURLY "t", NULL},
        {"we", "don" CURLY "t", "don" CURLY "t", NULL});
    ASK("we don" CURLY "t. they can" CURLY "t. we don" CURLY "t.\n",
        {"we", "do", "don" CURLY "t", "don't"},
        {"we", "don'",
         "don'"
         "t",
         NULL},
        {"they", "c", "can" CURLY "t", NULL});
}

/* At the ends of words they are none. */
static void quotation_marks(void)
{
    ASK("the 'walnut' and the 'kin'. the 'walnut' and the 'kin'.\n",
        {"and the 'kin'. the '", "w", "walnut", NULL}, {"the", "w", "walnut", NULL},
        {"the", "", NULL, "walnut'"}, {"the '", "k", "kin", NULL});
    ASK("a walnut' a walnut' a walnut'.\n", {"a", "walnut'", NULL, "walnut'"});
    ASK("the " CURLY "walnut" CURLY " and the " CURLY "kin" CURLY ". \n",
        {"the", "w", "walnut", NULL}, {"the", "", NULL, "walnut" CURLY});
}

/* A word as long as a suggestion may be: apostrophes are shown as typed only where there is room. */
static void long_words(void)
{
    char typed[201], before[] = "a";
    bitllama_suggestion list[MOST];
    bitllama_suggesting o;
    uint32_t tokens[4], found;
    open_model();
    bitllama_session *s = reader_of(model, "a walnut.\n", 1024);
    size_t n = encode(before, tokens, 4);
    bitllama_suggesting_init(&o);
    o.count = MOST;
    o.min_probability = 0.0f;
    for (size_t apostrophes = 1; apostrophes <= 50; apostrophes += 7) {
        typed[0] = 0;
        for (size_t i = 0; i < apostrophes; i++) strcat(typed, "w" CURLY);
        int status = bitllama_session_suggest(s, tokens, n, typed, strlen(typed), &o, list, &found);
        check_context("%zu apostrophes", apostrophes);
        CHECK_EQ(status, TTT_OK);
        for (uint32_t i = 0; i < found; i++) {
            CHECK_EQ(strlen(list[i].text), list[i].length);
            CHECK(strncmp(list[i].text, typed, strlen(typed)) == 0);
        }
    }
    bitllama_session_destroy(s);
    bitllama_release(model);
}

/* ---- what is typed has more than the word ---------------------------------------------------- */

static void longer_typed(void)
{
    ASK("the walnut fell. the king fell. the walnut fell.\n", {"", "the w", "the walnut", NULL},
        {"", "the", "the", NULL}, {"the", " w", " walnut", NULL},
        {"", "the walnut f", "the walnut fell", NULL}, {"", ".\nthe k", ".\nthe king", NULL});
}

/* ---- blanks ---------------------------------------------------------------------------------- */

static void check_same_lists(const bitllama_session *s, const char *a, const char *b)
{
    bitllama_suggestion one[MOST], other[MOST];
    memset(one, 0, sizeof one);
    memset(other, 0, sizeof other);
    check_context("'%s' and '%s'", a, b);
    CHECK_EQ(suggest(s, a, "", 9, one), suggest(s, b, "", 9, other));
    CHECK_SAME(one, other, sizeof one);
}

/* Spaces before the word count as the one that it follows, and not at all where a text begins. */
static void spaces(void)
{
    open_model();
    bitllama_session *s = reader_of(model, "the walnut fell.\n", 1024),
                     *fresh = open_with(model, 256, 0);
    check_same_lists(s, "the", "the ");
    check_same_lists(s, "the", "the    ");
    check_same_lists(fresh, "", " ");
    check_same_lists(fresh, "", "   ");
    bitllama_session_destroy(s);
    bitllama_session_destroy(fresh);
    bitllama_release(model);
}

/* ---- tally ----------------------------------------------------------------------------------- */

static size_t word_of(int i, uint8_t text[16])
{
    return (size_t)sprintf((char *)text, "w%d", i);
}

/* More words than there is room for: those that were read often or lately stay, and what stood after
 * the context is never forgotten. */
static void many_words(void)
{
    static bt_tally t;
    uint8_t text[16];
    bt_tally_clear(&t);
    for (int i = 0; i < 5000; i++) {
        size_t length = word_of(i, text);
        bt_seen *e = bt_tally_find(&t, BT_AS_READ, text, length, true);
        REQUIRE(e != NULL);
        e->length = (uint32_t)length;
        memcpy(e->text, text, length);
        e->recent = 1.0f + (float)i * 0.001f;
        if (i % 50 == 0) e->counts[0] = 1;
        CHECK(t.count <= BT_TALLY);
    }
    for (int i = 0; i < 5000; i++) {
        size_t length = word_of(i, text);
        const bt_seen *e = bt_tally_find(&t, BT_AS_READ, text, length, false);
        check_context("word %d", i);
        if (i % 50 == 0 || i > 4900) CHECK(e != NULL);
        if (e) CHECK(e->length == length && memcmp(e->text, text, length) == 0);
    }
}

/* Without any that may be forgotten there is no more room. */
static void full(void)
{
    static bt_tally t;
    uint8_t text[16];
    bt_tally_clear(&t);
    for (int i = 0; i < (int)BT_TALLY + 10; i++) {
        bt_seen *e = bt_tally_find(&t, BT_AS_READ, text, word_of(i, text), true);
        CHECK((e != NULL) == (i < (int)BT_TALLY));
        if (e) e->listed = true;
    }
    CHECK_EQ(t.count, BT_TALLY);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"names", names},
        {"sentences", sentences},
        {"letters", letters},
        {"capitals_typed", capitals_typed},
        {"apostrophes", apostrophes},
        {"quotation_marks", quotation_marks},
        {"long_words", long_words},
        {"longer_typed", longer_typed},
        {"spaces", spaces},
        {"many_words", many_words},
        {"full", full},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
