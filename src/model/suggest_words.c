/* suggest_words.c - what was read, as whole words: those that begin with the letters typed, and how
 * often each stood after the words that stand before the cursor.
 *
 * The tokens that the recall holds are cut into words anew at each question, in one pass, so that
 * nothing needs to be kept or saved. A context is the 1 to 3 words before, whatever stands between
 * them and whatever their case; contexts and words are told apart by a hash of 64 bits.
 *
 * With p from the search over tokens, R the share of a word among those that agree with what was
 * typed, by age, and c of T places after k words, of which D are different:
 *     p_0 = (1 - r) p + r R;   p_k = (1 - g) p_(k-1) + g ((c - d)+ + d D p_(k-1)) / T
 * and a word that was never read counts less, the less the more tokens it takes: such words are often
 * no words. The figures were fitted to twenty books in English.
 * SPDX-License-Identifier: MIT */
#include "suggest.h"

#include "../base/hash.h"

#include <string.h>

enum {
    MOST_SCANNED = 65536, /* tokens */
    TAIL = 64             /* tokens in which the words before the cursor are looked for */
};
#define AGEING 1.000693387f /* 2^(1/1000): a word counts half as much when 1000 more were read */
#define RECENT 0.07f
#define GAIN 0.2f
#define DISCOUNT 0.8f
#define UNREAD 0.2f       /* how much a word counts that was not read, */
#define UNREAD_TWO 0.06f  /* one of two tokens, */
#define UNREAD_MORE 0.02f /* and one of more */
#define UNREAD_AFTER 1000 /* words read; after fewer it counts more */

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
    bt_cutter_end(c);
}

/* ---- words read ------------------------------------------------------------------------------ */

