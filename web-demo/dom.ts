/**
 * dom.ts - finds the parts of a tab, and does what all tabs do alike: run, stop, complain, open files.
 * SPDX-License-Identifier: MIT
 */
import { WorkerError } from './client.js';

/** The element that a selector finds; it must be there. */
export function find<T extends Element = HTMLElement>(within: ParentNode, selector: string): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** A field of a tab by its name. */
export function field<T extends Element = HTMLInputElement>(panel: Element, name: string): T {
  return find<T>(panel, `[name="${name}"]`);
}

/** A new element with text and a class. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = '',
  name = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name !== '') element.className = name;
  return element;
}

const figures = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** A number with three digits and grouped thousands. */
export function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : figures.format(value);
}

/** What all tabs have: a form, a button that stops, and places for a status and a problem. */
export class Panel {
  readonly element: HTMLElement;
  readonly #status: HTMLElement;
  readonly #problem: HTMLElement;
  #controller: AbortController | undefined;
  readonly #unusable = new Set<string>();

  constructor(id: string) {
    this.element = find(document, `#${id}`);
    this.#status = find(this.element, '.status');
    this.#problem = find(this.element, '.problem');
    field(this.element, 'stop').addEventListener('click', () => this.#controller?.abort());
  }

  field<T extends Element = HTMLInputElement>(name: string): T {
    return field<T>(this.element, name);
  }

  status(text: string): void {
    this.#status.textContent = text;
  }

  complain(text: string): void {
    this.#problem.textContent = text;
    this.#problem.hidden = text === '';
  }

  /** Calls `work` when the form is sent. */
  onSubmit(work: (signal: AbortSignal) => Promise<void>): void {
    find<HTMLFormElement>(this.element, 'form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.run(work);
    });
  }

  onClick(name: string, work: (signal: AbortSignal) => Promise<void> | void): void {
    this.field(name).addEventListener('click', () => void this.run(async (s) => work(s)));
  }

  /** One piece of work at a time: buttons wait, Stop works, and an error is said in a sentence. */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#controller) return;
    this.#controller = new AbortController();
    this.complain('');
    this.#setBusy(true);
    try {
      await work(this.#controller.signal);
    } catch (error) {
      const aborted = error instanceof WorkerError && error.code === 'ABORTED';
      const message = error instanceof Error ? error.message : String(error);
      this.status(aborted ? message : '');
      if (!aborted) this.complain(message);
    } finally {
      this.#controller = undefined;
      this.#setBusy(false);
    }
  }

  #setBusy(busy: boolean): void {
    this.element.setAttribute('aria-busy', String(busy));
    for (const button of this.element.querySelectorAll('button')) {
      button.disabled = button.name === 'stop' ? !busy : busy || this.#unusable.has(button.name);
    }
    for (const input of this.element.querySelectorAll<HTMLInputElement>('input[type=file]')) input.disabled = busy;
  }

  /** Makes a button unusable until it is enabled, whatever the tab is at. */
  disable(...names: string[]): void {
    for (const name of names) this.#unusable.add(name);
    this.#setBusy(this.#controller !== undefined);
  }

  enable(...names: string[]): void {
    for (const name of names) this.#unusable.delete(name);
    this.#setBusy(this.#controller !== undefined);
  }

  /** Lets a text area take files, chosen or dropped. */
  takeFiles(): void {
    const area = this.field<HTMLTextAreaElement>('text');
    const place = find(this.element, '.drop');
    const take = async (file: File | undefined): Promise<void> => {
      if (!file) return;
      const text = await textOf(file);
      area.value = text;
      this.status(`${file.name}: ${figure(text.length)} characters.`);
    };
    const chosen = this.field('open');
    chosen.addEventListener('change', () => {
      void this.run(async () => take(chosen.files?.[0])).then(() => (chosen.value = ''));
    });
    const over = (event: DragEvent, on: boolean): void => {
      event.preventDefault();
      place.classList.toggle('over', on);
    };
    place.addEventListener('dragover', (event) => over(event, true));
    place.addEventListener('dragleave', (event) => over(event, false));
    place.addEventListener('drop', (event) => {
      over(event, false);
      const file = event.dataTransfer?.files[0];
      void this.run(async () => take(file));
    });
  }
}

const MAX_TEXT = 64 * 2 ** 20;

/** The text of a file, if it is one. */
export async function textOf(file: File): Promise<string> {
  if (file.size > MAX_TEXT) {
    throw new Error(`${file.name} has ${figure(file.size / 2 ** 20)} MB; the most here is 64 MB.`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined;
  const text = new TextDecoder(utf16 ?? 'utf-8').decode(bytes);
  const zeros = text.slice(0, 4096).split('\0').length - 1;
  if (zeros > 8) throw new Error(`${file.name} is no text: it is full of zero bytes.`);
  return text;
}

/** Gives a file to the person. */
export function download(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = make('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
