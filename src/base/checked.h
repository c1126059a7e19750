/* checked.h - sums and products that detect overflow, for sizes that come from files.
 * SPDX-License-Identifier: MIT */
#ifndef BT_CHECKED_H
#define BT_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False if the result overflows. */
static inline bool bt_add_size(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}
static inline bool bt_mul_size(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}
static inline bool bt_mul_u64(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

#endif
