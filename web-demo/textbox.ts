/**
 * textbox.ts - a text area that also takes files, chosen or dropped. Of a long file only the beginning
 * is shown; all of it is read.
 * SPDX-License-Identifier: MIT
 */
import type { Source } from './decode.js';
import { beginningOf } from './decode.js';
import type { Panel } from './dom.js';
import { figure, find, numberOf } from './dom.js';

const MOST_BYTES = 64 * 2 ** 20;
/** Bytes of a file that is put into the text area whole; characters that are shown of a longer one. */
const WHOLE = 100_000;
const SHOWN = 10_000;

export class TextBox {
  readonly #area: HTMLTextAreaElement;
  readonly #close: HTMLButtonElement;
  #file: File | undefined;
  #typed = '';

  constructor(readonly panel: Panel) {
    this.#area = panel.field<HTMLTextAreaElement>('text');
    this.#close = panel.field<HTMLButtonElement>('close');
    this.#close.addEventListener('click', () => {
      this.text = this.#typed;
      this.#area.focus();
      panel.status('');
    });
    this.#keep();
    this.#takeFiles();
  }

  /** What there is to read. */
  get source(): Source {
    return this.#file ?? this.#area.value;
  }

  get empty(): boolean {
    return this.#file === undefined && this.#area.value.trim() === '';
  }

  /** Shows a text in place of what is there. */
  set text(text: string) {
    this.#file = undefined;
    this.#area.readOnly = false;
    this.#close.hidden = true;
    this.#area.value = text;
    this.#area.scrollTop = 0;
    this.#area.dispatchEvent(new Event('input'));
  }

  /** Puts a sample into an empty box; whether it is there now. It is nothing that somebody typed. */
  prefill(text: string): boolean {
    if (this.empty) this.#area.value = text;
    return this.#file === undefined && this.#area.value === text;
  }

  async #take(file: File | undefined): Promise<void> {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      throw new Error(
        `${file.name} has ${figure(file.size / 2 ** 20)} MB; the most here is 64 MB.`,
      );
    }
    const beginning = await beginningOf(file, WHOLE);
    if (file.size <= WHOLE) {
      this.text = beginning;
      this.panel.status(`${file.name}: ${numberOf(beginning.length, 'character')}.`);
      return;
    }
    if (!this.#file) this.#typed = this.#area.value;
    this.#file = file;
    this.#area.readOnly = true;
    this.#area.value = `${beginning.slice(0, SHOWN)} …`;
    this.#area.scrollTop = 0;
    this.#close.hidden = false;
    const size = `${figure(file.size / 2 ** 20)} MB`;
    this.panel.status(`${file.name}: ${size}. Its beginning is shown; all of it will be read.`);
  }

  #takeFiles(): void {
    const place = find(this.panel.element, '.drop');
    this.panel.onFile('open', (file) => this.#take(file));
    const over = (event: DragEvent, on: boolean): void => {
      event.preventDefault();
      place.classList.toggle('over', on);
    };
    place.addEventListener('dragover', (event) => over(event, true));
    place.addEventListener('dragleave', (event) => over(event, false));
    place.addEventListener('drop', (event) => {
      over(event, false);
      const file = event.dataTransfer?.files[0];
      void this.panel.run(async () => this.#take(file));
    });
  }

  /** What was typed outlives a reload of the page. */
  #keep(): void {
    const key = `text of ${this.panel.element.id}`;
    try {
      this.#area.value = sessionStorage.getItem(key) ?? this.#area.value;
    } catch {
      return; // a page without storage works all the same
    }
    this.#area.addEventListener('input', () => {
      try {
        if (this.#area.value === '') sessionStorage.removeItem(key);
        else sessionStorage.setItem(key, this.#area.value);
      } catch {
        sessionStorage.removeItem(key); // too long to be kept
      }
    });
  }
}
