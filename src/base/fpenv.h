/* fpenv.h - the floating-point environment of all arithmetic: round to nearest, denormals kept.
 *
 * Some libraries switch on flush-to-zero for a whole process or thread. Every entry point that
 * computes saves the caller's setting, computes with the default, and restores it;
 * ttt_matrix_multiply only where it matters.
 * SPDX-License-Identifier: MIT */
#ifndef BT_FPENV_H
#define BT_FPENV_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__SSE__)
#include <xmmintrin.h>
/* True if results are rounded to nearest. Two sums tell; reading the control register would wait for
 * all earlier arithmetic, too long for a call of a hundred cycles. */
static inline bool bt_fpenv_nearest(void)
{
    float one = 1.0f, tiny = 0x1p-26f;
    __asm__ volatile("" : "+x"(one), "+x"(tiny)); /* keeps the compiler from folding the sums */
    return one + tiny == one && one - tiny == one;
}
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
static inline bt_fpenv bt_fpenv_read(void)
{
    bt_fpenv now;
    __asm__ volatile("mrs %0, fpcr" : "=r"(now));
    return now;
}
static inline bool bt_fpenv_nearest(void)
{
    return (bt_fpenv_read() >> 22 & 3) == 0;
}
static inline bt_fpenv bt_fpenv_enter(void)
{
    bt_fpenv saved = bt_fpenv_read();
    if (saved != 0) __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
    return saved;
}
static inline void bt_fpenv_leave(bt_fpenv saved)
{
    if (saved != 0) __asm__ volatile("msr fpcr, %0" : : "r"(saved));
}
#else /* WebAssembly has no such state */
static inline bool bt_fpenv_nearest(void)
{
    return true;
}
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
