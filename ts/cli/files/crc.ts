/**
 * crc.ts - cyclic redundancy checks of 32 bits, reflected.
 * SPDX-License-Identifier: MIT
 */

function makeTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
    return crc >>> 0;
  });
}

/** CRC-32 (IEEE 802.3), and CRC-32C (Castagnoli, RFC 3720 appendix B.4), of `.bitt` files. */
export const CRC32 = makeTable(0xedb8_8320);
export const CRC32C = makeTable(0x82f6_3b78);

/** Of all parts, one after the other, in eight hexadecimal digits. */
export function crcOf(table: Uint32Array, parts: readonly Uint8Array[]): string {
  let crc = 0xffff_ffff;
  for (const part of parts) {
    for (const byte of part) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  }
  return (~crc >>> 0).toString(16).padStart(8, '0');
}