/* One pass. */
typedef struct {
    const bt_question *q;
    bt_tally *t;
    uint64_t before[BT_WORD_ORDERS]; /* the words before, the latest first; 0: none */
    uint64_t goal[BT_WORD_ORDERS];   /* those before the cursor */
    bool sentence;                   /* the word asked for begins one */
    float weight;                    /* of a word by its age: the latest weigh most */
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

static uint64_t key_of(uint8_t first, const uint8_t *text, size_t length)
{
    uint64_t key = (BT_FNV_START ^ first) * BT_GOLDEN;
    for (size_t i = 1; i < length; i++) key = (key ^ text[i]) * 0x100000001b3u;
    return bt_mix64(key);
}

/* The entry with this key, or NULL; `add`: a new one, while there is room. */
static bt_seen *find(bt_tally *t, uint64_t key, bool add)
{
    uint32_t at = (uint32_t)key % BT_TALLY_SLOTS;
    for (; t->slots[at] != 0; at = (at + 1) % BT_TALLY_SLOTS)
        if (t->seen[t->slots[at] - 1].key == key) return &t->seen[t->slots[at] - 1];
    if (!add || t->count == BT_TALLY) return NULL;
    bt_seen *e = &t->seen[t->count++];
    t->slots[at] = (uint16_t)t->count;
    *e = (bt_seen){.key = key};
    return e;
}

static bool is_capital(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static bool is_small(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

/* The first letter with which a word would be suggested: a capital where a sentence begins, and a
 * small one where that is typed and the word was read at the beginning of a sentence. */
static uint8_t first_shown(const scan *x, const bt_read_word *w)
{
    uint8_t first = w->text[0], typed = x->q->typed_length > 0 ? x->q->typed[0] : 'A';
    if (x->sentence && is_capital(typed) && is_small(first)) return first & 0xdfu;
    if (w->begins_sentence && is_small(typed) && is_capital(first)) return first | 0x20u;
    return first;
}

static bool agrees(const bt_question *q, const bt_read_word *w, uint8_t first)
{
    if (q->typed_length == 0) return true;
    return first == q->typed[0] && w->length >= q->typed_length &&
           memcmp(w->text + 1, q->typed + 1, q->typed_length - 1) == 0;
}

/* Counts a word that agrees with what was typed. If that is nothing, words that never stood after the
 * word before count only if the search has found them. */
static void count_word(scan *x, const bt_read_word *w, uint8_t first, uint32_t orders)
{
    bt_tally *t = x->t;
    t->total += x->weight;
    bool add = x->q->typed_length > 0 || orders > 0;
    bt_seen *e = find(t, key_of(first, w->text, w->length), add);
    if (!e) return;
    if (e->length == 0) {
        memcpy(e->text, w->text, w->length);
        e->length = w->length;
        e->text[0] = first;
    }
    e->recent += x->weight;
    for (uint32_t k = 0; k < orders; k++) {
        if (e->counts[k]++ == 0) t->kinds[k]++;
        t->places[k]++;
    }
}

static void read_word(void *context, const bt_read_word *w)
{
    scan *x = context;
    uint32_t orders = 0;
    while (orders < BT_WORD_ORDERS && x->goal[orders] && x->before[orders] == x->goal[orders])
        orders++;
    uint8_t first = first_shown(x, w);
    if (w->remembered && w->length <= BT_WORD_BYTES) {
        x->t->words++;
        if (agrees(x->q, w, first)) count_word(x, w, first, orders);
    }
    x->weight *= AGEING;
    pass_word(x, w);
}

/* ---- mixing ---------------------------------------------------------------------------------- */

static float mixed(const bt_tally *t, const bt_seen *e, float p)
{
    if (t->total > 0.0f) p = (1.0f - RECENT) * p + RECENT * e->recent / t->total;
    for (uint32_t k = 0; k < BT_WORD_ORDERS && t->places[k] > 0; k++) {
        float left = (float)e->counts[k] - DISCOUNT;
        float lower = DISCOUNT * (float)t->kinds[k] * p;
        p = (1.0f - GAIN) * p + GAIN * ((left > 0.0f ? left : 0.0f) + lower) / (float)t->places[k];
    }
    return p;
}

/* What a word counts that was not read, by the tokens that it takes. */
static float unread(const bt_tally *t, uint32_t tokens)
{
    float least = tokens < 2 ? UNREAD : tokens < 3 ? UNREAD_TWO : UNREAD_MORE;
    float share = (float)t->words / (float)(t->words + UNREAD_AFTER);
    return 1.0f - share + share * least;
}

/* Puts the likeliest of the words that only were read into the list. */
static void add_read(const bt_tally *t, const bt_question *q, bt_word_list *list)
{
    bt_word *first = &list->words[list->count];
    uint32_t most = BT_WORDS - list->count < q->count ? BT_WORDS - list->count : q->count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const bt_seen *e = &t->seen[i];
        float p = mixed(t, e, 0.0f);
        if (e->listed || most == 0 || (count == most && p <= first[count - 1].probability))
            continue;
        uint32_t at = count < most ? count++ : most - 1;
        for (; at > 0 && first[at - 1].probability < p; at--) first[at] = first[at - 1];
        first[at] = (bt_word){.probability = p, .length = e->length};
        memcpy(first[at].text, e->text, e->length);
    }
    list->count += count;
}

static void mix_words(bt_tally *t, const bt_question *q, bt_word_list *list)
{
    static const bt_seen none = {0};
    float sum = 0.0f, total = 0.0f;
    for (uint32_t i = 0; i < list->count; i++) {
        bt_word *w = &list->words[i];
        bt_seen *e = find(t, key_of(w->text[0], w->text, w->length), false);
        float p = mixed(t, e ? e : &none, w->probability);
        sum += p;
        w->probability = e && e->length > 0 ? p : p * unread(t, w->tokens);
        total += w->probability;
    }
    uint32_t searched = list->count;
    add_read(t, q, list);
    for (uint32_t i = searched; i < list->count; i++) {
        sum += list->words[i].probability;
        total += list->words[i].probability;
    }
    if (sum < 1.0f) total += (1.0f - sum) * unread(t, 1); /* the words that are not listed */
    for (uint32_t i = 0; total > 0.0f && i < list->count; i++) list->words[i].probability /= total;
}

/* ---- question -------------------------------------------------------------------------------- */

void bt_mix_read_words(const bt_question *q, bt_tally *t, bt_word_list *list)
{
    stream s = stream_of(q);
    scan x = {.q = q, .t = t, .weight = 0x1p-60f};
    bt_cutter c;
    uint32_t tail = s.count < TAIL ? 0 : s.count - TAIL;
    bt_cutter_init(&c, tail > 0, pass_only, &x);
    cut(&s, tail, &c);
    memcpy(x.goal, x.before, sizeof x.goal);
    memset(x.before, 0, sizeof x.before);
    x.sentence = c.sentence;
    memset(t, 0, offsetof(bt_tally, seen));
    for (uint32_t i = 0; i < list->count; i++) {
        const bt_word *w = &list->words[i];
        bt_seen *e = find(t, key_of(w->text[0], w->text, w->length), true);
        if (e) e->listed = true;
    }
    uint32_t begin = s.count < MOST_SCANNED ? 0 : s.count - MOST_SCANNED;
    bt_cutter_init(&c, begin > 0 || s.ring->next > s.ring->capacity, read_word, &x);
    cut(&s, begin, &c);
    mix_words(t, q, list);
}
