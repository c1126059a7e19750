/**
 * prompt.ts - the tokens of a text that a session is given.
 * SPDX-License-Identifier: MIT
 */
import { readTokens } from '../common/options.js';
import type { AbortSignalLike } from '../common/types.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { needTokenizer } from './shared.js';

/** For messages: options are often put where the text belongs. */
const WANTED =
  "a string or an array of token ids (options come after it: generate('The cat', { seed: 7 }))";

/** What is asked of a model. */
interface Reading {
  readonly config: { readonly vocabSize: number };
  readonly tokenizer: Tokenizer | undefined;
}

/** The tokens of a text; with `isFirst` after the end-of-text token, as in training. */
export function begun(ids: Uint32Array, tokenizer: Tokenizer, isFirst: boolean): Uint32Array {
  const { endOfText } = tokenizer;
  if (!isFirst || endOfText === undefined) return ids;
  const all = new Uint32Array(ids.length + 1);
  all[0] = endOfText;
  all.set(ids, 1);
  return all;
}

/** The tokens of a prompt, a text or tokens; a text is `begun`. */
export async function tokensOf(
  prompt: string | ArrayLike<number>,
  model: Reading,
  isFirst: boolean,
  signal: AbortSignalLike | undefined,
): Promise<Uint32Array> {
  if (typeof prompt !== 'string') {
    return readTokens(prompt, model.config.vocabSize, 'the prompt', WANTED);
  }
  const tokenizer = needTokenizer(model.tokenizer);
  return begun(await tokenizer.encodeAsync(prompt, { signal }), tokenizer, isFirst);
}
