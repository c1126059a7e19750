/**
 * literals.ts - a pattern that finds the texts of special tokens.
 * SPDX-License-Identifier: MIT
 */

/** Finds the given texts; where several begin at one place, the longest. Undefined for none. */
export function literalPattern(texts: readonly string[]): RegExp | undefined {
  if (texts.length === 0) return undefined;
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(escaped.join('|'), 'g');
}
