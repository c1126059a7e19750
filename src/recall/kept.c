/* kept.c - a log of what followed frequent symbols (kept.h).
 * SPDX-License-Identifier: MIT */
#include "kept.h"

#include <string.h>

#define RECORD_WORDS (sizeof(bt_kept_record) / sizeof(uint32_t))
#define BEGIN_ANEW 0x80000000u

static uint32_t slot_of(uint32_t symbol)
{
    return symbol % BT_KEPT_SLOTS;
}

const bt_kept_record *bt_kept_find(const bt_kept *kept, uint32_t symbol, uint32_t head)
{
    uint32_t begin = kept->latest[slot_of(symbol)];
    if (begin == 0 || kept->next - (begin - 1) > BT_KEPT_WORDS) return NULL; /* overwritten */
    const void *words = &kept->words[(begin - 1) % BT_KEPT_WORDS];
    const bt_kept_record *record = words;
    return record->symbol == symbol && record->head == head ? record : NULL;
}

void bt_kept_take(const bt_kept_record *record, bt_followers *found)
{
    const void *after = record->words + record->kinds;
    const uint8_t *counts = after;
    found->total = record->total;
    found->kinds = record->kinds;
    for (uint32_t i = 0; i < record->kinds; i++)
        found->list[i] = (bt_count){record->words[i], counts[i]};
}

void bt_kept_put(bt_kept *kept, uint32_t symbol, uint32_t head, uint32_t last,
                 const bt_followers *found)
{
    _Static_assert(BT_PLACES < 256, "a count fits a byte");
    uint32_t size = RECORD_WORDS + found->kinds + (found->kinds + 3) / 4;
    if (kept->next > BEGIN_ANEW) memset(kept, 0, sizeof *kept);
    uint32_t at = kept->next % BT_KEPT_WORDS;
    if (at + size > BT_KEPT_WORDS) { /* records are whole */
        kept->next += BT_KEPT_WORDS - at;
        at = 0;
    }
    void *words = &kept->words[at];
    bt_kept_record *record = words;
    *record = (bt_kept_record){.symbol = symbol,
                               .head = head,
                               .last = last,
                               .total = (uint16_t)found->total,
                               .kinds = (uint16_t)found->kinds};
    void *after = record->words + found->kinds;
    uint8_t *counts = after;
    for (uint32_t i = 0; i < found->kinds; i++) {
        record->words[i] = found->list[i].symbol;
        counts[i] = (uint8_t)found->list[i].count;
    }
    kept->latest[slot_of(symbol)] = kept->next + 1;
    kept->next += size;
}
