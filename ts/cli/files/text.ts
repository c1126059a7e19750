/**
 * text.ts - texts that are read whole, with what is wrong in their bytes, and cut into documents.
 * SPDX-License-Identifier: MIT
 */
import { splitDocuments } from 'bit-ttt';
import type { Extent } from '../../files/gather.js';
import type { OptionTable } from '../screen/command-line.js';
import { Failure } from '../screen/failure.js';
import { SNIFFED_BYTES, sniff } from './encoding.js';
import { nameOf } from './input.js';
import { readWhole } from './read-file.js';

/** A text with the name that messages call it by. */
interface Text {
  name: string;
  text: string;
}

/** The option of commands that read texts. */
export const TEXT_OPTIONS: OptionTable = { '--lossy': 'read invalid UTF-8 as U+FFFD' };

/** The longest string of V8. */
export const MAX_TEXT = 2 ** 29 - 25;

/** Offset of the first byte that does not belong to a character in UTF-8, or -1. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  // What is invalid is decoded as U+FFFD, and so becomes other bytes when it is encoded again.
  const again = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  let at = bytes.findIndex((byte, i) => byte !== again[i]);
  if (at < 0 && again.length === bytes.length) return -1;
  if (at < 0) at = bytes.length;
  while (((again[at] ?? 0) & 0xc0) === 0x80) at--; // to the first byte of that U+FFFD
  return at;
}

/**
 * The text of bytes: UTF-8, or UTF-16 if a byte order mark or its zeros say so. Throws for what is
 * no text (naming `command` in its advice), and for what is invalid unless `lossy`: U+FFFD then.
 */
function decodeText(bytes: Uint8Array, name: string, command: string, lossy: boolean): string {
  const encoding = sniff(bytes, name, command);
  try {
    return new TextDecoder(encoding, { fatal: !lossy }).decode(bytes);
  } catch {
    const at = encoding === 'utf-8' ? findInvalidUtf8(bytes) : -1;
    throw notUtf8(name, encoding, at, 0, bytes);
  }
}

/** The failure of a text that is not in its encoding: at byte `at` of bytes that begin at `offset`, or -1. */
export function notUtf8(
  name: string,
  encoding: string,
  at: number,
  offset: number,
  bytes: Uint8Array,
): Failure {
  if (at < 0) {
    const what = `${name} is not ${encoding.toUpperCase()} throughout`;
    return new Failure(`${what}; --lossy reads what is not as U+FFFD`);
  }
  const byte = `0x${bytes[at]!.toString(16).padStart(2, '0')}`;
  return new Failure(
    `${name} is not UTF-8: the byte at offset ${offset + at} (${byte}) is invalid; ` +
      '--lossy reads such bytes as U+FFFD',
  );
}

/** Refuses what is no text at its beginning; a text goes on to the end of the file. */
export function textExtent(head: Uint8Array, name: string, command: string): Extent {
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
