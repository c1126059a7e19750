/**
 * byte-level.ts - GPT-2's byte-level alphabet (one printable symbol for each byte) and its rule for
 * cutting a text into words, as `ByteLevel` of `@huggingface/tokenizers` has them.
 * SPDX-License-Identifier: MIT
 */

/** Bytes that are their own symbol; the others get U+0100 and on, in order. */
function isOwnSymbol(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
}

const allBytes = Array.from({ length: 256 }, (_, byte) => byte);

/** All bytes, in the order of their symbols, which is the order of their ids in a vocabulary. */
export const bytesInSymbolOrder: readonly number[] = [
  ...allBytes.filter(isOwnSymbol),
  ...allBytes.filter((byte) => !isOwnSymbol(byte)),
];

/** The symbol of each byte: one UTF-16 code unit. */
export const symbolOfByte: readonly string[] = (() => {
  const symbols: string[] = [];
  let others = 0;
  for (const byte of allBytes) {
    symbols[byte] = String.fromCharCode(isOwnSymbol(byte) ? byte : 0x100 + others++);
  }
  return symbols;
})();

/** The byte of each symbol's code unit, -1 for what is no symbol; symbols end at U+0143. */
const byteOfSymbol: Int16Array = (() => {
  const bytes = new Int16Array(0x144).fill(-1);
  for (const byte of allBytes) bytes[symbolOfByte[byte]!.charCodeAt(0)] = byte;
  return bytes;
})();

/** The byte that the symbol at `index` stands for; -1 for what is no symbol. */
export function byteAt(symbols: string, index: number): number {
  return byteOfSymbol[symbols.charCodeAt(index)] ?? -1;
}

/** Whether a string is made of symbols alone. */
export function isSymbols(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (byteAt(text, i) < 0) return false;
  return true;
}

/** The bytes that a string of symbols stands for, or undefined if one of them is no symbol. */
export function bytesOfSymbols(symbols: string): Uint8Array | undefined {
  const bytes = new Uint8Array(symbols.length);
  for (let i = 0; i < symbols.length; i++) {
    const byte = byteAt(symbols, i);
    if (byte < 0) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/**
 * GPT-2's pre-tokenization: a contraction; letters, digits or other signs with at most one space
 * before them; or white space, whose last character is left to the word that follows.
 */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The words of a text, which joined are the text. Merges never cross from one into the next. */
export function wordsOf(text: string): readonly string[] {
  return text.match(WORD) ?? [];
}
