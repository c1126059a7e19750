/**
 * encoding.ts - finds a file's text encoding, UTF-8 or UTF-16, and refuses what is no text.
 * SPDX-License-Identifier: MIT
 */
import { Failure } from '../screen/failure.js';

/** How much of a file says whether it is a text. */
export const SNIFFED_BYTES = 8192;
/** The largest share of unusual characters in what still counts as text. */
const MOST_ODD = 0.02;

function startsWith(bytes: Uint8Array, ...magic: number[]): boolean {
  return magic.every((value, i) => bytes[i] === value);
}

/** Control characters but tab to carriage return (9 to 13) and escape, which logs may hold. */
function isControl(code: number): boolean {
  return (code < 32 && (code < 9 || code > 13) && code !== 27) || code === 127;
}

const share = (codes: readonly number[], is: (code: number) => boolean): number =>
  codes.reduce((sum, code) => sum + (is(code) ? 1 : 0), 0) / Math.max(1, codes.length);

/** Few zeros and control characters: a crash may leave zeros in a log, and old logs hold some controls. */
const isText = (codes: readonly number[]): boolean =>
  share(codes, (code) => code === 0) <= 0.01 && share(codes, isControl) <= 0.05;

/** The bytes as numbers of `size` bytes each, without an incomplete one at the end. */
function numbers(bytes: Uint8Array, size: 2 | 4, littleEndian: boolean): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
    size === 2 ? view.getUint16(2 * i, littleEndian) : view.getUint32(4 * i, littleEndian),
  );
}

/** Whether bytes are text in UTF-32: every number a character, and few of them controls. */
function isUtf32(bytes: Uint8Array, littleEndian: boolean): boolean {
  const codes = numbers(bytes, 4, littleEndian);
  const isCharacter = (code: number): boolean =>
    code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return codes.length > 0 && codes.every(isCharacter) && isText(codes);
}

/** Whether bytes are text in UTF-16: surrogates come in pairs, and few units are controls. */
function isUtf16(bytes: Uint8Array, littleEndian: boolean): boolean {
  const units = numbers(bytes, 2, littleEndian);
  const isHigh = (unit = 0): boolean => unit >= 0xd800 && unit <= 0xdbff;
  const isLow = (unit = 0): boolean => unit >= 0xdc00 && unit <= 0xdfff;
  const paired = units.every((unit, i) => {
    if (isLow(unit)) return isHigh(units[i - 1]);
    return !isHigh(unit) || i + 1 === units.length || isLow(units[i + 1]);
  });
  return units.length > 0 && paired && isText(units);
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** Whether almost all are assigned characters; a few may be private, or of a newer version of Unicode. */
function areCharacters(units: readonly number[]): boolean {
  const odd = String.fromCharCode(...units).match(/[\p{Cn}\p{Co}]/gu)?.length ?? 0;
  return odd <= MOST_ODD * units.length;
}

/** True for real text: few code units end in 00, except the frequent U+4E00 (Chinese "one") and U+3000. */
function haveFewZeroLowBytes(units: readonly number[]): boolean {
  const isRare = (unit: number): boolean =>
    unit % 256 === 0 && !isSurrogate(unit) && unit !== 0x4e00 && unit !== 0x3000;
  return share(units, isRare) <= MOST_ODD;
}

/** Whether bytes are UTF-8, but for a character that is cut at their end. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Whether zeros separate texts, as `find -print0` writes them: without its zeros it is UTF-8. */
function isZeroSeparated(bytes: Uint8Array): boolean {
  const rest = bytes.filter((byte) => byte !== 0);
  return rest.length > 0.75 * bytes.length && isUtf8(bytes) && isText([...rest]);
}

/**
 * The byte order of text in UTF-16; undefined for no such text. Latin letters, blanks and line ends have
 * a zero as their high byte, but some frequent Chinese characters have one as their low byte. Where the
 * zeros do not decide, an order counts if the other one gives unassigned characters.
 */
function utf16Order(bytes: Uint8Array): string | undefined {
  const zeros = [0, 0];
  bytes.forEach((byte, i) => (zeros[i % 2]! += byte === 0 ? 1 : 0));
  const oneSided = 4 * Math.min(...zeros) <= Math.max(...zeros);
  const byZeros = zeros[1]! > zeros[0]!;
  const [order, other] = [byZeros, !byZeros].filter(
    (littleEndian) =>
      isUtf16(bytes, littleEndian) && areCharacters(numbers(bytes, 2, littleEndian)),
  );
  if (order === undefined) return undefined;
  const zerosDecide = oneSided && order === byZeros;
  const isOnlyOne = other === undefined && haveFewZeroLowBytes(numbers(bytes, 2, order));
  if (!zerosDecide && !isOnlyOne) return undefined;
  return order ? 'utf-16le' : 'utf-16be';
}

/** The encoding of text with many zero bytes; undefined for no text. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const isWidest = isUtf32(bytes, true) || isUtf32(bytes, false);
  if (isZeroSeparated(bytes)) return undefined;
  return utf16Order(bytes) ?? (isWidest ? 'utf-32' : undefined);
}

function markedEncoding(head: Uint8Array): string | undefined {
  const isUtf32Mark = startsWith(head, 0xff, 0xfe, 0, 0) || startsWith(head, 0, 0, 0xfe, 0xff);
  if (isUtf32Mark) return 'utf-32';
  if (startsWith(head, 0xff, 0xfe)) return 'utf-16le';
  return startsWith(head, 0xfe, 0xff) ? 'utf-16be' : undefined;
}

function checkNotPacked(head: Uint8Array, name: string, command: string): void {
  const packed =
    (startsWith(head, 0x1f, 0x8b) && 'zcat') ||
    (startsWith(head, 0x28, 0xb5, 0x2f, 0xfd) && 'zstdcat') ||
    (startsWith(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a) && 'xzcat') ||
    (startsWith(head, 0x42, 0x5a, 0x68) && 'bzcat');
  if (packed) {
    throw new Failure(`${name} is compressed; try: ${packed} FILE | bit-ttt ${command} -`);
  }
}

/**
 * The text encoding of a file that begins with `head`: UTF-8, or UTF-16 if a byte order mark or its
 * zeros say so. Throws for what is no such text; `command` is the one that its advice names.
 */
export function sniff(head: Uint8Array, name: string, command: string): string {
  checkNotPacked(head, name, command);
  // A program or picture is full of zero bytes, and what is packed or encrypted is full of every
  // other control character.
  const bytes = head.subarray(0, SNIFFED_BYTES);
  const hasZeros = share([...bytes], (byte) => byte === 0) > 0.01;
  const encoding = markedEncoding(head) ?? (hasZeros ? wideEncoding(bytes) : 'utf-8');
  if (encoding === 'utf-32') {
    throw new Failure(
      `${name} is UTF-32; try: iconv -f UTF-32 -t UTF-8 FILE | bit-ttt ${command} -`,
    );
  }
  if (encoding === undefined || (encoding === 'utf-8' && !isText([...bytes]))) {
    const what = encoding === undefined ? 'zero bytes' : 'control characters';
    throw new Failure(
      `${name} is not text: it is full of ${what}; try: strings FILE | bit-ttt ${command} -`,
    );
  }
  return encoding;
}
