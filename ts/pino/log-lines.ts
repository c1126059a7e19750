/**
 * log-lines.ts - cuts what pino writes into lines, and leaves out those that tell of findings.
 * SPDX-License-Identifier: MIT
 */
import { StringDecoder } from 'node:string_decoder';

/** The key that marks the lines of findings, which are not read again. */
export const OWN_KEY = 'bitTtt';

/* Of a longer line only so many UTF-16 units are read. */
const MAX_LINE = 65536;

/** The object in a line of JSON, or undefined. */
export function objectOf(line: string): Record<string, unknown> | undefined {
  if (line[0] !== '{') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // it is text
  }
}

function isOwn(line: string): boolean {
  if (!line.includes(`"${OWN_KEY}"`)) return false;
  const object = objectOf(line);
  return object !== undefined && Object.hasOwn(object, OWN_KEY);
}

/** Takes pieces cut anywhere; holds at most one unfinished line of MAX_LINE units. */
export class LogLines {
  private readonly decoder = new StringDecoder('utf8');
  private pending = '';

  /** The lines that are complete, each with its end. */
  push(piece: string | Buffer): string {
    const text = this.pending + (typeof piece === 'string' ? piece : this.decoder.write(piece));
    let lines = '';
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      lines += kept(text.slice(from, end));
      from = end + 1;
    }
    this.pending = text.slice(from, from + MAX_LINE);
    return lines;
  }

  /** The last line, if it has no end. */
  end(): string {
    const last = this.pending + this.decoder.end();
    this.pending = '';
    return last === '' ? '' : kept(last);
  }
}

function kept(line: string): string {
  return isOwn(line) ? '' : `${line.slice(0, MAX_LINE)}\n`;
}
