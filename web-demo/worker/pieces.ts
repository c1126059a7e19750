/**
 * pieces.ts - cuts a line where its odd words begin and end.
 * SPDX-License-Identifier: MIT
 */
import type { OddPart } from 'bit-ttt';
import type { Piece } from '../protocol.js';

/** A line in pieces, of a long one at most `limit` characters, among them the oddest word. */
export function piecesOf(text: string, because: readonly OddPart[], limit: number): Piece[] {
  const oddest = because[0];
  const begin = Math.max(0, Math.min((oddest?.end ?? 0) - limit / 2, text.length - limit));
  const end = Math.min(text.length, begin + limit);
  const pieces: Piece[] = [];
  const add = (from: number, to: number, share: number): void => {
    if (from < to) pieces.push({ text: text.slice(from, to), share });
  };
  let at = begin;
  if (begin > 0) pieces.push({ text: '… ', share: 0 });
  for (const part of [...because].sort((a, b) => a.start - b.start)) {
    if (part.start < at || part.end > end) continue;
    add(at, part.start, 0);
    add(part.start, part.end, part.share);
    at = part.end;
  }
  add(at, end, 0);
  if (end < text.length) pieces.push({ text: ' …', share: 0 });
  return pieces;
}
