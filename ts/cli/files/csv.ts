/**
 * csv.ts - cuts a stream of bytes into records of CSV (RFC 4180), with commas, semicolons or tabs between
 * their cells, in bounded memory.
 * SPDX-License-Identifier: MIT
 */
import type { Line } from '../../detect/lines.js';
import { MAX_LINE } from '../../detect/lines.js';
import { Failure } from '../screen/failure.js';
import { LineSplitter } from './lines.js';

/** A record: the line that it begins in, and its cells without quotes and space around them. */
export interface CsvRecord {
  line: number;
  cells: string[];
}

/** What separates cells, by the first line. A line `sep=;`, as Excel has it, says so itself. */
function separatorOf(line: string): string {
  const outside = line.replace(/"[^"]*"/g, '');
  return ['\t', ';'].find((one) => outside.includes(one)) ?? ',';
}

/** Splits bytes into records. Blank lines are no records. */
export class CsvReader {
  private readonly lines: LineSplitter;
  /** What separates cells; undefined before the first line. */
  separator: string | undefined;
  /** A record whose quoted cell goes on in the next line. */
  private open: { line: number; text: string } | undefined;

  /** `name` is what messages call the input, and `command` the one that reads it. */
  constructor(
    private readonly name: string,
    command: string,
  ) {
    this.lines = new LineSplitter(name, command);
  }

  /** The records that `bytes` complete. Throws a Failure for a line that is too long. */
  push(bytes: Uint8Array): CsvRecord[] {
    return this.take(this.lines.push(bytes));
  }

  /** The rest. Throws a Failure if a quote is left open. */
  end(): CsvRecord[] {
    const records = this.take(this.lines.end());
    if (this.open === undefined) return records;
    throw new Failure(`${this.name}, line ${this.open.line}: a quoted cell has no end`);
  }

  private take(lines: readonly Line[]): CsvRecord[] {
    const records: CsvRecord[] = [];
    for (const { number, column, text } of lines) {
      if (this.open === undefined && text.trim() === '') continue;
      const line = this.open?.line ?? number;
      const whole = this.open === undefined ? text : `${this.open.text}\n${text}`;
      if (column > 1 || whole.length > MAX_LINE) {
        throw new Failure(`${this.name}, line ${line}: longer than ${MAX_LINE} characters`);
      }
      if (this.separator === undefined) {
        const said = /^sep=([,;\t])$/i.exec(text)?.[1];
        this.separator = said ?? separatorOf(text);
        if (said !== undefined) continue;
      }
      const cells = cellsOf(whole, this.separator);
      this.open = cells === undefined ? { line, text: whole } : undefined;
      if (cells !== undefined) records.push({ line, cells });
    }
    return records;
  }
}

/** The cells of a record; undefined if a quoted one does not end in it. */
function cellsOf(text: string, separator: string): string[] | undefined {
  if (!text.includes('"')) return text.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const start = at + /^[^\S\t]*/.exec(text.slice(at))![0].length;
    let end = text.indexOf(separator, at);
    if (text[start] !== '"') {
      end = end < 0 ? text.length : end;
      cells.push(text.slice(at, end).trim());
      at = end + 1;
      continue;
    }
    const close = closingQuote(text, start + 1);
    if (close < 0) return undefined;
    end = text.indexOf(separator, close);
    end = end < 0 ? text.length : end;
    cells.push(
      (text.slice(start + 1, close).replace(/""/g, '"') + text.slice(close + 1, end)).trim(),
    );
    at = end + 1;
  }
  return cells;
}

/** Where the quote is that ends a cell; two of them stand for one of its characters. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
