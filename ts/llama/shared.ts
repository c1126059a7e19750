/**
 * shared.ts - what the classes of the language model share.
 * SPDX-License-Identifier: MIT
 */
import { readProperty, wrongType } from '../common/args.js';
import { TTTError } from '../common/errors.js';
import type { Tokenizer } from '../tokenizer/index.js';

/** Only these files have it, so only they can make models and sessions. */
export const LLAMA_KEY = Symbol('bit-ttt model');

/** Recognises objects by a method: another entry of the package has classes of its own. */
function checkMethod(value: unknown, method: string, name: string, wanted: string): void {
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && typeof readProperty(value, method, name) === 'function') return;
  throw wrongType(name, wanted, value);
}

/** Refuses what is not a BitLlama. */
export function checkModel(value: unknown): void {
  checkMethod(value, 'createSession', 'model', 'a BitLlama');
}

/** Refuses what is not a Tokenizer. */
export function checkTokenizer(value: unknown): void {
  checkMethod(value, 'encodeAsync', 'tokenizer', 'a Tokenizer');
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
