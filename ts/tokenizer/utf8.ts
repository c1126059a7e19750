/**
 * utf8.ts - text to bytes and back.
 * SPDX-License-Identifier: MIT
 */

// Made on first use, so that the package can be loaded where there are none, as in Jest's jsdom.
let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;

/** JavaScript engines copy shorter substrings; longer ones keep the whole text alive. */
const COPIED_UNITS = 12;

/** A text's bytes; lone surrogates become U+FFFD. */
export function bytesOf(text: string): Uint8Array {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** The same text in memory of its own; lone surrogates become U+FFFD, as in UTF-8. */
export function ownCopy(text: string): string {
  if (text.length <= COPIED_UNITS) return text;
  decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(bytesOf(text));
}
