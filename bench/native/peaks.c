/* peaks.c - what the core could do at best: loops of one instruction over independent registers, for
 * figures to be read as a fraction of.
 * SPDX-License-Identifier: MIT */
#include "peaks.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
/* Twelve registers hide a latency of up to six cycles at two instructions a cycle. */
#define TWELVE(op, r)                                                                              \
    op(r, 0) op(r, 1) op(r, 2) op(r, 3) op(r, 4) op(r, 5) op(r, 6) op(r, 7) op(r, 8) op(r, 9)      \
        op(r, 10) op(r, 11)
#define VPDPBUSD(r, i) "vpdpbusd %%" r "14, %%" r "15, %%" r #i "\n\t"
#define MADDUBS(r, i) "vpmaddubsw %%" r "14, %%" r "15, %%" r #i "\n\t"
#define FMA(r, i) "vfmadd231ps %%" r "14, %%" r "15, %%" r #i "\n\t"
#define CLEAR(r, i) "vpxor %%" r #i ", %%" r #i ", %%" r #i "\n\t"
#define CLOBBER                                                                                    \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#define LOOP(name, isa, op, r)                                                                     \
    __attribute__((target(isa))) static void name(size_t turns)                                    \
    {                                                                                              \
        __asm__ volatile(TWELVE(CLEAR, "ymm") CLEAR("ymm", 12) CLEAR("ymm", 13) CLEAR("ymm", 14)   \
                             CLEAR("ymm", 15)::                                                    \
                                 : CLOBBER);                                                       \
        for (size_t i = 0; i < turns; i++) __asm__ volatile(TWELVE(op, r)::: CLOBBER);             \
    }

LOOP(run_vpdpbusd, "avx512f,avx512vnni", VPDPBUSD, "zmm")
LOOP(run_fma512, "avx512f", FMA, "zmm")
LOOP(run_maddubs, "avx2", MADDUBS, "ymm")

static const struct {
    const char *name;
    void (*run)(size_t turns);
    double operations; /* multiply-accumulates a turn */
    bool avx512;
} loops[] = {
    {"vpdpbusd", run_vpdpbusd, 12 * 64, true},
    {"fma512", run_fma512, 12 * 16, true},
    {"vpmaddubsw", run_maddubs, 12 * 32, false},
};

bool peak_find(const char *name, void (**run)(size_t), double *operations)
{
    bool has512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni");
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        if (strcmp(name, loops[i].name) != 0) continue;
        if (loops[i].avx512 ? !has512 : !__builtin_cpu_supports("avx2")) return false;
        *run = loops[i].run;
        *operations = loops[i].operations;
        return true;
    }
    return false;
}
#else
bool peak_find(const char *name, void (**run)(size_t), double *operations)
{
    (void)name, (void)run, (void)operations;
    return false;
}
#endif
