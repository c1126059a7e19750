/**
 * word-encoder.ts - token ids of single words, by `@huggingface/tokenizers`, remembered.
 * SPDX-License-Identifier: MIT
 */
import { Tokenizer as Library } from '@huggingface/tokenizers';

import { TTTError } from '../common/errors.js';
import { bytesOfSymbols } from './byte-level.js';
import { bytesOf, ownCopy } from './utf8.js';
import type { Vocabulary } from './vocabulary.js';

/** Words to remember; then all are forgotten. Texts repeat a few thousand words. */
const REMEMBERED_WORDS = 1 << 15;
const REMEMBERED_UNITS = 64;

/** The file as the library gets it: no token but those of bytes, nothing around the words. */
function forLibrary({ tokens, added, merges, ignoreMerges }: Vocabulary): object {
  const mergeable = tokens.map((token, id) => [token, id] as const);
  return {
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: null,
    added_tokens: [],
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(mergeable.filter(([token]) => !added.has(token))),
      merges,
      ignore_merges: ignoreMerges,
    },
  };
}

/** Encodes words: texts that the pattern of words leaves whole. */
export class WordEncoder {
  readonly #library: Library;
  readonly #missing: ReadonlySet<number>;
  readonly #remembered = new Map<string, readonly number[]>();
  /** By last and first byte: whether a merge can join tokens that end and begin so. */
  readonly #joined = new Uint8Array(1 << 16);

  constructor(vocabulary: Vocabulary) {
    this.#library = new Library(forLibrary(vocabulary), {});
    this.#missing = vocabulary.missingBytes;
    for (const [left, right] of vocabulary.merges) {
      const before = bytesOfSymbols(left)!.at(-1)!;
      this.#joined[(before << 8) | bytesOfSymbols(right)![0]!] = 1;
    }
  }

  /** The word's ids. Throws TTTError (`INVALID_ARGUMENT`) for a byte that has no token. */
  encode(word: string): readonly number[] {
    const known = this.#remembered.get(word);
    if (known) return known;
    if (this.#missing.size > 0) this.#checkBytes(word);
    const { ids } = this.#library.encode(word, { add_special_tokens: false });
    if (word.length <= REMEMBERED_UNITS) this.#remember(word, ids);
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

  #remember(word: string, ids: readonly number[]): void {
    if (this.#remembered.size >= REMEMBERED_WORDS) this.#remembered.clear();
    this.#remembered.set(ownCopy(word), ids);
  }
}
