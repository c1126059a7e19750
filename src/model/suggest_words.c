/* suggest_words.c - what was read, as whole words: those that begin with the letters typed, and how
 * often each stood after the words that stand before the cursor.
 *
 * The tokens that the recall holds are cut into words anew at each question, in one pass, so that
 * nothing needs to be kept or saved. A context is the 1 to 3 words before, whatever stands between
 * them and whatever their case; contexts and words are told apart by a hash of 64 bits.
 *
 * Let p be a word's probability by the search over tokens, R its share of all words read, by age, and
 * c its places of the T after k words of the context, with D different words there. Then
 *     p_0 = (1 - r) p + r R;   p_k = (1 - g) p_(k-1) + g ((c - d)+ + d D p_(k-1)) / T
 * and words that were never read count less, since many of them are none; least of all those with
 * which a far likelier one begins. The figures were fitted to twenty books in English.
 * SPDX-License-Identifier: MIT */
#include "suggest.h"
#include "suggest_tally.h"

#include <string.h>

enum {
    MOST_SCANNED = 65536, /* tokens */
    RECENT_AFTER = 50,    /* words read; after fewer, their shares count less */
    TAIL = 64             /* tokens in which the words before the cursor are looked for */
};
#define AGEING 1.000693387f /* 2^(1/1000): a word counts half as much when 1000 more were read */
#define RECENT 0.15f
#define GAIN 0.15f
#define DISCOUNT 0.9f
#define UNREAD 0.2f       /* how much a word counts that was not read, */
#define PART 0.05f        /* and one with which a far likelier word begins */
#define PART_BELOW 0.1f   /* at most this share of that word's probability */
#define UNREAD_AFTER 1000 /* words read; after fewer, a word not read counts more */

/* ---- the tokens ------------------------------------------------------------------------------ */

/* Those that the recall holds, those that passed, and the last of those before the cursor. */
typedef struct {
    const bt_question *q;
    const bt_ring *ring;
    uint32_t held, passed, count;
} stream;

static stream stream_of(const bt_question *q)
{
    const bt_ring *ring = &q->session->recall.memory->ring;
    uint32_t held = bt_ring_held(ring), n = q->n < TAIL ? (uint32_t)q->n : TAIL;
    return (stream){q, ring, held, ring->passed, held + ring->passed + n};
}

static void cut(const stream *s, uint32_t begin, bt_cutter *c)
{
    for (uint32_t i = begin; i < s->count; i++) {
        uint32_t lowest = BT_PASSED, token;
        if (i < s->held) token = bt_ring_symbol(s->ring, i, &lowest);
        else if (i - s->held < s->passed)
            token = s->ring->latest.symbols[s->passed - 1 - (i - s->held)];
        else token = s->q->before[s->q->n - (s->count - i)];
        const bt_piece *piece = &s->q->pieces->of[token];
        bt_cutter_add(c, piece->bytes, piece->length, lowest != BT_PASSED);
    }
}

/* ---- words read ------------------------------------------------------------------------------ */

/* One pass. */
typedef struct {
    const bt_question *q;
    const uint8_t *typed; /* [length] of the word */
    size_t length;
    bt_tally *t;
    uint64_t before[BT_WORD_ORDERS]; /* the words before, the latest first; 0: none */
    uint64_t goal[BT_WORD_ORDERS];   /* those before the cursor */
    bool sentence;                   /* the word asked for begins one */
    bool initials; /* those that begin one have entries of their own (BT_INITIAL) */
    float weight;  /* of a word by its age: the latest weigh most */
} scan;

static void pass_word(scan *x, const bt_read_word *w)
{
    for (uint32_t i = BT_WORD_ORDERS - 1; i > 0; i--) x->before[i] = x->before[i - 1];
    x->before[0] = w->folded | 1u;
}

static void pass_only(void *context, const bt_read_word *w)
{
    pass_word(context, w);
}

/* The first letter with which a word would be suggested: a capital where a sentence begins. */
static uint8_t first_shown(const scan *x, const bt_read_word *w)
{
    bool small_typed = x->length > 0 && !bt_is_capital(x->typed[0]);
    return x->sentence && !small_typed ? bt_capital_letter(w->text[0]) : w->text[0];
}

