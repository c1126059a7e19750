/**
 * vocabulary.ts - reads a tokenizer.json. Accepted is only what this package does to the letter:
 * byte-level BPE with the words of GPT-2 and no step that changes the text. Anything else is
 * refused by its name.
 * SPDX-License-Identifier: MIT
 */
import { describe } from '../common/brands.js';
import { bytesInSymbolOrder, isSymbols, symbolOfByte } from './byte-level.js';
import type { TokenizerJson } from './json.js';
import type { Fields } from './source.js';
import { damaged, fieldsOf, flagOf, isFields, quote, readSource } from './source.js';

/** Limits of a file. The largest in use have a quarter of a million tokens. */
export const MAX_TOKENS = 2 ** 20;
const MAX_MERGES = 2 ** 22;
/** Longest text of an added token, in UTF-16 code units. */
export const MAX_ADDED_UNITS = 1024;

/** A token that is looked for in the text itself. */
interface AddedToken {
  readonly id: number;
  readonly special: boolean;
}

/** A checked tokenizer.json. */
export interface Vocabulary {
  /** The file as it was read. */
  readonly json: TokenizerJson;
  /** Tokens by id: strings of byte symbols, or the text itself for added tokens. */
  readonly tokens: readonly string[];
  /** Added tokens by text. */
  readonly added: ReadonlyMap<string, AddedToken>;
  readonly merges: readonly (readonly [string, string])[];
  /** A space is put before a text, and before what follows an added token. */
  readonly addPrefixSpace: boolean;
  /** A word that is a token is never merged from parts. */
  readonly ignoreMerges: boolean;
  /** Bytes without a token: texts that hold them cannot be encoded. */
  readonly missingBytes: ReadonlySet<number>;
  /** Parts of the file that have no effect here, by name. */
  readonly ignored: readonly string[];
}

/** A tokenizer.json: parsed, as text, or as its bytes. */
export type TokenizerSource = TokenizerJson | string | Uint8Array | ArrayBuffer;

/** Refuses a model that is no plain BPE. */
function checkModel(model: Fields): void {
  const type = model['type'] ?? 'BPE';
  if (type !== 'BPE') throw damaged(`model.type must be "BPE", not ${describe(type)}`);
  const absent = ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix'] as const;
  for (const key of absent) {
    const value = model[key] ?? null;
    if (value !== null && value !== '' && value !== 0) {
      throw damaged(`model.${key} is ${describe(value)}; only null is supported`);
    }
  }
  if (flagOf(model, 'byte_fallback', 'model')) {
    throw damaged('model.byte_fallback is not supported: bytes must be tokens themselves');
  }
}

/** The steps of a part of the pipeline; nested Sequences are flattened. */
function stepsOf(value: unknown, list: string, name: string): Fields[] {
  if (value === undefined || value === null) return [];
  const fields = fieldsOf(value, name);
  if (fields['type'] !== 'Sequence') return [fields];
  const inner = fields[list];
  if (!Array.isArray(inner))
    throw damaged(`${name}.${list} must be an array, not ${describe(inner)}`);
  return (inner as unknown[]).flatMap((step) => stepsOf(step, list, `a step of ${name}`));
}

/** Whether a space is put before the text. */
function checkPreTokenizer(value: unknown): boolean {
  const steps = stepsOf(fieldsOf(value, 'pre_tokenizer'), 'pretokenizers', 'pre_tokenizer');
  const [fields] = steps;
  if (!fields || steps.length > 1) {
    throw damaged(`pre_tokenizer must be one step, "ByteLevel", not ${steps.length}`);
  }
  if (fields['type'] !== 'ByteLevel') {
    throw damaged(`pre_tokenizer.type must be "ByteLevel", not ${describe(fields['type'])}`);
  }
  if (!flagOf(fields, 'use_regex', 'pre_tokenizer', true)) {
    throw damaged('pre_tokenizer.use_regex must be true');
  }
  return flagOf(fields, 'add_prefix_space', 'pre_tokenizer');
}

