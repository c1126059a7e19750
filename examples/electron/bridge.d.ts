// What the preload offers the page, and all that passes between the processes.
// SPDX-License-Identifier: MIT

/** What a call gives, or why it gives nothing: a sentence for people. */
interface Answer {
  result?: unknown;
  problem?: { code: string; message: string };
}

interface Bridge {
  /** Calls the engine; `id` is the page's, for `abort`. `onEvent` gets the events in between. */
  call(
    id: number,
    name: string,
    params: unknown,
    onEvent: (event: unknown) => void,
  ): Promise<Answer>;
  abort(id: number): void;
}

interface Window {
  readonly bitTtt: Bridge;
}
