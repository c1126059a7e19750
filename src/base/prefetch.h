/* prefetch.h - moves a cache line to this core before it is used.
 * SPDX-License-Identifier: MIT */
#ifndef BT_PREFETCH_H
#define BT_PREFETCH_H

static inline void bt_prefetch_read(const float *p)
{
    __builtin_prefetch(p, 0, 2);
}
/* Takes the line away from the other cores. Compilers emit prefetchw only with -mprfchw, though
 * every x86-64 CPU accepts it. */
static inline void bt_prefetch_write(const float *p)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*p));
#else
    __builtin_prefetch(p, 1, 2);
#endif
}

#endif
