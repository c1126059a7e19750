/**
 * stream-decoder.ts - text from token ids that come one by one.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import { guardReceivers } from '../common/receiver.js';

/** Known to this package alone, so that only `Tokenizer.createDecoder` makes decoders. */
export const DECODER_KEY = Symbol('bit-ttt decoder');

/** A token as the decoder needs it. */
export interface DecodableToken {
  /** The bytes that it stands for. */
  readonly bytes: Uint8Array;
  /** Its text, if it is an added token: bytes before and after never make a character with it. */
  readonly text: string | undefined;
  readonly special: boolean;
}

/**
 * Turns ids into text as they come. Only whole characters are returned: the bytes of an incomplete
 * one wait for the next token. The results of all calls, joined, are what `Tokenizer.decode`
 * returns for all ids. A decoder is for one text at a time; `flush` makes it ready for the next.
 */
export class StreamDecoder {
  readonly #lookUp: (id: number) => DecodableToken;
  readonly #skipSpecials: boolean;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  static {
    guardReceivers(this, 'StreamDecoder', (value) => #lookUp in value);
  }

  /** @internal Made by `Tokenizer.createDecoder`. */
  constructor(key: symbol, lookUp: (id: number) => DecodableToken, skipSpecials: boolean) {
    if (key !== DECODER_KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'decoders are made by `tokenizer.createDecoder()`');
    }
    this.#lookUp = lookUp;
    this.#skipSpecials = skipSpecials;
  }

  /**
   * The text that this token completes; often empty for part of a character. Throws TTTError
   * (`INVALID_ARGUMENT`) for what is no token's id; the decoder stays as it was.
   */
  push(id: number): string {
    const { bytes, text, special } = this.#lookUp(id);
    if (special && this.#skipSpecials) return '';
    if (text !== undefined) return this.flush() + text;
    return this.#utf8.decode(bytes, { stream: true });
  }

  /** Ends the text: U+FFFD if a character is incomplete, nothing otherwise. */
  flush(): string {
    return this.#utf8.decode();
  }
}
