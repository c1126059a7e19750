/* suggest.c - bitllama_session_suggest: checks what is asked, and ranks the words found (suggest.h).
 * SPDX-License-Identifier: MIT */
#include "suggest_room.h"

#include "../base/fpenv.h"
#include "../base/utf8.h"

#include <string.h>

void bitllama_suggesting_init(bitllama_suggesting *suggesting)
{
    if (suggesting)
        *suggesting =
            (bitllama_suggesting){.size = sizeof *suggesting, .count = 3, .min_probability = 1e-4f};
}

/* ---- words ----------------------------------------------------------------------------------- */

void bt_words_add(bt_word_list *list, const uint8_t *text, size_t length, float probability)
{
    uint32_t i = 0;
    while (i < list->count &&
           !(list->words[i].length == length && memcmp(list->words[i].text, text, length) == 0))
        i++;
    if (i == BT_WORDS) return;
    if (i == list->count) {
        list->words[i] = (bt_word){.length = (uint32_t)length};
        memcpy(list->words[i].text, text, length);
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

/* How the word may be joined to what stands before: after a letter or digit by a space, after a blank
 * at once, after punctuation in both ways. A single space at the end becomes the word's own, since
 * tokens have it so. */
static void join(bt_question *q)
{
    const bt_piece *last = last_piece(q);
    bool space = q->n > 0 && last->length == 1 && last->bytes[0] == ' ';
    if (space) {
        q->n--;
        last = last_piece(q);
    }
    bool blank = !last || last->length == 0 || last->bytes[last->length - 1] <= ' ';
    bool word = !blank && bt_ends_word(last->bytes, last->length);
    if (q->typed_length > 0 && q->typed[0] == ' ') { /* the space is typed */
        q->joined = true;
        return;
    }
    q->spaced = space || !blank;
    q->joined = !space && !word;
}

static bool valid(const bitllama_suggesting *o)
{
    return o->size == sizeof *o && o->count >= 1 && o->count <= BITLLAMA_MAX_SUGGESTIONS &&
           o->min_probability >= 0.0f && o->min_probability <= 1.0f;
}

/* The likeliest first; ties by their bytes. */
static bool before(const bt_word *a, const bt_word *b)
{
    if (a->probability != b->probability) return a->probability > b->probability;
    return strcmp((const char *)a->text, (const char *)b->text) < 0;
}

static uint32_t give(const bt_word_list *words, const bitllama_suggesting *o,
                     bitllama_suggestion *list)
{
    const bt_word *last = NULL;
    uint32_t found = 0;
    for (; found < o->count; found++) {
        const bt_word *best = NULL;
        for (uint32_t i = 0; i < words->count; i++) {
            const bt_word *w = &words->words[i];
            if ((!last || before(last, w)) && (!best || before(w, best))) best = w;
        }
        if (!best || best->probability < o->min_probability) break;
        list[found] =
            (bitllama_suggestion){.probability = best->probability, .length = best->length};
        memcpy(list[found].text, best->text, best->length);
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
    *found = give(&room->list, o, list);
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
    int status = TTT_INVALID_OPTION;
    bt_question q = {.session = session,
                     .before = before_tokens,
                     .n = n,
                     .typed = (const uint8_t *)typed,
                     .typed_length = typed_size};
    if (valid(suggesting)) {
        bool text = typed_size <= BT_TYPED_BYTES && bt_utf8_valid(typed, typed_size);
        status = text ? suggest(&q, suggesting, list, found) : TTT_INVALID_DATA;
    }
    bt_fpenv_leave(saved);
    return status;
}