function checkPipeline(file: Fields): void {
  const normalizer = file['normalizer'] ?? null;
  const known = normalizer === null || isFields(normalizer);
  const changes = known
    ? stepsOf(normalizer, 'normalizers', 'normalizer')[0]
    : { type: normalizer };
  if (changes) {
    throw damaged(
      `normalizer must be null, not ${describe(changes['type'])}: it would change the text`,
    );
  }
  // Some trainers leave the decoder out; byte-level tokens can be decoded in one way only.
  const decoders = stepsOf(file['decoder'], 'decoders', 'decoder');
  if (decoders.length > 1)
    throw damaged(`decoder must be one step, "ByteLevel", not ${decoders.length}`);
  if (decoders.length === 0 || decoders[0]!['type'] === 'ByteLevel') return;
  throw damaged(`decoder.type must be "ByteLevel", not ${describe(decoders[0]!['type'])}`);
}

/** Parts of a file that are read here, or that have no meaning for encoding. */
const HEEDED = ['version', 'added_tokens', 'normalizer', 'pre_tokenizer', 'decoder', 'model'];

/** The names of what is not null and has no effect here. */
function ignoredParts(file: Fields, model: Fields, missing: number): string[] {
  const names = Object.keys(file).filter((key) => {
    if (HEEDED.includes(key) || (file[key] ?? null) === null) return false;
    // The one post-processor that adds no token: it is about offsets.
    return !(key === 'post_processor' && isFields(file[key]) && file[key]['type'] === 'ByteLevel');
  });
  if (missing > 0 && (model['unk_token'] ?? null) !== null) names.push('model.unk_token');
  return names.map((name) => name.slice(0, 40));
}

/** `nameOf` is asked in a message alone: making the names of all tokens takes as long as reading them. */
function checkId(value: unknown, nameOf: () => string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= MAX_TOKENS) {
    const range = `an integer from 0 to ${MAX_TOKENS - 1}`;
    throw damaged(`${nameOf()} must be ${range}, not ${describe(value)}`);
  }
  return value;
}

/** Collects tokens by id, each id and each token once. */
class TokenList {
  readonly ids = new Map<string, number>();
  readonly #byId = new Map<number, string>();

  add(token: string, id: number): void {
    const other = this.#byId.get(id);
    if (other !== undefined && other !== token) {
      throw damaged(`both ${quote(other)} and ${quote(token)} have the id ${id}`);
    }
    const before = this.ids.get(token);
    if (before !== undefined && before !== id) {
      throw damaged(`added token ${quote(token)} has the id ${id}, but ${before} in model.vocab`);
    }
    this.ids.set(token, id);
    this.#byId.set(id, token);
  }

  /** All tokens by id; refuses gaps. */
  inOrder(): string[] {
    const tokens: string[] = [];
    for (let id = 0; id < this.#byId.size; id++) {
      const token = this.#byId.get(id);
      if (token === undefined) {
        throw damaged(`no token has the id ${id}, although there are ${this.#byId.size} tokens`);
      }
      tokens.push(token);
    }
    return tokens;
  }
}

function readAdded(value: unknown, list: TokenList): Map<string, AddedToken> {
  const added = new Map<string, AddedToken>();
  if (value === undefined || value === null) return added;
  if (!Array.isArray(value)) throw damaged(`added_tokens must be an array, not ${describe(value)}`);
  if (value.length > MAX_TOKENS) throw damaged(`added_tokens has more than ${MAX_TOKENS} entries`);
  for (const [i, entry] of (value as unknown[]).entries()) {
    const name = `added_tokens[${i}]`;
    const fields = fieldsOf(entry, name);
    const content = fields['content'];
    if (typeof content !== 'string' || content === '' || content.length > MAX_ADDED_UNITS) {
      const wanted = `a string of 1 to ${MAX_ADDED_UNITS} characters`;
      throw damaged(`${name}.content must be ${wanted}, not ${describe(content)}`);
    }
    for (const key of ['single_word', 'lstrip', 'rstrip']) {
      if (flagOf(fields, key, name)) {
        throw damaged(`${name}.${key} is not supported (token ${quote(content)})`);
      }
    }
    const id = checkId(fields['id'], () => `${name}.id`);
    const special = flagOf(fields, 'special', name);
    const before = added.get(content);
    if (before && (before.id !== id || before.special !== special)) {
      throw damaged(`${name} repeats ${quote(content)} with another id or meaning`);
    }
    list.add(content, id);
    added.set(content, { id, special });
  }
  return added;
}

