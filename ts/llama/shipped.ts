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

/**
 * The end of a sentence that says that no model could be had at `place`: how to load the one of the package
 * that is meant, or '' for a place that has none of its names.
 */
export function shippedHint(place: string): string {
  const [last = ''] = place.split(/[\\/]/).slice(-1);
  const name = last.replace(/\.bitt$/i, '').toLowerCase();
  if (!Object.hasOwn(ENTRIES, name)) return '';
  const entry = `bit-ttt/models/${ENTRIES[name]}`;
  return `; for the package's own: import { modelUrl } from '${entry}', then BitLlama.load(modelUrl)`;
}
