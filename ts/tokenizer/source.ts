/**
 * source.ts - reads a tokenizer.json as JSON from an object, a string or bytes, and its fields by
 * type.
 * SPDX-License-Identifier: MIT
 */
import { checkBytes, wrongType } from '../common/args.js';
import { describe, kindOf } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { MAX_JSON_BYTES } from '../common/limits.js';

const MAX_DEPTH = 100;

/** An object of the file. */
export type Fields = Record<string, unknown>;

/** The error for a tokenizer.json that cannot be used, `INVALID_TOKENIZER`. */
export function damaged(problem: string, options?: { cause: unknown }): TTTError {
  return new TTTError('INVALID_TOKENIZER', `tokenizer.json: ${problem}`, options);
}

/** A name or token in a message: short, and in quotes. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

/** Whether a value is an object and no array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that must be an object. */
export function fieldsOf(value: unknown, name: string): Fields {
  if (!isFields(value)) throw damaged(`${name} must be an object, not ${describe(value)}`);
  return value;
}

/** A field that must be true or false; `missing` where there is none. */
export function flagOf(fields: Fields, key: string, name: string, missing = false): boolean {
  const value = fields[key] ?? missing;
  if (typeof value !== 'boolean') {
    throw damaged(`${name}.${key} must be true or false, not ${describe(value)}`);
  }
  return value;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw damaged('is not UTF-8 text', { cause });
  }
}

/** @param size in bytes, or in UTF-16 code units */
function checkSize(size: number): void {
  if (size > MAX_JSON_BYTES) throw damaged(`is larger than ${MAX_JSON_BYTES / 2 ** 20} MiB`);
}

function parse(text: string): unknown {
  checkSize(text.length);
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (cause) {
    if (text.trim() === '') throw damaged('is empty', { cause });
    throw damaged(`is not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function copyOf(source: object): unknown {
  try {
    return JSON.parse(JSON.stringify(source));
  } catch (cause) {
    if (cause instanceof TTTError) throw cause; // a Tokenizer behind a Proxy
    throw damaged('cannot be written as JSON', { cause });
  }
}

const withoutTokens = ({ vocab: _, merges: __, ...rest }: Fields): Fields => rest;

/** Refuses what is nested so deeply that JSON.stringify could fail. Does not look into tokens. */
function checkDepth(file: Fields): void {
  let level: unknown[] = [file];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw damaged(`is nested more than ${MAX_DEPTH} deep`);
    const deeper: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      const parts: unknown[] = Array.isArray(value)
        ? value
        : Object.values(depth === 1 ? withoutTokens(value as Fields) : value);
      for (const part of parts) if (typeof part === 'object') deeper.push(part);
    }
    level = deeper;
  }
}

/** The file's content, as a copy that the caller cannot change any more. */
export function readSource(source: unknown): Fields {
  const file = parseSource(source);
  checkDepth(file);
  return file;
}

function parseSource(source: unknown): Fields {
  if (typeof source === 'string') return fieldsOf(parse(source), 'the file');
  if (ArrayBuffer.isView(source) || kindOf(source).endsWith('ArrayBuffer')) {
    const bytes = checkBytes(source, 'tokenizer.json');
    checkSize(bytes.length);
    return fieldsOf(parse(textOf(bytes)), 'the file');
  }
  if (typeof source !== 'object' || source === null) {
    throw wrongType('a tokenizer', 'an object, or a file as a string or as bytes', source);
  }
  return fieldsOf(copyOf(source), 'the file');
}
