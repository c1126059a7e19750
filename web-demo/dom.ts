/**
 * dom.ts - finds and makes elements, and the Panel: what all tabs have in common.
 * SPDX-License-Identifier: MIT
 */
import { WorkerError } from './problem.js';

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

/** "1 line", "12,000 lines". */
export function numberOf(count: number, what: string): string {
  return `${figure(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** A probability in percent, with three digits or fewer. */
export function percent(probability: number, digits = 3): string {
  if (probability < 0.0001) return 'under 0.01 %';
  return `${figure(Number((100 * probability).toPrecision(digits)))} %`;
}

/** A message of the library with a capital and a full stop. */
function sentence(message: string): string {
  const end = /[.!?…)]$/.test(message) ? '' : '.';
  return message.charAt(0).toUpperCase() + message.slice(1) + end;
}

/** Says how something stands; with `done` also how much of it is done, in percent. */
export function showStatus(place: HTMLElement, text: string, done?: number): void {
  place.textContent = text;
  place.classList.toggle('busy', done !== undefined);
  place.style.setProperty('--done', String(done ?? 0));
  place.ariaBusy = String(done !== undefined); // screen readers wait for the end
}

/** Control + Enter, or Command + Enter, in a text area sends its form. */
function sendByKey(form: HTMLFormElement): void {
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
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
    for (const form of this.element.querySelectorAll('form')) sendByKey(form);
    field(this.element, 'stop').addEventListener('click', () => this.#controller?.abort());
  }

  field<T extends Element = HTMLInputElement>(name: string): T {
    return field<T>(this.element, name);
  }

  /** Says how the work stands; with `done` also how much of it is done, in percent. */
  status(text: string, done?: number): void {
    showStatus(this.#status, text, done);
  }

  complain(text: string): void {
    this.#problem.textContent = text;
    this.#problem.hidden = text === '';
  }

  /** Calls `work` when the form, or that of several which a selector finds, is sent. */
  onSubmit(work: (signal: AbortSignal) => Promise<void>, form = 'form'): void {
    find<HTMLFormElement>(this.element, form).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.run(work);
    });
  }

  onClick(name: string, work: (signal: AbortSignal) => Promise<void> | void): void {
    this.field(name).addEventListener('click', () => void this.run(async (s) => work(s)));
  }

  /** Calls `work` with the file that was chosen; the same one can be chosen again afterwards. */
  onFile(name: string, work: (file: File | undefined) => Promise<void>): void {
    const input = this.field(name);
    input.addEventListener('change', () => {
      void this.run(() => work(input.files?.[0])).then(() => (input.value = ''));
    });
  }

  /** Runs one piece of work at a time: meanwhile only Stop can be pressed; an error is shown. */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#controller) return;
    this.#controller = new AbortController();
    this.complain('');
    const pressed = document.activeElement;
    const stop = this.field('stop');
    this.#setBusy(true);
    // A button that is disabled loses the focus: Stop has it meanwhile, and then it comes back.
    if (pressed instanceof HTMLButtonElement && pressed.disabled && this.element.contains(pressed))
      stop.focus();
    try {
      await work(this.#controller.signal);
    } catch (error) {
      const aborted = error instanceof WorkerError && error.code === 'ABORTED';
      const message = error instanceof Error ? error.message : String(error);
      this.status(aborted ? message : '');
      if (!aborted) this.complain(error instanceof WorkerError ? sentence(message) : message);
    } finally {
      const waits = document.activeElement === stop;
      this.#controller = undefined;
      this.#setBusy(false);
      if (waits && pressed instanceof HTMLElement) pressed.focus();
    }
  }

  #setBusy(busy: boolean): void {
    this.element.setAttribute('aria-busy', String(busy));
    for (const button of this.element.querySelectorAll('button')) {
      button.disabled = button.name === 'stop' ? !busy : busy || this.#unusable.has(button.name);
    }
    for (const input of this.element.querySelectorAll<HTMLInputElement>('input[type=file]'))
      input.disabled = busy;
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
