/* alloc.h - memory: every allocation of the library is made here.
 *
 * Built with BT_FAULT_INJECTION, the n-th allocation can be made to fail (bt_fail_allocations), and
 * live blocks and their bytes are counted, so that tests can try the failure of each allocation.
 * SPDX-License-Identifier: MIT */
#ifndef BT_ALLOC_H
#define BT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#define BT_ALIGNMENT 64u

/* count * size zeroed bytes, 64-byte aligned; NULL if the product overflows or memory runs out. */
void *bt_alloc(size_t count, size_t size);
void bt_free(void *block);                /* NULL is fine */
size_t bt_block_bytes(const void *block); /* taken from the C library for it; 0 for NULL */

/* Blocks that are freed together: all that one owner takes, such as the buffers of a session.
 * Zeroed, it is empty. After a failed allocation all later ones fail too, so that an owner can take
 * one buffer after the other and look at `failed` once. Not for two threads at a time. */
typedef struct bt_region {
    void *newest; /* the block taken last; each block knows the one before it */
    size_t bytes; /* of all blocks, taken from the C library */
    bool failed;
} bt_region;

/* A block as from bt_alloc, which bt_region_free alone may free. */
void *bt_region_alloc(bt_region *region, size_t count, size_t size);
float *bt_region_floats(bt_region *region, size_t count);
/* Frees all blocks; the region is then empty, and can be used again. */
void bt_region_free(bt_region *region);

#if defined(BT_FAULT_INJECTION)
/* Lets `after` allocations pass, then fails one, or all from there on. SIZE_MAX: none fails. */
void bt_fail_allocations(size_t after, bool persistent);
size_t bt_live_allocations(void);
size_t bt_live_bytes(void);
/* The largest number of bytes held at one time since bt_reset_peak(), beyond those held then; what
 * the C library adds to a block does not count. */
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