function readVocab(value: unknown, list: TokenList): void {
  const vocab = fieldsOf(value, 'model.vocab');
  const tokens = Object.keys(vocab);
  if (tokens.length === 0) throw damaged('model.vocab is empty');
  if (tokens.length > MAX_TOKENS) throw damaged(`model.vocab has more than ${MAX_TOKENS} tokens`);
  for (const token of tokens) {
    list.add(
      token,
      checkId(vocab[token], () => `model.vocab[${quote(token)}]`),
    );
  }
}

/** The two parts of a merge, in either notation. */
function partsOf(merge: unknown): [string, string] | undefined {
  const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [left, right] = parts as unknown[];
  return typeof left === 'string' && typeof right === 'string' ? [left, right] : undefined;
}

function readMerges(value: unknown, mergeable: ReadonlySet<string>): [string, string][] {
  if (!Array.isArray(value)) throw damaged(`model.merges must be an array, not ${describe(value)}`);
  if (value.length > MAX_MERGES) throw damaged(`model.merges has more than ${MAX_MERGES} entries`);
  return (value as unknown[]).map((merge, i) => {
    const parts = partsOf(merge);
    if (!parts) {
      throw damaged(`model.merges[${i}] must be two tokens, not ${describe(merge)}`);
    }
    const [left, right] = parts;
    const lacking = [left, right, left + right].find((token) => !mergeable.has(token));
    if (lacking === undefined) return parts;
    throw damaged(`model.merges[${i}] needs the token ${quote(lacking)}, which model.vocab lacks`);
  });
}

/** Tokens that stand for bytes: all that were not added. */
function mergeableTokens(
  ids: ReadonlyMap<string, number>,
  added: ReadonlyMap<string, AddedToken>,
): Set<string> {
  const mergeable = new Set<string>();
  for (const [token, id] of ids) {
    if (added.has(token)) {
      if (token.length > 1 || !isSymbols(token)) continue;
      throw damaged(`added token ${quote(token)} (id ${id}) also stands for a byte`);
    }
    if (token === '' || !isSymbols(token)) {
      throw damaged(`token ${quote(token)} (id ${id}) is not made of byte-level symbols`);
    }
    mergeable.add(token);
  }
  return mergeable;
}

/** Reads and checks a tokenizer.json. Throws TTTError with the code `INVALID_TOKENIZER`. */
export function readVocabulary(source: unknown): Vocabulary {
  const file = readSource(source);
  if (!Object.hasOwn(file, 'model')) throw damaged('has no "model"; is it another file?');
  const model = fieldsOf(file['model'], 'model');
  checkModel(model);
  checkPipeline(file);
  const addPrefixSpace = checkPreTokenizer(file['pre_tokenizer']);
  const list = new TokenList();
  readVocab(model['vocab'], list);
  const added = readAdded(file['added_tokens'], list);
  const tokens = list.inOrder();
  const mergeable = mergeableTokens(list.ids, added);
  const merges = readMerges(model['merges'], mergeable);
  const missing = bytesInSymbolOrder.filter((byte) => !mergeable.has(symbolOfByte[byte]!));
  return {
    json: file as TokenizerJson,
    tokens,
    added,
    merges,
    addPrefixSpace,
    ignoreMerges: flagOf(model, 'ignore_merges', 'model'),
    missingBytes: new Set(missing),
    ignored: ignoredParts(file, model, missing.length),
  };
}
