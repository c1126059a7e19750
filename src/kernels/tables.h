/* tables.h - the kernel tables that may be compiled in; each is defined by its isa_*.c.
 * SPDX-License-Identifier: MIT */
#ifndef BT_TABLES_H
#define BT_TABLES_H

#include "kernels.h"

extern const bt_kernels bt_kernels_baseline;
extern const bt_kernels bt_kernels_avx2;
extern const bt_kernels bt_kernels_avx512;
extern const bt_bf16 bt_bf16_avx512;
extern const bt_kernels bt_kernels_neon;
extern const bt_kernels bt_kernels_neon_dot;
extern const bt_kernels bt_kernels_wasm128;

/* Filled by the first call that finds the relaxed dot product here, and right. */
extern bt_kernels bt_kernels_wasm_relaxed;
bool bt_wasm_relaxed_usable(void);

#endif
