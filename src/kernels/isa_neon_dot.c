/* isa_neon_dot.c - the NEON kernels with the dot product instruction (sdot) of ARMv8.2.
 * SPDX-License-Identifier: MIT */
#define BT_NEON_DOT 1
#include "isa_neon.c"
