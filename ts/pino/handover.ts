/**
 * handover.ts - hands texts from a stream that is written to over to a loop that reads.
 * SPDX-License-Identifier: MIT
 */

/** Holds one text at a time: its writer is called back when the reader asks for the next. */
export class Handover implements AsyncIterableIterator<string> {
  private held: string | undefined;
  private done: (() => void) | undefined;
  private asked: ((step: IteratorResult<string>) => void) | undefined;
  private ended = false;

  /** Called again only after `done` was. */
  push(text: string, done: () => void): void {
    if (this.ended) return done();
    this.done = done;
    if (this.asked === undefined) this.held = text;
    else this.answer({ done: false, value: text });
  }

  /** No more texts come; one that is held is still handed over. */
  end(): void {
    this.ended = true;
    this.answer({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<string>> {
    if (this.held === undefined) {
      const { done } = this;
      this.done = undefined;
      done?.(); // may push the next
    }
    if (this.held !== undefined) {
      const value = this.held;
      this.held = undefined;
      return Promise.resolve({ done: false, value });
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.asked = resolve;
    });
  }

  /** The reader has gone: what is written from now on is dropped. */
  return(): Promise<IteratorResult<string>> {
    this.ended = true;
    this.held = undefined;
    const { done } = this;
    this.done = undefined;
    done?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private answer(step: IteratorResult<string>): void {
    const { asked } = this;
    this.asked = undefined;
    asked?.(step);
  }
}
