/**
 * utf8.ts - text to bytes and back. Made on first use: where there is no TextEncoder, as in Jest's
 * jsdom, the package can still be loaded for all that needs none.
 * SPDX-License-Identifier: MIT
 */
let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;

/** Engines keep shorter substrings as copies, not as references to the text that they are from. */
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
