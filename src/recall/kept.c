/* kept.c - a log of what followed frequent contexts (kept.h).
 * SPDX-License-Identifier: MIT */
#include "kept.h"

#include <string.h>

#define RECORD_WORDS ((uint32_t)(sizeof(bt_kept_record) / sizeof(uint32_t)))
#define BEGIN_ANEW 0x80000000u

const bt_kept_record *bt_kept_find(const bt_kept *kept, uint32_t slot, uint32_t head,
                                   const bt_latest *latest, uint32_t order)
{
    const bt_kept_slot *at = &kept->slots[slot];
    if (at->begin == 0 || at->head != head) return NULL;
    if (kept->next - (at->begin - 1) > BT_KEPT_WORDS) return NULL; /* overwritten */
    const void *words = &kept->words[(at->begin - 1) % BT_KEPT_WORDS];
    const bt_kept_record *record = words;
    bool same = record->order == order &&
                memcmp(record->words, latest->symbols, order * sizeof *record->words) == 0;
    return same ? record : NULL;
}

void bt_kept_take(const bt_kept_record *record, bt_followers *found)
{
    const void *list = record->words + record->order;
    const uint16_t *narrow = list;
    const uint32_t *wide = list;
    const void *after =
        record->is_narrow ? (const void *)(narrow + record->kinds) : wide + record->kinds;
    const uint8_t *counts = after;
    found->total = record->total;
    found->kinds = record->kinds;
    for (uint32_t i = 0; i < record->kinds; i++)
        found->list[i] = (bt_count){record->is_narrow ? narrow[i] : wide[i], counts[i]};
}

/* Room for a record of `size` words, which must not be cut. */
static bt_kept_record *append(bt_kept *kept, uint32_t slot, uint32_t head, uint32_t size)
{
    if (kept->next > BEGIN_ANEW) memset(kept, 0, sizeof *kept);
    uint32_t at = kept->next % BT_KEPT_WORDS;
    if (at + size > BT_KEPT_WORDS) {
        kept->next += BT_KEPT_WORDS - at;
        at = 0;
    }
    kept->slots[slot] = (bt_kept_slot){head, kept->next + 1};
    kept->next += size;
    void *words = &kept->words[at];
    return words;
}

void bt_kept_put(bt_kept *kept, uint32_t slot, uint32_t head, const bt_latest *latest,
                 uint32_t order, uint32_t last, const bt_followers *found, bool is_narrow)
{
    _Static_assert(BT_PLACES < 256, "counts fit bytes");
    bt_kept_record header = {.last = last,
                             .order = (uint8_t)order,
                             .kinds = (uint8_t)found->kinds,
                             .total = (uint8_t)found->total,
                             .is_narrow = is_narrow};
    bt_kept_record *record =
        append(kept, slot, head, RECORD_WORDS + (bt_kept_bytes(&header) + 3) / 4);
    *record = header;
    memcpy(record->words, latest->symbols, order * sizeof *record->words);
    void *list = record->words + order;
    uint16_t *narrow = list;
    uint32_t *wide = list;
    void *after = is_narrow ? (void *)(narrow + found->kinds) : wide + found->kinds;
    uint8_t *counts = after;
    for (uint32_t i = 0; i < found->kinds; i++) {
        if (is_narrow) narrow[i] = (uint16_t)found->list[i].symbol;
        else wide[i] = found->list[i].symbol;
        counts[i] = (uint8_t)found->list[i].count;
    }
}
