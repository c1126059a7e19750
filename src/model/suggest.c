/* suggest.c - bitllama_session_suggest: checks what is asked, and ranks the words found (suggest.h).
 * SPDX-License-Identifier: MIT */
#include "suggest_room.h"

#include "../base/fpenv.h"
#include "../base/utf8.h"

#include <string.h>

void bitllama_suggesting_init(bitllama_suggesting *suggesting)
{
    if (suggesting)
        *suggesting = (bitllama_suggesting){
            .size = sizeof *suggesting, .count = 3, .min_probability = 0.003f};
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Copies a text with ' for U+2019; returns its new length and sets *curly if there was one. */
static size_t straighten(uint8_t *to, const uint8_t *text, size_t length, bool *curly)
{
    size_t count = 0;
    *curly = false;
    for (size_t i = 0, n; i < length; i += n) {
        n = bt_apostrophe(text + i, length - i);
        to[count++] = n > 0 ? '\'' : text[i];
        *curly = *curly || n > 1;
        if (n == 0) n = 1;
    }
    return count;
}

void bt_words_add(bt_word_list *list, const uint8_t *text, size_t length, float probability)
{
    uint8_t straight[BT_WORD_BYTES + 1];
    bool curly;
    uint32_t i = 0;
    length = straighten(straight, text, length, &curly);
    while (i < list->count &&
           !(list->words[i].length == length && memcmp(list->words[i].text, straight, length) == 0))
        i++;
    if (i == BT_WORDS || length == 0) return;
    if (i == list->count) {
        list->words[i] = (bt_word){.length = (uint32_t)length, .curly = curly};
        memcpy(list->words[i].text, straight, length);
        list->count++;
    }
    list->words[i].probability += probability;
}

/* ---- question -------------------------------------------------------------------------------- */

/* The last token before the word, or NULL. */
static const bt_piece *last_piece(const bt_question *q)
{
    const bt_session *s = q->session;
    if (q->n > 0) return &q->pieces->of[q->before[q->n - 1]];
    return s->tokens > 0 ? &q->pieces->of[s->recent[(s->tokens - 1) % BT_PENALTY_WINDOW]] : NULL;
}

/* Whether a token is spaces alone. */
static bool is_space(const bt_piece *piece)
{
    size_t i = 0;
    while (i < piece->length && piece->bytes[i] == ' ') i++;
    return i > 0 && i == piece->length;
}

/* How the word may be joined to what stands before: after a letter or digit by a space, after a blank
 * at once, after punctuation in both ways. Spaces at the end become the word's own one, since tokens
 * have it so, but not at the beginning of a text. */
static void join(bt_question *q)
{
    bool space = false;
    for (; q->n > 0 && is_space(last_piece(q)); q->n--) space = true;
    const bt_piece *last = last_piece(q);
    bool begins = !last || last->length == 0;
    bool blank = begins || last->bytes[last->length - 1] <= ' ';
    bool word = !blank && bt_ends_word(last->bytes, last->length);
    space = space && !begins;
    q->sentence = begins || last->bytes[last->length - 1] == '\n' ||
                  memchr(".!?", last->bytes[last->length - 1], 3) != NULL;
    if (q->typed_length > 0 && q->typed[0] == ' ') { /* the space is typed */
        q->joined = true;
        return;
    }
    q->spaced = space || !blank;
    q->joined = !space && !word;
}

/* Where the last word of a text begins: behind what is neither letter nor apostrophe. */
static size_t last_word(const uint8_t *text, size_t length)
{
    size_t at = 0, end;
    while ((end = bt_word_end(text, at, length)) < length)
        at = end + bt_utf8_length((const char *)text + end, length - end);
    return at;
}

static bool valid(const bitllama_suggesting *o)
{
    return o->size == sizeof *o && o->count >= 1 && o->count <= BITLLAMA_MAX_SUGGESTIONS &&
           o->min_probability >= 0.0f && o->min_probability <= 1.0f;
}

/* UTF-8 without NUL, which would end the text of a suggestion. */
static bool is_text(const char *text, size_t size)
{
    return bt_utf8_valid(text, size) && (size == 0 || !memchr(text, 0, size));
}

/* The likeliest first; ties by their bytes. */
static bool before(const bt_word *a, const bt_word *b)
{
    if (a->probability != b->probability) return a->probability > b->probability;
    return strcmp((const char *)a->text, (const char *)b->text) < 0;
}

/* A word as it is shown: what was typed, and the rest with its kind of apostrophe where there is room
 * for it. false: there is no room for the word. */
static bool show(const bt_question *q, const bt_word *w, bitllama_suggestion *to)
{
    size_t length = q->shown_length, left = w->length - q->typed_length;
    if (length + left >= sizeof to->text) return false;
    *to = (bitllama_suggestion){.probability = w->probability};
    if (length > 0) memcpy(to->text, q->shown, length);
    for (size_t i = q->typed_length; i < w->length; i++, left--) {
        bool curly = w->text[i] == '\'' && (w->curly || q->curly);
        bool fits = length + left + 2 < sizeof to->text;
        const void *bytes = curly && fits ? (const void *)"\xe2\x80\x99" : &w->text[i];
        size_t count = curly && fits ? 3 : 1;
        memcpy(to->text + length, bytes, count);
        length += count;
    }
    to->length = (uint32_t)length;
    return true;
}

static uint32_t give(const bt_question *q, const bt_word_list *words, const bitllama_suggesting *o,
                     bitllama_suggestion *list)
{
    const bt_word *last = NULL;
    uint32_t found = 0;
    while (found < o->count) {
        const bt_word *best = NULL;
        for (uint32_t i = 0; i < words->count; i++) {
            const bt_word *w = &words->words[i];
            if ((!last || before(last, w)) && (!best || before(w, best))) best = w;
        }
        if (!best || best->probability < o->min_probability) break;
        if (show(q, best, &list[found])) found++;
        last = best;
    }
    return found;
}

static int suggest(bt_question *q, const bitllama_suggesting *o, bitllama_suggestion *list,
                   uint32_t *found)
{
    int status = bt_pieces_of(q->session->model, &q->pieces);
    if (status != TTT_OK) return status;
    join(q);
    bt_suggest_room *room = bt_suggest_room_take(q->session->model);
    if (!room) return TTT_OUT_OF_MEMORY;
    q->count = o->count;
    bt_search_words(q, room);
    if (q->session->recall.memory) bt_mix_read_words(q, &room->tally, &room->list);
    float covering = room->list.covering;
    for (uint32_t i = 0; covering > 0.0f && i < room->list.count; i++)
        room->list.words[i].probability /= covering;
    *found = give(q, &room->list, o, list);
    bt_suggest_room_give(q->session->model, room);
    return TTT_OK;
}

int bitllama_session_suggest(const bitllama_session *session, const uint32_t *before_tokens,
                             size_t n, const char *typed, size_t typed_size,
                             const bitllama_suggesting *suggesting, bitllama_suggestion *list,
                             uint32_t *found)
{
    if (!session || !suggesting || !list || !found) return TTT_NULL_POINTER;
    if ((!before_tokens && n > 0) || (!typed && typed_size > 0)) return TTT_NULL_POINTER;
    *found = 0;
    for (size_t i = 0; i < n; i++)
        if (before_tokens[i] >= session->model->params.config.vocab) return TTT_INVALID_TOKEN;
    bt_fpenv saved = bt_fpenv_enter(); /* a comparison with a NaN can trap */
    int status = TTT_OK;
    uint8_t straight[BT_TYPED_BYTES];
    bt_question q = {.session = session,
                     .before = before_tokens,
                     .n = n,
                     .typed = straight,
                     .shown = (const uint8_t *)typed,
                     .shown_length = typed_size};
    if (!valid(suggesting)) status = TTT_INVALID_OPTION;
    else if (typed_size > BT_TYPED_BYTES || !is_text(typed, typed_size)) status = TTT_INVALID_DATA;
    if (status == TTT_OK) {
        q.typed_length = straighten(straight, q.shown, typed_size, &q.curly);
        q.lead = last_word(straight, q.typed_length);
        status = suggest(&q, suggesting, list, found);
    }
    bt_fpenv_leave(saved);
    return status;
}
