// progress.mjs - says what is being done, and for how long already: by a stage of `npm test`, or before `npm start`.
// SPDX-License-Identifier: MIT

const clock = (ms) => {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/**
 * Passes on what a program prints. A line that begins with ".. " says which part of its work runs from now on: on a
 * terminal it stays at the bottom, elsewhere it is printed once. With a `stage` the time is that since the stage
 * began, and is printed too; without one, that since the part began, which a terminal alone shows.
 */
export class Progress {
  #stage;
  #began = Date.now();
  #partBegan = Date.now();
  #part = '';
  #live;
  #timer;

  constructor(stage, output = process.stdout) {
    this.#stage = stage;
    this.output = output;
    this.#live = Boolean(output.isTTY);
    if (this.#live) this.#timer = setInterval(() => this.#draw(), 1000);
  }

  /** Minutes and seconds since the stage began. */
  elapsed() {
    return clock(Date.now() - this.#began);
  }

  line(text) {
    const part = /^\.\. (.*)$/.exec(text)?.[1];
    if (part !== undefined) {
      this.#part = part;
      this.#partBegan = Date.now();
    }
    if (this.#live) this.output.write(part === undefined ? `\r\x1b[K${text}\n` : '');
    else this.output.write(`${part === undefined ? text : this.#status()}\n`);
    this.#draw();
  }

  end() {
    clearInterval(this.#timer);
    if (this.#live) this.output.write('\r\x1b[K');
  }

  #status() {
    if (this.#stage !== undefined) return `[${this.#stage} ${this.elapsed()}] ${this.#part}`;
    return this.#live ? `[${clock(Date.now() - this.#partBegan)}] ${this.#part}` : this.#part;
  }

  #draw() {
    if (!this.#live || this.#part === '') return;
    this.output.write(`\r\x1b[K${this.#status().slice(0, (this.output.columns ?? 80) - 1)}`);
  }
}
