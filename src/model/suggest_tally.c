/* suggest_tally.c - the table of words read (suggest_tally.h).
 * SPDX-License-Identifier: MIT */
#include "suggest_tally.h"

#include "../base/hash.h"
#include "letters.h"

#include <stddef.h>
#include <string.h>

void bt_tally_clear(bt_tally *t)
{
    memset(t, 0, offsetof(bt_tally, seen));
}

/* ---- hash table ------------------------------------------------------------------------------ */

static uint64_t key_of(bt_form form, const uint8_t *text, size_t length)
{
    uint64_t key = (BT_FNV_START ^ (unsigned)form) * BT_GOLDEN;
    for (size_t i = 0; i < length; i++) key = (key ^ text[i]) * 0x100000001b3u;
    return bt_mix64(key);
}

/* The slot of a key, or the empty one where it belongs. */
static uint32_t slot_of(const bt_tally *t, uint64_t key)
{
    uint32_t at = (uint32_t)key % BT_TALLY_SLOTS;
    while (t->slots[at] != 0 && t->seen[t->slots[at] - 1].key != key)
        at = (at + 1) % BT_TALLY_SLOTS;
    return at;
}

/* Adds one entry to another of the same word. */
static void merge(bt_tally *t, bt_seen *to, const bt_seen *from)
{
    to->recent += from->recent;
    for (uint32_t k = 0; k < BT_WORD_ORDERS; k++) {
        if (to->counts[k] > 0 && from->counts[k] > 0) t->kinds[k]--;
        to->counts[k] += from->counts[k];
    }
    to->listed = to->listed || from->listed;
    if (from->length == 0) return;
    if (to->length == 0) { /* `similar` has served its purpose by now */
        memcpy(to->text, from->text, from->length);
        to->length = from->length;
        to->agrees = from->agrees;
    }
    to->curly = from->curly;
}

/* Whether neither the search nor a context needs an entry. */
static bool is_spare(const bt_seen *e)
{
    return !e->listed && e->counts[0] == 0;
}

/* Makes the table anew from its entries, of which some may have become the same word. Forgets spare
 * ones whose `recent` is not above `least`. */
static void rebuild(bt_tally *t, float least)
{
    uint32_t kept = 0;
    memset(t->slots, 0, sizeof t->slots);
    for (uint32_t i = 0; i < t->count; i++) {
        const bt_seen *e = &t->seen[i];
        if (is_spare(e) && e->recent <= least) continue;
        uint32_t slot = slot_of(t, e->key);
        if (t->slots[slot] != 0) {
            merge(t, &t->seen[t->slots[slot] - 1], e);
            continue;
        }
        if (kept < i) t->seen[kept] = *e;
        t->slots[slot] = (uint16_t)++kept;
    }
    t->count = kept;
}

/* Forgets the spare entries that are not above the mean of them. */
static void make_room(bt_tally *t)
{
    float sum = 0.0f;
    uint32_t spares = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        if (!is_spare(&t->seen[i])) continue;
        sum += t->seen[i].recent;
        spares++;
    }
    if (spares > 0) rebuild(t, sum / (float)spares);
    t->full = spares == 0;
}

bt_seen *bt_tally_find(bt_tally *t, bt_form form, const uint8_t *text, size_t length, bool add)
{
    uint64_t key = key_of(form, text, length);
    uint32_t slot = slot_of(t, key);
    if (t->slots[slot] != 0) return &t->seen[t->slots[slot] - 1];
    if (!add || t->full) return NULL;
    if (t->count == BT_TALLY) {
        make_room(t);
        if (t->count == BT_TALLY) return NULL;
        slot = slot_of(t, key);
    }
    bt_seen *e = &t->seen[t->count++];
    t->slots[slot] = (uint16_t)t->count;
    *e = (bt_seen){.key = key, .form = form};
    return e;
}

/* ---- one word in two forms ------------------------------------------------------------------- */

static bool was_read(bt_tally *t, const uint8_t *text, size_t length)
{
    const bt_seen *e = bt_tally_find(t, BT_AS_READ, text, length, false);
    return e && e->length > 0;
}

void bt_tally_settle(bt_tally *t, bool small_typed)
{
    for (uint32_t i = 0; i < t->count; i++) {
        bt_seen *e = &t->seen[i];
        if (e->form != BT_INITIAL) continue;
        uint8_t capital = e->text[0], small = bt_small_letter(capital);
        e->text[0] = small;
        bool as_small = was_read(t, e->text, e->length);
        e->text[0] = capital;
        if (as_small || (small_typed && !was_read(t, e->text, e->length))) e->text[0] = small;
        else if (small_typed) e->agrees = false;
    }
    for (uint32_t i = 0; i < t->count; i++) {
        bt_seen *e = &t->seen[i];
        if (e->form == BT_INITIAL) e->key = key_of(BT_AS_READ, e->text, e->length);
        e->form = BT_AS_READ;
    }
    rebuild(t, -1.0f);
}

void bt_tally_adopt(bt_tally *t, const uint8_t *typed, size_t length)
{
    bool capitals = length > 1;
    for (size_t i = 0; i < length; i++) capitals = capitals && bt_is_capital(typed[i]);
    for (uint32_t i = 0; !capitals && i < t->count; i++)
        if (t->seen[i].length > 0 && t->seen[i].agrees) return;
    for (uint32_t i = 0; i < t->count; i++) {
        bt_seen *e = &t->seen[i];
        if (e->length == 0 || !e->similar) continue;
        memcpy(e->text, typed, length);
        for (size_t j = length; capitals && j < e->length; j++)
            e->text[j] = bt_capital_letter(e->text[j]);
        e->key = key_of(BT_AS_READ, e->text, e->length);
        e->agrees = true;
    }
    rebuild(t, -1.0f);
}
