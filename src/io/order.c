/* order.c - a bottom-up merge sort.
 * SPDX-License-Identifier: MIT */
#include "order.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
    bt_compare compare;
    const void *context;
} ordering;

static bool in_order(const ordering *by, bt_rank a, bt_rank b)
{
    if (a.key != b.key) return a.key < b.key;
    return by->compare(by->context, a.index, b.index) <= 0;
}

/* Merges from[0 .. middle) and from[middle .. count) into to. */
static void merge(const bt_rank *from, size_t middle, size_t count, bt_rank *to, const ordering *by)
{
    size_t left = 0, right = middle;
    /* Already in order, as the offsets of most files are. */
    if (in_order(by, from[middle - 1], from[middle])) {
        memcpy(to, from, count * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool take_left = left < middle && (right == count || in_order(by, from[left], from[right]));
        to[i] = take_left ? from[left++] : from[right++];
    }
}

void bt_order(bt_rank *order, bt_rank *scratch, size_t count, bt_compare compare,
              const void *context)
{
    const ordering by = {compare, context};
    bt_rank *from = order, *to = scratch;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t left = count - i;
            if (left <= width) memcpy(to + i, from + i, left * sizeof *to);
            else merge(from + i, width, left < 2 * width ? left : 2 * width, to + i, &by);
        }
        bt_rank *swap = from;
        from = to;
        to = swap;
    }
    if (from != order) memcpy(order, from, count * sizeof *order);
}

int bt_compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shorter = a_length < b_length ? a_length : b_length;
    int difference = shorter ? memcmp(a, b, shorter) : 0;
    if (difference != 0 || a_length == b_length) return difference;
    return a_length < b_length ? -1 : 1;
}

uint32_t bt_text_hash(const char *text, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

uint32_t bt_text_start(const char *text, size_t length)
{
    uint32_t key = 0;
    for (size_t i = 0; i < 4; i++) key = key << 8 | (i < length ? (uint8_t)text[i] : 0u);
    return key;
}
