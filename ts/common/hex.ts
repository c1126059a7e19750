/**
 * hex.ts - how numbers of 64 bits are written: hashes and fingerprints.
 * SPDX-License-Identifier: MIT
 */

/** 16 hexadecimal digits. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
