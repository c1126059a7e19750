/**
 * lines.ts - cuts a text that comes in pieces into lines, in constant memory.
 * SPDX-License-Identifier: MIT
 */

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

/** A copy of a part of a text: without, the part would keep the whole in memory. */
export function copyOf(part: string): string {
  return ` ${part}`.slice(1);
}

/** \n and \r\n end a line. Holds at most one unfinished line of MAX_LINE units. */
export class TextLines {
  private pending = '';
  private number = 1;
  private column = 1;

  /** The lines that `text` completes. */
  push(text: string): Line[] {
    const lines: Line[] = [];
    const rest = this.pending + text;
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
    this.pending = copyOf(rest.slice(from));
    return lines;
  }

  /** The rest, if the last line has no end. */
  end(): Line[] {
    const last = this.pending.endsWith('\r') ? this.pending.slice(0, -1) : this.pending;
    this.pending = '';
    return last === '' ? [] : [this.take(last)];
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
