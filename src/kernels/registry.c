/* registry.c - the kernel tables that are compiled in, those that this CPU can run, and the active
 * one.
 * SPDX-License-Identifier: MIT */
#include "tables.h"

#include <bit_ttt/ttt.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

typedef struct {
    const bt_kernels *table;
    bool (*usable)(void); /* whether this CPU can run it */
} entry;

static bool always(void)
{
    return true;
}

#if defined(BT_HAVE_X86)
/* The builtins check XGETBV besides CPUID: the operating system must save the wide registers. */
static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
#elif defined(BT_HAVE_NEON)
static bool has_neon_dot(void)
{
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & (1ul << 20)) != 0; /* HWCAP_ASIMDDP */
#else
    return true; /* every 64-bit Apple CPU that macOS runs on has it */
#endif
}
#endif

/* Best first. */
static const entry entries[] = {
#if defined(BT_HAVE_X86)
    {&bt_kernels_avx512, has_avx512},
    {&bt_kernels_avx2, has_avx2},
#elif defined(BT_HAVE_NEON)
    {&bt_kernels_neon_dot, has_neon_dot},
    {&bt_kernels_neon, always},
#elif defined(BT_HAVE_WASM128)
    {&bt_kernels_wasm_relaxed, bt_wasm_relaxed_usable},
    {&bt_kernels_wasm128, always},
#endif
#if !defined(BT_HAVE_WASM128)
    {&bt_kernels_baseline, always},
#endif
};
#define ENTRIES (sizeof entries / sizeof entries[0])

static _Atomic(const bt_kernels *) active;

static const entry *find(const char *name)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (strcmp(entries[i].table->name, name) == 0) return &entries[i];
    return NULL;
}

/* The table that the environment names, if usable, else the best usable one. */
static const bt_kernels *choose(void)
{
#if defined(__EMSCRIPTEN__)
    const char *requested = NULL; /* the module imports no environment */
#else
    const char *requested = getenv("BIT_TTT_KERNEL");
#endif
    const entry *named = requested ? find(requested) : NULL;
    if (named && named->usable()) return named->table;
    for (size_t i = 0; i < ENTRIES; i++)
        if (entries[i].usable()) return entries[i].table;
    return entries[ENTRIES - 1].table;
}

const bt_kernels *bt_kernels_active(void)
{
    const bt_kernels *table = atomic_load_explicit(&active, memory_order_acquire);
    if (table) return table;
    table = choose();
    atomic_store_explicit(&active, table, memory_order_release);
    return table;
}

const bt_tiles *bt_bf16_best(const bt_kernels *kernels)
{
#if defined(BT_HAVE_X86)
    if (kernels == &bt_kernels_avx512 && __builtin_cpu_supports("avx512bf16"))
        return bt_amx_usable() ? &bt_tiles_amx : &bt_tiles_avx512bf16;
#endif
    return &kernels->gemm_bf16;
}

const char *ttt_kernel(void)
{
    return bt_kernels_active()->name;
}

int ttt_set_kernel(const char *name)
{
    if (!name) return TTT_NULL_POINTER;
    const bt_kernels *table = NULL;
    if (strcmp(name, "auto") == 0) {
        table = choose();
    } else {
        const entry *named = find(name);
        if (!named) return TTT_UNKNOWN_KERNEL;
        if (!named->usable()) return TTT_UNSUPPORTED_KERNEL;
        table = named->table;
    }
    atomic_store_explicit(&active, table, memory_order_release);
    return TTT_OK;
}

size_t ttt_kernel_count(void)
{
    return ENTRIES;
}

const char *ttt_kernel_name(size_t index)
{
    return index < ENTRIES ? entries[index].table->name : NULL;
}

int ttt_kernel_usable(size_t index)
{
    return index < ENTRIES && entries[index].usable();
}
