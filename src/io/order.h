/* order.h - sorts items by an integer key, and those with equal keys by a comparison function.
 * SPDX-License-Identifier: MIT */
#ifndef BT_ORDER_H
#define BT_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* The index of an item, and a key that decides most comparisons. */
typedef struct bt_rank {
    uint32_t key, index;
} bt_rank;

/* Negative, 0 or positive as item a comes before, equals or comes after item b. */
typedef int (*bt_compare)(const void *context, uint32_t a, uint32_t b);

/* Sorts order[count], stably and without recursion; scratch[count] is overwritten. It takes at most
 * count log2(count) comparisons: for texts, whose comparison costs the length of the shorter one,
 * that is total length times log2(count), even if all keys are equal. */
void bt_order(bt_rank *order, bt_rank *scratch, size_t count, bt_compare compare,
              const void *context);

/* Compares texts by their bytes; a prefix comes first. */
int bt_compare_text(const char *a, size_t a_length, const char *b, size_t b_length);

/* Keys of texts: a hash, and the first four bytes, which keep the order of bt_compare_text. */
uint32_t bt_text_hash(const char *text, size_t length);
uint32_t bt_text_start(const char *text, size_t length);

#endif
