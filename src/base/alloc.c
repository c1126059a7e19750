/* alloc.c - aligned, zeroed, overflow-checked allocation, regions, and fault injection for tests.
 * SPDX-License-Identifier: MIT */
#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>

#if defined(BT_FAULT_INJECTION)
#include <stdatomic.h>

static atomic_size_t faults_after = SIZE_MAX, live_blocks, live_bytes, peak_bytes, peak_from;
static atomic_bool faults_persist;

void bt_fail_allocations(size_t after, bool persistent)
{
    atomic_store(&faults_persist, persistent);
    atomic_store(&faults_after, after);
}

size_t bt_live_allocations(void)
{
    return atomic_load(&live_blocks);
}

size_t bt_live_bytes(void)
{
    return atomic_load(&live_bytes);
}

bool bt_fault(void)
{
    size_t after = atomic_load(&faults_after);
    if (after == SIZE_MAX) return false;
    if (after > 0) {
        atomic_store(&faults_after, after - 1);
        return false;
    }
    if (!atomic_load(&faults_persist)) atomic_store(&faults_after, SIZE_MAX);
    return true;
}

size_t bt_peak_bytes(void)
{
    return atomic_load(&peak_bytes) - atomic_load(&peak_from);
}

void bt_reset_peak(void)
{
    size_t now = atomic_load(&live_bytes);
    atomic_store(&peak_from, now);
    atomic_store(&peak_bytes, now);
}

static void count_block(int change, size_t bytes)
{
    if (change < 0) {
        atomic_fetch_sub(&live_blocks, 1u);
        atomic_fetch_sub(&live_bytes, bytes);
        return;
    }
    atomic_fetch_add(&live_blocks, 1u);
    size_t now = atomic_fetch_add(&live_bytes, bytes) + bytes, peak = atomic_load(&peak_bytes);
    while (peak < now && !atomic_compare_exchange_weak(&peak_bytes, &peak, now)) continue;
}
#else
static void count_block(int change, size_t bytes)
{
    (void)change;
    (void)bytes;
}
#endif

/* Lies just before the aligned address of a block. */
typedef struct {
    void *block;    /* the result of calloc */
    size_t bytes;   /* its size */
    void *previous; /* the previous block of the same region, or NULL */
} preamble;

/* Uses calloc, since it leaves large blocks without physical memory until they are touched, which no
 * aligned allocator does. What bt_free needs lies before the aligned address. */
void *bt_alloc(size_t count, size_t size)
{
    size_t extra = BT_ALIGNMENT + sizeof(preamble);
    if (size != 0 && count > (SIZE_MAX - extra) / size) return NULL;
    if (bt_fault()) return NULL;
    size_t bytes = count * size + extra;
    void *block = calloc(1, bytes);
    if (!block) return NULL;
    uintptr_t address = (uintptr_t)block + sizeof(preamble);
    address = (address + BT_ALIGNMENT - 1) / BT_ALIGNMENT * BT_ALIGNMENT;
    ((preamble *)address)[-1] = (preamble){block, bytes, NULL};
    count_block(1, bytes);
    return (void *)address;
}

void bt_free(void *block)
{
    if (!block) return;
    preamble before = ((preamble *)block)[-1];
    count_block(-1, before.bytes);
    free(before.block);
}

size_t bt_block_bytes(const void *block)
{
    return block ? ((const preamble *)block)[-1].bytes : 0;
}

void *bt_region_alloc(bt_region *region, size_t count, size_t size)
{
    void *block = region->failed ? NULL : bt_alloc(count, size);
    region->failed = !block;
    if (!block) return NULL;
    ((preamble *)block)[-1].previous = region->newest;
    region->newest = block;
    region->bytes += bt_block_bytes(block);
    return block;
}

float *bt_region_floats(bt_region *region, size_t count)
{
    return bt_region_alloc(region, count, sizeof(float));
}

void bt_region_free(bt_region *region)
{
    for (void *block = region->newest, *previous; block; block = previous) {
        previous = ((preamble *)block)[-1].previous;
        bt_free(block);
    }
    *region = (bt_region){0};
}
