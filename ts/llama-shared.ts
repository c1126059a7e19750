/**
 * llama-shared.ts - what the classes of the language model share.
 * SPDX-License-Identifier: MIT
 */
import { codeOf, TTTError } from './errors.js';
import type { Failure } from './llama-engine.js';
import type { Tokenizer } from './tokenizer/index.js';

/** Only these files have it, so only they can make models and sessions. */
export const LLAMA_KEY = Symbol('bit-ttt model');

/** The error for what an engine says of a file. */
export function failureError(failure: Failure, prefix = ''): TTTError {
  const place = failure.offset > 0 ? ` (byte ${failure.offset})` : '';
  return new TTTError(codeOf(failure.status), `${prefix}${failure.text}${place}`);
}

/** The JSON of a tokenizer, as bytes for the engine. */
export function tokenizerBytes(tokenizer: Tokenizer | undefined): Uint8Array | undefined {
  return tokenizer && new TextEncoder().encode(JSON.stringify(tokenizer.toJSON()));
}

/** The tokenizer of something that works with text, or an error that says that it has none. */
export function needTokenizer(tokenizer: Tokenizer | undefined): Tokenizer {
  if (tokenizer) return tokenizer;
  throw new TTTError('INVALID_TOKENIZER', 'there is no tokenizer: give one, or tokens for text');
}