/* Whether a text begins with what was typed, or `similar`, but for capitals (of ASCII). */
static bool begins(const scan *x, const uint8_t *text, size_t length, bool similar)
{
    if (length < x->length) return false;
    for (size_t i = 0; i < x->length; i++) {
        bool same = text[i] == x->typed[i];
        if (!same && !(similar && bt_small_letter(text[i]) == bt_small_letter(x->typed[i])))
            return false;
    }
    return true;
}

/* Whether only the first letter of a word is a capital (of ASCII). */
static bool is_capitalized(const uint8_t *text, size_t length)
{
    bool other = false;
    for (size_t i = 1; i < length; i++) other = other || bt_is_capital(text[i]);
    return bt_is_capital(text[0]) && !other;
}

/* Sets an entry to a word that was read. */
static void set_word(const scan *x, bt_seen *e, const uint8_t *text, const bt_read_word *w)
{
    uint8_t shown[BT_WORD_BYTES + 1];
    e->recent += x->weight;
    e->curly = w->curly;
    if (e->length > 0) return;
    e->length = w->length;
    memcpy(e->text, text, w->length);
    memcpy(shown, text, w->length);
    if (e->form == BT_INITIAL) shown[0] = bt_small_letter(shown[0]);
    e->agrees = begins(x, shown, w->length, false);
    e->similar = begins(x, shown, w->length, true);
}

/* Counts a word. Those that neither are similar to what was typed nor ever stood after the word
 * before need no entry; nor, where nothing was typed, do those that the search has not found, unless
 * they begin a sentence: in which form it has found them shows at the end (bt_tally_settle). */
static void count_word(scan *x, const bt_read_word *w, uint32_t orders)
{
    bt_tally *t = x->t;
    t->words++;
    t->total += x->weight;
    if (orders == 0 && !begins(x, w->text, w->length, true)) return;
    uint8_t text[BT_WORD_BYTES + 1];
    memcpy(text, w->text, w->length);
    text[0] = first_shown(x, w);
    bool initial = x->initials && w->begins_sentence && is_capitalized(text, w->length);
    bool add = x->length > 0 || orders > 0 || initial;
    bt_seen *e = bt_tally_find(t, initial ? BT_INITIAL : BT_AS_READ, text, w->length, add);
    if (e) set_word(x, e, text, w);
    for (uint32_t k = 0; k < orders; k++) {
        if (e && e->counts[k]++ == 0) t->kinds[k]++;
        t->places[k]++;
    }
}

static void read_word(void *context, const bt_read_word *w)
{
    scan *x = context;
    uint32_t orders = 0;
    while (orders < BT_WORD_ORDERS && x->goal[orders] && x->before[orders] == x->goal[orders])
        orders++;
    if (w->remembered && w->length <= BT_WORD_BYTES) count_word(x, w, orders);
    x->weight *= AGEING;
    pass_word(x, w);
}

/* ---- mixing ---------------------------------------------------------------------------------- */

/* A word with these counts: scale p + add. */
static void mixture(const bt_tally *t, const bt_seen *e, float *scale, float *add)
{
    *scale = 1.0f;
    *add = 0.0f;
    if (t->total > 0.0f) {
        float part = RECENT * (float)t->words / (float)(t->words + RECENT_AFTER);
        *scale = 1.0f - part;
        *add = part * e->recent / t->total;
    }
    for (uint32_t k = 0; k < BT_WORD_ORDERS && t->places[k] > 0; k++) {
        float unit = GAIN / (float)t->places[k], left = (float)e->counts[k] - DISCOUNT;
        float keep = (1.0f - GAIN) + DISCOUNT * (float)t->kinds[k] * unit;
        *scale *= keep;
        *add = *add * keep + (left > 0.0f ? left : 0.0f) * unit;
    }
}

/* A factor that is 1 at first, and falls to `least` the more was read. */
static float faded(const bt_tally *t, float least)
{
    float share = (float)t->words / (float)(t->words + UNREAD_AFTER);
    return 1.0f - share + share * least;
}

/* Whether the search has found a far likelier word that begins with this one: the other tokens of
 * that word may not follow, but then this is seldom a word. */
static bool is_part(const bt_word_list *list, const bt_word *w)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const bt_word *longer = &list->words[i];
        if (longer->length > w->length && longer->probability * PART_BELOW > w->probability &&
            memcmp(longer->text, w->text, w->length) == 0)
            return true;
    }
    return false;
}

