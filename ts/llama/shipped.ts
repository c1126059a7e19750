/**
 * shipped.ts - what to write instead, for who names a model of the package where a path or a URL is wanted.
 * SPDX-License-Identifier: MIT
 */

/** The package's models, by every name that they have or had, and the entry that has the address of each. */
const ENTRIES: Readonly<Record<string, string>> = {
  english: 'english',
  stories: 'stories',
  'bit-llama': 'stories',
  'bit-ttt': 'english',
};

/** How the model of an entry is loaded, as the end of a sentence. */
const advice = (entry: string): string =>
  `; the package's own: BitLlama.load(modelUrl), with the modelUrl of 'bit-ttt/models/${entry}'`;

/** The advice for who gave something that names no place at all. */
export const SHIPPED_HINT = advice('english');

/**
 * The end of a sentence that says that no model could be had at `place`: how to load the one of the package
 * that is meant, or '' for a place that has none of its names.
 */
export function shippedHint(place: string): string {
  const [last = ''] = place.split(/[\\/]/).slice(-1);
  const name = last.replace(/\.bitt$/i, '').toLowerCase();
  return Object.hasOwn(ENTRIES, name) ? advice(ENTRIES[name]!) : '';
}
