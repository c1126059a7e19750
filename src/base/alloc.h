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
size_t bt_block_bytes(const void *block); /* bytes taken from the C library; 0 for NULL */

/* Blocks that are freed together, such as all buffers of a session. A zeroed region is empty. After
 * a failed allocation all later ones fail too, so that an owner can allocate one buffer after the
 * other and check `failed` once. One thread at a time may use a region. */
typedef struct bt_region {
    void *newest; /* the block taken last; each block knows the one before it */
    size_t bytes; /* of all blocks, as bt_block_bytes counts them */
    bool failed;
} bt_region;

/* As bt_alloc; only bt_region_free may free the block. */
void *bt_region_alloc(bt_region *region, size_t count, size_t size);
float *bt_region_floats(bt_region *region, size_t count);
/* Frees all blocks; the region is then empty and can be used again. */
void bt_region_free(bt_region *region);

#if defined(BT_FAULT_INJECTION)
/* After `after` more allocations the next one fails, or, if persistent, all later ones do. SIZE_MAX:
 * none fails. */
void bt_fail_allocations(size_t after, bool persistent);
size_t bt_live_allocations(void);
size_t bt_live_bytes(void);
/* The peak of live bytes since bt_reset_peak(), minus those that were live at that call. */
size_t bt_peak_bytes(void);
void bt_reset_peak(void);
/* True if a resource other than memory, such as a thread, must fail now: it counts as an allocation. */
bool bt_fault(void);
#else
static inline bool bt_fault(void)
{
    return false;
}
#endif

#endif
