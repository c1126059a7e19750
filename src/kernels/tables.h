/* tables.h - the tables of all instruction sets; the build compiles the isa_*.c of its target.
 * SPDX-License-Identifier: MIT */
#ifndef BT_TABLES_H
#define BT_TABLES_H

#include "kernels.h"

extern const bt_kernels bt_kernels_baseline;
extern const bt_kernels bt_kernels_avx2;
extern const bt_kernels bt_kernels_avx512;
extern const bt_tiles bt_tiles_avx512bf16; /* for CPUs with AVX512_BF16 besides */
extern const bt_tiles bt_tiles_amx;
bool bt_amx_usable(void); /* asks the operating system for the tile registers */
extern const bt_kernels bt_kernels_neon;
extern const bt_kernels bt_kernels_neon_dot;
extern const bt_kernels bt_kernels_wasm128;

/* Complete once bt_wasm_relaxed_usable has returned true: the module contains the relaxed dot
 * product, and its results are exact. */
extern bt_kernels bt_kernels_wasm_relaxed;
bool bt_wasm_relaxed_usable(void);

#endif
