/**
 * lines.ts - cuts a stream of bytes into lines in constant memory, whatever the bytes are.
 * SPDX-License-Identifier: MIT
 */
import type { Line } from '../../detect/lines.js';
import { TextLines } from '../../detect/lines.js';
import { sniff } from './encoding.js';

/** Decodes and splits as the bytes come in. Invalid UTF-8 becomes U+FFFD; a byte order mark is dropped. */
export class LineSplitter {
  private decoder: TextDecoder | undefined;
  private head: Uint8Array | undefined;
  private readonly lines = new TextLines();

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
    return this.lines.push(this.decoder.decode(bytes, { stream: true }));
  }

  /** The rest, if the last line has no end. */
  end(): Line[] {
    const lines = this.decoder === undefined && this.head !== undefined ? this.begin() : [];
    lines.push(...this.lines.push(this.decoder?.decode() ?? ''), ...this.lines.end());
    return lines;
  }

  private begin(): Line[] {
    const head = this.head!;
    this.head = undefined;
    this.decoder = new TextDecoder(sniff(head, this.name, this.command));
    return this.lines.push(this.decoder.decode(head, { stream: true }));
  }
}
