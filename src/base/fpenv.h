/* fpenv.h - the floating-point environment that equal bits need: round to nearest, denormals kept.
 *
 * Some libraries switch on flush-to-zero for the whole process or thread; every entry point that
 * computes saves the caller's setting, computes with the default, and puts it back (the ternary product
 * only where it could matter: ttt/matrix.c).
 * SPDX-License-Identifier: MIT */
#ifndef BT_FPENV_H
#define BT_FPENV_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__SSE__)
#include <xmmintrin.h>
/* Whether results are rounded to nearest, found out by computing: reading the register waits for all
 * arithmetic before it, which is long for a call of a hundred cycles. */
static inline bool bt_fpenv_nearest(void)
{
    float one = 1.0f, little = 0x1p-26f;
    __asm__ volatile(""
                     : "+x"(one), "+x"(little)); /* nothing for the compiler to know, or to keep */
    return one + little == one && one - little == one;
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
