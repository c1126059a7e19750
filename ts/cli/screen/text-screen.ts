/**
 * text-screen.ts - standard output for a text that comes in pieces: on a terminal in lines of whole words, with
 * a mark where it was cut; elsewhere the bare text.
 * SPDX-License-Identifier: MIT
 */
import { print } from './output.js';
import type { Paint, Palette } from './terminal.js';
import { visibleLines } from './terminal.js';
import { plain, Wrapper, wrap } from './wrap.js';

const DEFAULT_COLUMNS = 80;

/** Columns for text on the terminal: a full line would make some terminals begin another one. */
export const textColumns = (): number => (process.stdout.columns || DEFAULT_COLUMNS) - 1;

/** The voice of the person before the terminal, in a colour that can be read on black and on white. */
export const ownVoice = ({ magenta }: Palette): Paint => magenta;

/** Shows one text after another. Takes foreign text: it makes it safe. */
export class TextScreen {
  private readonly isTerminal = process.stdout.isTTY === true;
  private readonly wrapper = new Wrapper(print, textColumns);
  private begun = false;

  /** `trimmed`: on a terminal blanks before the first word of a text are left out. */
  constructor(
    private readonly palette: Palette,
    private readonly trimmed = false,
  ) {}

  /** Shows the next part of a text. */
  write(piece: string, paint = plain): void {
    const text = visibleLines(piece);
    if (!this.isTerminal) return print(paint(text));
    const shown = this.trimmed && !this.begun ? text.replace(/^[ \t]+/, '') : text;
    this.begun ||= shown !== '';
    this.wrapper.push(shown, paint);
  }

  /** Ends the text and its line; `cut`: there would have been more of it. */
  end(cut: boolean): void {
    this.wrapper.end(cut && this.isTerminal ? '\u2026' : '', this.palette.dim);
    print('\n');
    this.begun = false;
  }

  /** Says something about the texts, on a terminal alone. */
  remark(text: string): void {
    if (!this.isTerminal) return;
    for (const line of wrap(visibleLines(text), textColumns())) {
      print(`${this.palette.dim(line)}\n`);
    }
  }
}
