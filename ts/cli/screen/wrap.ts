/**
 * wrap.ts - breaks lines at words, of a whole text or of one that is being written.
 * SPDX-License-Identifier: MIT
 */
import type { Paint } from './terminal.js';
import { displayWidth } from './terminal.js';

/** No colour. */
export const plain: Paint = (text) => text;
const TAB = 8;

/** A blank at which no line is broken. */
export const FIRM = '\u00a0';

/** Writes a text as it comes, in lines of whole words. A word is written when its end is known. */
export class Wrapper {
  /** Blanks and letters that have not been written yet; the letters are painted. */
  private gap = '';
  private word = '';
  private wordWidth = 0;

  /**
   * @param width columns of a line; asked for at each word, since a terminal's may change
   * @param column where the first line begins, in columns
   */
  constructor(
    private readonly write: (text: string) => void,
    private readonly width: () => number,
    private column = 0,
  ) {}

  /** Takes the next part of the text, which must be safe for a terminal; a word may go on in the next one. */
  push(text: string, paint: Paint = plain): void {
    for (const [part] of text.matchAll(/\n|[ \t]+|[^ \t\n]+/g)) {
      if (part === '\n') this.newLine();
      else if (/^[ \t]/.test(part)) this.blanks(part);
      else this.letters(part, paint);
    }
  }

  /** Writes the last word, with `mark` at its end; blanks after it are left out. Another text may begin then. */
  end(mark = '', paint: Paint = plain): void {
    if (this.word === '') this.gap = '';
    this.letters(mark, paint);
    this.endWord();
    [this.gap, this.column] = ['', 0];
  }

  private newLine(): void {
    this.endWord();
    this.write('\n');
    [this.gap, this.column] = ['', 0];
  }

  private blanks(part: string): void {
    this.endWord();
    for (const blank of part) {
      const at = this.column + this.gap.length;
      this.gap += blank === '\t' ? ' '.repeat(TAB - (at % TAB)) : blank;
    }
  }

  private letters(text: string, paint: Paint): void {
    let run = '';
    const hold = (): void => {
      this.word += paint(run);
      run = '';
    };
    for (const char of text) {
      const width = displayWidth(char);
      // Wide characters are of scripts without blanks; what is longer than a line must be cut.
      if (width > 1 || this.wordWidth + width > this.width()) {
        hold();
        this.endWord();
      }
      run += char;
      this.wordWidth += width;
    }
    hold();
  }

  private endWord(): void {
    if (this.word === '') return;
    const needed = this.gap.length + this.wordWidth;
    if (this.column + needed > this.width()) {
      if (this.column > 0) this.write('\n');
      [this.gap, this.column] = ['', 0];
    }
    this.write(this.gap + this.word);
    this.column += this.gap.length + this.wordWidth;
    [this.gap, this.word, this.wordWidth] = ['', '', 0];
  }
}

/** A whole text in lines of at most `width` columns, the first of which begins at `column`. */
export function wrap(text: string, width: number, column = 0): string[] {
  let wrapped = '';
  const wrapper = new Wrapper(
    (part) => (wrapped += part),
    () => width,
    column,
  );
  wrapper.push(text);
  wrapper.end();
  return wrapped.replaceAll(FIRM, ' ').split('\n');
}
