/* fpenv.h - the floating-point environment that equal bits need: round to nearest, denormals kept.
 *
 * Some libraries switch on flush-to-zero for the whole process or thread; every entry point that
 * computes saves the caller's setting, computes with the default, and puts it back.
 * SPDX-License-Identifier: MIT */
#ifndef BT_FPENV_H
#define BT_FPENV_H

#include <stdint.h>

#if defined(__x86_64__) || defined(__SSE__)
#include <xmmintrin.h>
typedef unsigned int bt_fpenv;
static inline bt_fpenv bt_fpenv_enter(void)
{
    bt_fpenv saved = _mm_getcsr();
    if ((saved & ~0x3fu) != 0x1f80u) _mm_setcsr(0x1f80u);
    return saved;
}
static inline void bt_fpenv_leave(bt_fpenv saved)
{
    if ((saved & ~0x3fu) != 0x1f80u) _mm_setcsr(saved);
}
#elif defined(__aarch64__)
typedef uint64_t bt_fpenv;
static inline bt_fpenv bt_fpenv_enter(void)
{
    bt_fpenv saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    if (saved != 0) __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
    return saved;
}
static inline void bt_fpenv_leave(bt_fpenv saved)
{
    if (saved != 0) __asm__ volatile("msr fpcr, %0" : : "r"(saved));
}
#else /* WebAssembly has no such state */
typedef int bt_fpenv;
static inline bt_fpenv bt_fpenv_enter(void)
{
    return 0;
}
static inline void bt_fpenv_leave(bt_fpenv saved)
{
    (void)saved;
}
#endif

#endif
