// The commands of a README and the output that it promises.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

const file = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The fenced blocks of a README in order: { info, text }. */
export const blocks = (path) =>
  [...file(path).matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info, text]) => ({ info, text }));

/** Its `sh` blocks; a `text` block right behind one is what it prints, with numbers and the name of
 * the kernel left open if the block is marked `text varies`. */
export function scripts(path) {
  const all = blocks(path);
  return all.flatMap(({ info, text }, i) => {
    if (info !== 'sh') return [];
    const next = all[i + 1]?.info.startsWith('text') ? all[i + 1] : undefined;
    return [{ script: text, expected: next?.text, varies: next?.info === 'text varies' }];
  });
}

/** What is left to compare where numbers and the kernel may vary. */
const shape = (text) =>
  text
    .replace(/\bkernel \w+/g, 'kernel K')
    .replace(/\d[\d,.]*/g, '#')
    .replace(/ +/g, ' ');

export const comparable = (text, varies) => (varies ? shape(text) : text).trim();