/* A word that was read, as it is in the list. */
static bt_word listed_word(const bt_question *q, const bt_seen *e, float p)
{
    bt_word w = {.probability = p, .length = (uint32_t)q->lead + e->length, .curly = e->curly};
    memcpy(w.text, q->typed, q->lead);
    memcpy(w.text + q->lead, e->text, e->length);
    return w;
}

/* Puts the likeliest of the words that only were read into the list. */
static void add_read(const bt_tally *t, const bt_question *q, bt_word_list *list)
{
    bt_word *first = &list->words[list->count];
    uint32_t most = BT_WORDS - list->count < q->count ? BT_WORDS - list->count : q->count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const bt_seen *e = &t->seen[i];
        float scale, p;
        if (e->listed || !e->agrees || q->lead + e->length > BT_WORD_BYTES) continue;
        mixture(t, e, &scale, &p);
        list->covering += p;
        if (most == 0 || (count == most && p <= first[count - 1].probability)) continue;
        uint32_t at = count < most ? count++ : most - 1;
        for (; at > 0 && first[at - 1].probability < p; at--) first[at] = first[at - 1];
        first[at] = listed_word(q, e, p);
    }
    list->count += count;
}

static void mix_words(bt_tally *t, const bt_question *q, bt_word_list *list)
{
    static const bt_seen none = {0};
    float left = list->covering, covering = 0.0f, scale, add;
    bool part[BT_WORDS];
    for (uint32_t i = 0; i < list->count; i++) part[i] = is_part(list, &list->words[i]);
    for (uint32_t i = 0; i < list->count; i++) {
        bt_word *w = &list->words[i];
        const uint8_t *text = w->text + q->lead;
        size_t length = w->length - q->lead;
        const bt_seen *e = bt_tally_find(t, BT_AS_READ, text, length, false);
        mixture(t, e ? e : &none, &scale, &add);
        left -= w->probability;
        w->probability = scale * w->probability + add;
        if (e && e->length > 0) w->curly = e->curly;
        else w->probability *= part[i] ? PART : faded(t, UNREAD);
        covering += w->probability;
    }
    mixture(t, &none, &scale, &add);
    list->covering = covering + (left > 0.0f ? left * scale * faded(t, UNREAD) : 0.0f);
    add_read(t, q, list);
}

/* ---- question -------------------------------------------------------------------------------- */

/* The words before the cursor. */
static void find_goal(scan *x, const stream *s)
{
    bt_cutter c;
    uint32_t tail = s->count < TAIL ? 0 : s->count - TAIL;
    bt_cutter_init(&c, tail > 0, pass_only, x);
    cut(s, tail, &c);
    if (s->q->lead > 0) bt_cutter_add(&c, s->q->typed, s->q->lead, false);
    bt_cutter_end(&c);
    memcpy(x->goal, x->before, sizeof x->goal);
    memset(x->before, 0, sizeof x->before);
    x->sentence = c.sentence;
}

void bt_mix_read_words(const bt_question *q, bt_tally *t, bt_word_list *list)
{
    stream s = stream_of(q);
    scan x = {.q = q,
              .typed = q->typed + q->lead,
              .length = q->typed_length - q->lead,
              .t = t,
              .weight = 0x1p-60f};
    bt_cutter c;
    find_goal(&x, &s);
    bool small = x.length > 0 && bt_is_small(x.typed[0]);
    x.initials = small || (x.length == 0 && !x.sentence);
    bt_tally_clear(t);
    for (uint32_t i = 0; i < list->count; i++) {
        const bt_word *w = &list->words[i];
        size_t length = w->length - q->lead;
        bt_seen *e = bt_tally_find(t, BT_AS_READ, w->text + q->lead, length, true);
        if (e) e->listed = true;
    }
    uint32_t begin = s.count < MOST_SCANNED ? 0 : s.count - MOST_SCANNED;
    bt_cutter_init(&c, begin > 0 || s.ring->next > s.ring->capacity, read_word, &x);
    cut(&s, begin, &c);
    bt_cutter_end(&c);
    if (x.initials) bt_tally_settle(t, small);
    if (x.length > 0 && bt_is_capital(x.typed[0])) bt_tally_adopt(t, x.typed, x.length);
    mix_words(t, q, list);
}
