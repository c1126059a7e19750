/**
 * likeliest.ts - probabilities of tokens, of the logits that a session gives.
 * SPDX-License-Identifier: MIT
 */
import type { Tokenizer } from 'bit-ttt';

import type { Token } from '../protocol.js';

const ALTERNATIVES = 5;

/** The softmax of logits, asked for one token at a time. */
export function softmaxOf(logits: Float32Array): (token: number) => number {
  let largest = -Infinity;
  for (const x of logits) largest = Math.max(largest, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - largest);
  return (token) => Math.exp(logits[token]! - largest) / sum;
}

/** The likeliest tokens, and the probability of one. */
export function likeliest(
  logits: Float32Array,
  token: number,
  tokenizer: Tokenizer,
): Pick<Token, 'probability' | 'alternatives'> {
  const probabilityOf = softmaxOf(logits);
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    if (best.length === ALTERNATIVES && logits[id]! <= logits[best.at(-1)!]!) continue;
    const at = best.findIndex((other) => logits[other]! < logits[id]!);
    best.splice(at < 0 ? best.length : at, 0, id);
    best.length = Math.min(best.length, ALTERNATIVES);
  }
  const alternatives = best.map((id) => ({
    text: id === tokenizer.endOfText ? null : tokenizer.decode([id]),
    probability: probabilityOf(id),
  }));
  return { probability: probabilityOf(token), alternatives };
}
