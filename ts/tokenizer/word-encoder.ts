/**
 * word-encoder.ts - token ids of single words, by `@huggingface/tokenizers`, with a cache.
 * SPDX-License-Identifier: MIT
 */
import { Tokenizer as Library } from '@huggingface/tokenizers';

import { TTTError } from '../common/errors.js';
import { byteAt } from './byte-level.js';
import { bytesOf, ownCopy } from './utf8.js';
import type { Vocabulary } from './vocabulary.js';

/** Size of the cache, which is emptied when it is full; texts repeat a few thousand words. */
const CACHED_WORDS = 1 << 15;
/** Longer words, in UTF-16 code units, are not cached. */
const CACHED_UNITS = 64;

/** The tokenizer.json for the library: tokens of bytes only, and no step but the words. */
function forLibrary({ tokens, added, merges, ignoreMerges }: Vocabulary): object {
  const vocab: Record<string, number> = Object.create(null); // no name is special in it
  for (const [id, token] of tokens.entries()) if (!added.has(token)) vocab[token] = id;
  return {
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: null,
    added_tokens: [],
    model: {
      type: 'BPE',
      vocab,
      merges,
      ignore_merges: ignoreMerges,
    },
  };
}

/** Encodes single words, as `wordsOf` cuts them. */
export class WordEncoder {
  readonly #vocabulary: Vocabulary;
  /** Made for the first word: a model is loaded sooner, and perhaps for its tokens alone. */
  #library: Library | undefined;
  readonly #missing: ReadonlySet<number>;
  readonly #cache = new Map<string, readonly number[]>();
  /** By the last byte of one token and the first of the next: whether some merge joins such two. */
  readonly #joined = new Uint8Array(1 << 16);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#missing = vocabulary.missingBytes;
    for (const [left, right] of vocabulary.merges) {
      this.#joined[(byteAt(left, left.length - 1) << 8) | byteAt(right, 0)] = 1;
    }
  }

  /** The word's ids. Throws TTTError (`INVALID_ARGUMENT`) for a byte that has no token. */
  encode(word: string): readonly number[] {
    const known = this.#cache.get(word);
    if (known) return known;
    if (this.#missing.size > 0) this.#checkBytes(word);
    this.#library ??= new Library(forLibrary(this.#vocabulary), {});
    const { ids } = this.#library.encode(word, { add_special_tokens: false });
    if (word.length <= CACHED_UNITS) {
      if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
      this.#cache.set(ownCopy(word), ids);
    }
    return ids;
  }

  /** Whether no merge can join these code points, so that a word can be cut between them. */
  isApart(before: number, after: number): boolean {
    const left = bytesOf(String.fromCodePoint(before)).at(-1)!;
    const right = bytesOf(String.fromCodePoint(after))[0]!;
    return this.#joined[(left << 8) | right] === 0;
  }

  #checkBytes(word: string): void {
    for (const byte of bytesOf(word)) {
      if (!this.#missing.has(byte)) continue;
      const hex = byte.toString(16).toUpperCase().padStart(2, '0');
      const where = JSON.stringify(word.slice(0, 40));
      throw new TTTError(
        'INVALID_ARGUMENT',
        `the tokenizer has no token for the byte 0x${hex}, which the text has in ${where}`,
      );
    }
  }
}
