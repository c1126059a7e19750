/**
 * pace.ts - lets a busy worker handle its messages now and then.
 * SPDX-License-Identifier: MIT
 */
const TURN_MS = 40;

/** `rest` waits for a turn of the event loop if the last one is long ago; returns whether it did. */
export class Pace {
  readonly #channel = new MessageChannel();
  #since = performance.now();

  async rest(): Promise<boolean> {
    if (performance.now() - this.#since < TURN_MS) return false;
    await new Promise<void>((resolve) => {
      this.#channel.port1.onmessage = () => resolve();
      this.#channel.port2.postMessage(null);
    });
    this.#since = performance.now();
    return true;
  }

  /** Lets the port go, which would keep its listener alive. */
  end(): void {
    this.#channel.port1.close();
  }
}
