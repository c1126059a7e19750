/**
 * decode.ts - bytes of a file as text, on the page and in workers.
 * SPDX-License-Identifier: MIT
 */

/** What there is to read: what was typed, or a file that is too long for a text area. */
export type Source = string | File;

/** The largest share of broken characters in what still counts as text. */
const MOST_BROKEN = 0.02;

function decode(bytes: Uint8Array, whole: boolean): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes, { stream: !whole });
}

/** The text of a file's first bytes; an error in a sentence if it is none. */
export async function beginningOf(file: File, bytes: number): Promise<string> {
  const text = decode(new Uint8Array(await file.slice(0, bytes).arrayBuffer()), file.size <= bytes);
  if (text.trim() === '') throw new Error(`${file.name} is empty.`);
  const broken = text.slice(0, 4096).replace(/[^\0\ufffd]/g, '').length;
  if (broken > MOST_BROKEN * Math.min(text.length, 4096)) {
    throw new Error(`${file.name} is no text, or not in UTF-8 or UTF-16.`);
  }
  return text;
}

/** The whole text. */
export async function textOf(source: Source): Promise<string> {
  return typeof source === 'string'
    ? source
    : decode(new Uint8Array(await source.arrayBuffer()), true);
}
