/**
 * observed.ts - gathers what reading a text says of its tokens, slice by slice.
 * SPDX-License-Identifier: MIT
 */
import type { StreamDecoder, Tokenizer } from '../tokenizer/index.js';
import type { TokenObservation, TokenReadings } from './types.js';

/** The tokens of one text; their texts, joined, are that text. Without a tokenizer they have none. */
export class Observed {
  readonly #known: number;
  readonly #decoder: StreamDecoder | undefined;
  readonly #found: TokenObservation[] = [];

  constructor(tokenizer: Tokenizer | undefined) {
    this.#known = tokenizer?.vocabSize ?? 0;
    this.#decoder = tokenizer?.createDecoder();
  }

  /** Tokens that follow, with a reading for each. */
  add(slice: Uint32Array, { logProbabilities, surprise }: TokenReadings): void {
    slice.forEach((token, i) => {
      this.#found.push({
        token,
        text: token < this.#known ? this.#decoder!.push(token) : '',
        logProbability: logProbabilities[i]!,
        surprise: surprise[i]!,
      });
    });
  }

  /** All of them; bytes of a character that the text does not end are with the last. */
  end(): TokenObservation[] {
    const last = this.#found.at(-1);
    if (last) last.text += this.#decoder?.flush() ?? '';
    return this.#found;
  }
}
