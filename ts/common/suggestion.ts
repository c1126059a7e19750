/**
 * suggestion.ts - guesses which name a misspelt one was meant to be.
 * SPDX-License-Identifier: MIT
 */

/** The optimal string alignment distance: letters to insert, delete, replace or swap to get `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, before[j - 2]! + 1);
      }
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** Names are compared without case and separators: `max_tokens` is `maxTokens`. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '');
}

/** Longer names are not compared: that takes quadratic time. */
const LONGEST = 64;

/** `; did you mean x?` for the nearest known name, or nothing if none is near. */
export function suggestion(given: string, known: readonly string[], prefix = ''): string {
  if (given.length > LONGEST) return '';
  const wanted = folded(given);
  let best: string | undefined;
  let distance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const begins = folded(name).startsWith(wanted) && wanted.length >= 2;
    const d = folded(name) === wanted ? 0 : begins ? 1 : editDistance(wanted, folded(name));
    if (d < distance) [best, distance] = [name, d];
  }
  return best === undefined ? '' : `; did you mean ${prefix}${best}?`;
}
