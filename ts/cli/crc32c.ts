/**
 * crc32c.ts - CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of `.bitt` files.
 * SPDX-License-Identifier: MIT
 */
const POLYNOMIAL = 0x82f6_3b78; // reflected

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc >>> 0;
});

/** Of all parts, one after the other. */
export function crc32c(parts: readonly Uint8Array[]): number {
  let crc = 0xffff_ffff;
  for (const part of parts) {
    for (const byte of part) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  }
  return ~crc >>> 0;
}
