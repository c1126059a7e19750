/**
 * tokenizer.ts - text to token ids and back, without losing a byte.
 * SPDX-License-Identifier: MIT
 */
import { checkText, wrongType } from '../common/args.js';
import { TTTError } from '../common/errors.js';
import { itemsOf } from '../common/iterables.js';
import type { NamesOf } from '../common/named-options.js';
import { takeOptions } from '../common/named-options.js';
import { readFlag } from '../common/options.js';
import { guardReceivers } from '../common/receiver.js';
import { takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import type { AbortSignalLike } from '../common/types.js';
import { bytesOfSymbols, wordsOf } from './byte-level.js';
import { type CutRules, cutAfter } from './cutting.js';
import { IdList } from './id-list.js';
import type { TokenizerJson } from './json.js';
import { Literals } from './literals.js';
import { DECODER_KEY, type DecodableToken, StreamDecoder } from './stream-decoder.js';
import { bytesOf } from './utf8.js';
import { readVocabulary, type TokenizerSource, type Vocabulary } from './vocabulary.js';
import { WordEncoder } from './word-encoder.js';

/** Length of the pieces of a text that are encoded at once, in UTF-16 code units. */
const PIECE_UNITS = 1 << 11;
/** Longest piece; a word that does not end in it is cut. */
const LONGEST_PIECE_UNITS = 1 << 12;
/** Special tokens that end a text, by their customary names. */
const END_OF_TEXT = ['<|endoftext|>', '<|end_of_text|>', '</s>', '<eos>', '<|eos|>', '[EOS]'];

/** How to encode. */
export interface EncodeOptions {
  /**
   * Whether the text of a special token, such as `<|endoftext|>`, becomes that token. It is
   * ordinary text unless this is true, as befits a text that somebody else wrote.
   */
  specialTokens?: boolean | undefined;
}

/** How to encode asynchronously. */
export interface EncodeAsyncOptions extends EncodeOptions {
  /** Stops the call; the promise is then rejected with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
}

/** How to decode. */
export interface DecodeOptions {
  /** Whether special tokens are left out. */
  skipSpecialTokens?: boolean | undefined;
}

/** Of `encode` as well, which makes no use of the signal. */
const ENCODE = { specialTokens: true, signal: true } satisfies NamesOf<EncodeAsyncOptions>;
const DECODE = { skipSpecialTokens: true } satisfies NamesOf<DecodeOptions>;

/** Known to this file alone, so that only `Tokenizer.from` makes tokenizers. */
const KEY = Symbol('bit-ttt tokenizer');

function flag(value: unknown, name: string): boolean {
  return readFlag(value ?? undefined, name);
}

/** Whether something is a Tokenizer itself, not a Proxy of one. */
export let isTokenizer: (value: unknown) => value is Tokenizer;

/**
 * A byte-level BPE tokenizer, from a tokenizer.json of HuggingFace's libraries; encoding and
 * decoding are those of `@huggingface/tokenizers`. Immutable, and safe to share between sessions.
 *
 * `decode(encode(text))` is `text` for every string whose surrogates are paired (a lone one becomes
 * U+FFFD); with `add_prefix_space` in the file, a space is put before it.
 *
 * @example
 * ```js
 * import { Tokenizer, trainBpe } from 'bit-ttt';
 *
 * const { json } = await trainBpe('the cat sat on the mat '.repeat(50), { vocabSize: 280 });
 * const tokenizer = Tokenizer.from(json); // or the text of a tokenizer.json
 * const ids = tokenizer.encode('the cat');
 * console.log(ids, tokenizer.decode(ids));
 * ```
 *
 * ```text
 * Uint32Array(2) [ 260, 266 ] the cat
 * ```
 */
export class Tokenizer {
  /** Number of tokens; their ids are 0 to `vocabSize - 1`. */
  readonly vocabSize: number;
  /** Id of the special token that ends a text, if there is one of a customary name. */
  readonly endOfText: number | undefined;
  /** Ids of the special tokens, by their texts. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /**
   * How many bytes of text each token stands for; 0 for special tokens. The lengths of a text's
   * tokens add up to its length in UTF-8.
   */
  readonly byteLengths: Uint32Array;
  /**
   * What the tokenizer.json asks for and is not done: `truncation`, `padding`, a `post_processor`
   * that adds tokens, and parts that this package does not know.
   */
  readonly ignored: readonly string[];

  static {
    guardReceivers(this, 'Tokenizer', (value) => #words in value);
    isTokenizer = (value): value is Tokenizer =>
      typeof value === 'object' && value !== null && #words in value;
  }

  readonly #vocabulary: Vocabulary;
  readonly #tokens: readonly DecodableToken[];
  readonly #words: WordEncoder;
  /** The texts of all added tokens, and of those that are not special. */
  readonly #literals: Literals;
  readonly #plainLiterals: Literals;

  private constructor(key: symbol, vocabulary: Vocabulary) {
    if (key !== KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'tokenizers are made by `Tokenizer.from(source)`');
    }
    const { tokens, added } = vocabulary;
    const specials = [...added].filter(([, token]) => token.special);
    this.#vocabulary = vocabulary;
    this.#tokens = tokens.map((token) => {
      const found = added.get(token);
      if (!found) return { bytes: bytesOfSymbols(token)!, text: undefined, special: false };
      return { bytes: bytesOf(token), text: token, special: found.special };
    });
    this.#words = new WordEncoder(vocabulary);
    this.#literals = new Literals(added.keys());
    this.#plainLiterals = new Literals(
      [...added].filter(([, token]) => !token.special).map(([text]) => text),
    );
    this.ignored = vocabulary.ignored;
    this.vocabSize = tokens.length;
    this.specialTokens = new Map(specials.map(([text, { id }]) => [text, id]));
    const end = END_OF_TEXT.find((text) => this.specialTokens.has(text));
    this.endOfText = end === undefined ? undefined : this.specialTokens.get(end);
    this.byteLengths = Uint32Array.from(this.#tokens, ({ bytes, special }) =>
      special ? 0 : bytes.length,
    );
  }

  /**
   * Reads a tokenizer.json: parsed, as a string, or as its bytes (UTF-8). Throws TTTError,
   * `INVALID_TOKENIZER` with what is wrong for a file that is damaged or that this package cannot
   * honour to the letter (other models than byte-level BPE, steps that change the text).
   */
  static from(source: TokenizerSource): Tokenizer {
    return new Tokenizer(KEY, readVocabulary(source));
  }

  /** The tokenizer.json that this was made from, as a copy; for JSON.stringify. */
  toJSON(): TokenizerJson {
    return JSON.parse(JSON.stringify(this.#vocabulary.json)) as TokenizerJson;
  }

  /**
   * Ids of a text, with no special token added. Throws TTTError (`INVALID_ARGUMENT`) for what is
   * no string, and for a byte that the vocabulary lacks.
   *
   * Time and memory grow with the length of the text alone. A word (see `ByteLevel`: letters,
   * digits, other signs or white space in a row) of more than 4,096 UTF-16 code units is cut; its
   * ids may then be others than those of the library at the cut, if merges could cross it.
   */
  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    checkText(text, 'text');
    const { specialTokens } = takeOptions(options, ENCODE);
    const ids = new IdList(text.length);
    for (const _ of this.#encodeInto(ids, text, flag(specialTokens, 'specialTokens')));
    return ids.toArray();
  }

  /**
   * As `encode`, in turns of a few milliseconds, between which the event loop runs. The promise is
   * rejected as `encode` throws, and with `ABORTED`.
   */
  async encodeAsync(text: string, options: EncodeAsyncOptions = {}): Promise<Uint32Array> {
    checkText(text, 'text');
    const { specialTokens, signal } = takeOptions(options, ENCODE);
    const withSpecials = flag(specialTokens, 'specialTokens');
    const turns = new Turns(takeSignal(signal), { message: 'encoding the text was aborted' });
    turns.check();
    const ids = new IdList(text.length);
    const work = this.#encodeInto(ids, text, withSpecials);
    for await (const _ of turns.run(work, () => undefined));
    return ids.toArray();
  }

  *#encodeInto(ids: IdList, text: string, withSpecials: boolean): Generator<void, void, undefined> {
    const { added, addPrefixSpace } = this.#vocabulary;
    const wanted = withSpecials ? this.#literals : this.#plainLiterals;
    const rules: CutRules = {
      window: PIECE_UNITS,
      longest: LONGEST_PIECE_UNITS,
      keepWhole: wanted,
      isHarmless: (before, after) => this.#words.isApart(before, after),
    };
    let needsSpace = addPrefixSpace;
    const addText = (part: string): void => {
      if (part === '') return;
      const spaced = needsSpace && !part.startsWith(' ') ? ` ${part}` : part;
      for (const word of wordsOf(spaced)) ids.add(this.#words.encode(word));
      needsSpace = false;
    };
    const addToken = (literal: string): void => {
      ids.add([added.get(literal)!.id]);
      needsSpace = addPrefixSpace;
    };
    for (let at = 0; at < text.length; ) {
      const end = cutAfter(text, at, rules);
      for (const [i, part] of wanted.split(text.slice(at, end)).entries()) {
        if (i % 2 === 0) addText(part);
        else addToken(part);
      }
      at = end;
      yield;
    }
  }

  /**
   * The text of these ids. Bytes that are no UTF-8 become U+FFFD, which happens only where the ids
   * are not those of a text. Throws TTTError (`INVALID_ARGUMENT`) for what is no token's id.
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const decoder = this.createDecoder(options);
    let text = '';
    for (const id of this.#checkIds(ids)) text += decoder.push(id);
    return text + decoder.flush();
  }

  /** Decodes ids that come one by one. Throws TTTError (`INVALID_ARGUMENT`) for wrong options. */
  createDecoder(options: DecodeOptions = {}): StreamDecoder {
    const skip = flag(takeOptions(options, DECODE).skipSpecialTokens, 'skipSpecialTokens');
    return new StreamDecoder(DECODER_KEY, (id) => this.#tokens[this.#checkId(id, 'id')]!, skip);
  }

  /**
   * The text of each id, which joined are `decode(ids)`: a character that several tokens make up
   * comes with the last of them, those before give an empty string. If the text ends within a
   * character, one more string than there are ids ends it. Throws as `decode` does.
   */
  *pieces(ids: Iterable<number>, options: DecodeOptions = {}): Generator<string, void, undefined> {
    const decoder = this.createDecoder(options);
    for (const id of this.#checkIds(ids)) yield decoder.push(id);
    const rest = decoder.flush();
    if (rest !== '') yield rest;
  }

  /**
   * A copy of the bytes that a token stands for; for special tokens, those of their names. Throws
   * TTTError (`INVALID_ARGUMENT`) for what is no token's id.
   */
  tokenBytes(id: number): Uint8Array {
    return this.#tokens[this.#checkId(id, 'id')]!.bytes.slice();
  }

  #checkId(id: unknown, name: string): number {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < this.vocabSize) return id;
    throw wrongType(name, `an integer from 0 to ${this.vocabSize - 1}`, id);
  }

  *#checkIds(ids: unknown): Generator<number, void, undefined> {
    if (typeof ids === 'string') throw wrongType('ids', 'an array of ids', ids);
    let index = 0;
    for (const id of itemsOf(ids, 'ids', 'an array of ids'))
      yield this.#checkId(id, `ids[${index++}]`);
  }
}
