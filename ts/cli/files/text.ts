/**
 * text.ts - texts that are read whole: UTF-8 to the letter, cut into documents.
 * SPDX-License-Identifier: MIT
 */
import type { Extent } from '../../files/gather.js';
import { splitDocuments } from 'bit-ttt';
import { sniff, SNIFFED_BYTES } from './encoding.js';
import { Failure } from '../screen/failure.js';
import { nameOf } from './input.js';
import { readWhole } from './read-file.js';

/** A text with the name that messages call it by. */
export interface Text {
  name: string;
  text: string;
}

const MAX_TEXT = 2 ** 29 - 25; // of a string in V8

/** Number of bytes that the sequence beginning at `at` should have; 0 for what begins none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/** Whether the second byte is one that may follow the first (no surrogates, nothing overlong). */
function seconds(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second <= 0x9f;
  if (first === 0xf0) return second >= 0x90;
  if (first === 0xf4) return second <= 0x8f;
  return true;
}

/** Offset of the first byte that is no UTF-8, or -1. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    for (let i = 1; i < length; i++) {
      const byte = bytes[at + i];
      if (byte === undefined || (byte & 0xc0) !== 0x80) return at;
      if (i === 1 && !seconds(bytes[at]!, byte)) return at;
    }
    at += length;
  }
  return -1;
}

/**
 * The text of bytes: UTF-8, or UTF-16 if a byte order mark or its zeros say so. Throws for what is
 * no text (naming `command` in its advice), and for what is invalid unless `lossy`: U+FFFD then.
 */
export function decodeText(
  bytes: Uint8Array,
  name: string,
  command: string,
  lossy: boolean,
): string {
  const encoding = sniff(bytes, name, command);
  if (encoding === 'utf-8' && !lossy) {
    const at = findInvalidUtf8(bytes);
    if (at >= 0) {
      const byte = `0x${bytes[at]!.toString(16).padStart(2, '0')}`;
      throw new Failure(
        `${name} is not UTF-8: the byte at offset ${at} (${byte}) is invalid; ` +
          '--lossy reads such bytes as U+FFFD',
      );
    }
  }
  try {
    return new TextDecoder(encoding, { fatal: !lossy }).decode(bytes);
  } catch {
    throw new Failure(
      `${name} is not ${encoding.toUpperCase()} throughout; --lossy reads what is not as U+FFFD`,
    );
  }
}

/** What is no text is refused at its beginning; a text does not say where it ends. */
function textExtent(head: Uint8Array, name: string, command: string): Extent {
  if (head.length < SNIFFED_BYTES) return { bytes: SNIFFED_BYTES, all: false };
  sniff(head, name, command);
  return { bytes: Infinity, all: true };
}

/** The text of a file, or of standard input for `-`. */
export async function readText(file: string, command: string, lossy = false): Promise<Text> {
  const name = nameOf(file);
  const bytes = await readWhole(file, 'read', {
    maxBytes: MAX_TEXT,
    extentOf: (head) => textExtent(head, name, command),
  });
  return { name, text: decodeText(bytes, name, command, lossy) };
}

/** The documents of a text that must have one. */
export function documentsOf({ name, text }: Text): string[] {
  const documents = splitDocuments(text);
  if (documents.length === 0) throw new Failure(`${name} ${text === '' ? 'is empty' : 'is blank'}`);
  return documents;
}

/** Length of a text in UTF-8. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
