/**
 * unit.ts - what the memory reads one by one; a type only, which the demo shares.
 * SPDX-License-Identifier: MIT
 */
export type Unit = 'line' | 'word';
