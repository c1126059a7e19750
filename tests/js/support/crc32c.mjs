// crc32c.mjs - the checksum of saved states and checkpoints, to forge what only its meaning gives away.
// SPDX-License-Identifier: MIT

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
export function crc32c(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
