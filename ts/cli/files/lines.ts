/**
 * lines.ts - cuts a stream of bytes into lines in constant memory, whatever the bytes are.
 * SPDX-License-Identifier: MIT
 */
import type { Line } from '../../detect/line.js';
import { MAX_LINE } from '../../detect/line.js';
import { sniff } from './encoding.js';

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

  /** `name` is what messages call the input, and `command` the one that reads it. */
  constructor(
    private readonly name: string,
    private readonly command: string,
  ) {}

  /** The lines that `bytes` completes. The array is not kept. */
  push(bytes: Uint8Array): Line[] {
    if (this.decoder === undefined) {
      // A pipe may deliver single bytes: wait for enough of them, 8 or a line, to find the encoding.
      const head = this.head === undefined ? bytes : Buffer.concat([this.head, bytes]);
      this.head = head === bytes ? bytes.slice() : head;
      // With zeros, a byte 10 may be half of a UTF-16 character rather than a line end.
      if (head.length < 8 && (!head.includes(10) || head.includes(0))) return [];
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
    this.decoder = new TextDecoder(sniff(head, this.name, this.command));
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
