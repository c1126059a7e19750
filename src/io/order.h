/* order.h - sorts things by a key each, and where keys are equal by what a function says.
 * SPDX-License-Identifier: MIT */
#ifndef BT_ORDER_H
#define BT_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* A thing by its number, and what most comparisons can be decided by without looking at it. */
typedef struct bt_rank {
    uint32_t key, index;
} bt_rank;

/* Negative, 0 or positive as thing a comes before, with or after thing b. */
typedef int (*bt_compare)(const void *context, uint32_t a, uint32_t b);

/* Sorts order[count], stably and without recursion; scratch[count] is left with anything. At most
 * count log2(count) comparisons, of which each moves one rank: where one costs the shorter of two
 * texts, that is linear in all texts together but for the logarithm, even if all keys are equal. */
void bt_order(bt_rank *order, bt_rank *scratch, size_t count, bt_compare compare,
              const void *context);

/* Bytes of one text against another's, the shorter first if it begins the other. */
int bt_compare_text(const char *a, size_t a_length, const char *b, size_t b_length);

/* Keys of texts: one that scatters, and one in the order of bt_compare_text. */
uint32_t bt_text_hash(const char *text, size_t length);
uint32_t bt_text_start(const char *text, size_t length);

#endif
