// zstd.mjs - writes zstd, which Node can only from version 22.15 on.
// SPDX-License-Identifier: MIT

/**
 * A frame of blocks as they are (RFC 8878), of an unknown size, without checksum. Its window has 2 ** `windowLog`
 * bytes.
 */
export function zstd(bytes, block = 100_000, windowLog = 21) {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3])];
  for (let at = 0; at === 0 || at < bytes.length; at += block) {
    const piece = bytes.subarray(at, at + block);
    const head = Buffer.alloc(3);
    head.writeUIntLE((piece.length << 3) | (at + block >= bytes.length ? 1 : 0), 0, 3);
    parts.push(head, piece);
  }
  return Buffer.concat(parts);
}
