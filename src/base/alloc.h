/* alloc.h - the only way to memory in the library.
 *
 * Built with BT_FAULT_INJECTION, the n-th allocation can be made to fail (bt_fail_allocations) and
 * live blocks and their bytes are counted, so that tests can walk every failure.
 * SPDX-License-Identifier: MIT */
#ifndef BT_ALLOC_H
#define BT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#define BT_ALIGNMENT 64u

/* count * size zeroed bytes, 64-byte aligned; NULL if that overflows or there is no memory. */
void *bt_alloc(size_t count, size_t size);
/* Both give the bytes that the block takes from the C library, and take NULL, of 0 bytes. What owns
 * blocks has one function that shows them all to either, so that what is freed is what is counted. */
size_t bt_free(void *block);
size_t bt_block_bytes(void *block);
typedef size_t (*bt_block_visitor)(void *block);

#if defined(BT_FAULT_INJECTION)
/* Lets `after` allocations pass, then fails one, or all from there on. SIZE_MAX: none fails. */
void bt_fail_allocations(size_t after, bool persistent);
size_t bt_live_allocations(void);
size_t bt_live_bytes(void);
/* The most bytes that blocks made since bt_reset_peak() held at one time, blocks made before not
 * counted; what the C library adds to a block is not part of it. */
size_t bt_peak_bytes(void);
void bt_reset_peak(void);
/* For resources that fail like memory does, such as threads: true if this one must fail. */
bool bt_fault(void);
#else
static inline bool bt_fault(void)
{
    return false;
}
#endif

#endif
