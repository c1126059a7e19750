/**
 * lines.ts - cuts a stream of bytes into lines in constant memory, whatever the bytes are.
 * SPDX-License-Identifier: MIT
 */
import { Failure } from './failure.js';

/** Longer lines are read in pieces of this many UTF-16 units, each a line of its own. */
export const MAX_LINE = 65536;

/** A line, or a piece of a long one. */
export interface Line {
  /** Counted from 1. */
  number: number;
  /** Where in its line the text begins, counted from 1: above 1 only for pieces. */
  column: number;
  /** Without its line end. */
  text: string;
}

/** How much of a file says whether it is a text. */
export const SNIFFED_BYTES = 8192;

function startsWith(bytes: Uint8Array, ...magic: number[]): boolean {
  return magic.every((value, i) => bytes[i] === value);
}

/** Control characters but tab to carriage return (9 to 13) and escape, which logs may hold. */
function isControl(byte: number): boolean {
  return (byte < 32 && (byte < 9 || byte > 13) && byte !== 27) || byte === 127;
}

/**
 * The text encoding of a file that begins with `head`: UTF-8, or UTF-16 if a byte order mark says
 * so. Throws for what is no text at all; `command` is the one that its advice names.
 */
export function sniff(head: Uint8Array, name: string, command: string): string {
  if (startsWith(head, 0xff, 0xfe)) return 'utf-16le';
  if (startsWith(head, 0xfe, 0xff)) return 'utf-16be';
  const packed =
    (startsWith(head, 0x1f, 0x8b) && 'zcat') ||
    (startsWith(head, 0x28, 0xb5, 0x2f, 0xfd) && 'zstdcat') ||
    (startsWith(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a) && 'xzcat') ||
    (startsWith(head, 0x42, 0x5a, 0x68) && 'bzcat');
  if (packed) {
    throw new Failure(`${name} is compressed; try: ${packed} FILE | bit-ttt ${command} -`);
  }
  // A crash may leave a zero byte in a log; a program or picture is full of them, and what is
  // packed or encrypted is full of every other control character.
  const bytes = head.subarray(0, SNIFFED_BYTES);
  const count = (is: (byte: number) => boolean): number =>
    bytes.reduce((sum, byte) => sum + (is(byte) ? 1 : 0), 0);
  if (count((byte) => byte === 0) > bytes.length / 100) {
    throw new Failure(
      `${name} is not text: it is full of zero bytes; try: strings FILE | bit-ttt ${command} -`,
    );
  }
  if (count(isControl) > bytes.length / 20) {
    throw new Failure(
      `${name} is not text: it is full of control characters; ` +
        `try: strings FILE | bit-ttt ${command} -`,
    );
  }
  return 'utf-8';
}

/**
 * Decodes and splits as the bytes come in. Invalid UTF-8 becomes U+FFFD; \n and \r\n end a line;
 * a byte order mark is dropped. Holds at most one unfinished line of MAX_LINE units.
 */
export class LineSplitter {
  private decoder: TextDecoder | undefined;
  private head: Uint8Array | undefined;
  private pending = '';
  private number = 1;
  private column = 1;

  /** `name` is what messages call the input. */
  constructor(private readonly name: string) {}

  /** The lines that `bytes` completes. The array is not kept. */
  push(bytes: Uint8Array): Line[] {
    if (this.decoder === undefined) {
      // A pipe may deliver single bytes: wait for enough of them to tell what they are.
      const head = this.head === undefined ? bytes : Buffer.concat([this.head, bytes]);
      this.head = head === bytes ? bytes.slice() : head;
      if (head.length < 6 && !head.includes(10)) return [];
      return this.begin();
    }
    return this.split(this.decoder.decode(bytes, { stream: true }));
  }

  /** The rest, if the last line has no end. */
  end(): Line[] {
    const lines = this.decoder === undefined && this.head !== undefined ? this.begin() : [];
    lines.push(...this.split(this.decoder?.decode() ?? ''));
    const last = this.pending.endsWith('\r') ? this.pending.slice(0, -1) : this.pending;
    if (last !== '') lines.push(this.take(last));
    this.pending = '';
    return lines;
  }

  private begin(): Line[] {
    const head = this.head!;
    this.head = undefined;
    this.decoder = new TextDecoder(sniff(head, this.name, 'surprise'));
    return this.split(this.decoder.decode(head, { stream: true }));
  }

  private split(text: string): Line[] {
    const lines: Line[] = [];
    let rest = this.pending + text;
    let from = 0;
    for (;;) {
      const end = rest.indexOf('\n', from);
      const length = (end < 0 ? rest.length : end) - from;
      if (length > MAX_LINE) {
        from += this.cut(lines, rest.slice(from, from + MAX_LINE));
        continue;
      }
      if (end < 0) break;
      const crlf = end > from && rest.charCodeAt(end - 1) === 13;
      const line = rest.slice(from, crlf ? end - 1 : end);
      if (line !== '' || this.column === 1) lines.push(this.take(line));
      this.number++;
      this.column = 1;
      from = end + 1;
    }
    // A copy: a slice would keep the whole chunk alive.
    rest = rest.slice(from);
    this.pending = rest.length < 64 ? rest : Buffer.from(rest, 'utf16le').toString('utf16le');
    return lines;
  }

  /** Takes a piece off a long line, not through the middle of a character; returns its length. */
  private cut(lines: Line[], piece: string): number {
    const last = piece.charCodeAt(piece.length - 1);
    const whole = last >= 0xd800 && last <= 0xdbff ? piece.slice(0, -1) : piece;
    lines.push(this.take(whole));
    this.column += whole.length;
    return whole.length;
  }

  private take(text: string): Line {
    return { number: this.number, column: this.column, text };
  }
}
