// zstd.mjs - writes zstd, which Node can only from version 22.15 on.
// SPDX-License-Identifier: MIT

/** A frame of blocks as they are (RFC 8878): no window of its own, an unknown size, no checksum. */
export function zstd(bytes, block = 100_000) {
  const parts = [Buffer.from('28b52ffd0058', 'hex')];
  for (let at = 0; at === 0 || at < bytes.length; at += block) {
    const piece = bytes.subarray(at, at + block);
    const head = Buffer.alloc(3);
    head.writeUIntLE((piece.length << 3) | (at + block >= bytes.length ? 1 : 0), 0, 3);
    parts.push(head, piece);
  }
  return Buffer.concat(parts);
}
