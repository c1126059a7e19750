/**
 * train-phases.ts - how far `train` is with what comes before the steps: reading, counting, tokenising.
 * SPDX-License-Identifier: MIT
 */
import { compact, grouped } from '../screen/terminal.js';
import type { TrainReport } from './train-report.js';
import { duration } from './train-report.js';

/** What came of a phase, for programs. */
export type PhaseFacts = Readonly<Record<string, number>>;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1);

/** One phase: a line that is rewritten on a terminal, one line at its end elsewhere, or an object. */
export class Phase {
  readonly #began = performance.now();

  /**
   * `name` is for programs, `doing` ("tokenising") for people; `size` is how much there is to do.
   */
  constructor(
    private readonly report: TrainReport,
    private readonly name: string,
    private readonly doing: string,
    private readonly size: number,
  ) {}

  /** Seconds since it began. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Shows that `bytes` of `size` are done. */
  atByte(bytes: number): void {
    this.#show(bytes, () => `${megabytes(bytes)} of ${megabytes(this.size)} MB`);
  }

  /** Shows that `count` of `size` are done. */
  atCount(count: number): void {
    this.#show(count, () => `${grouped(count)} of ${grouped(this.size)}`);
  }

  #show(done: number, amounts: () => string): void {
    this.report.doing(() => {
      const share = this.size > 0 ? Math.min(1, done / this.size) : 0;
      const left = share > 0.01 ? `, ${duration((this.seconds * (1 - share)) / share)} left` : '';
      return `${this.doing}: ${Math.floor(100 * share)} %, ${amounts()}${left}`;
    });
  }

  /** Reports its end: `result` is what people are told of it. */
  done(result: string, facts: PhaseFacts): void {
    const seconds = Number(this.seconds.toFixed(2));
    this.report.phase(`${result} in ${duration(this.seconds)}`, {
      phase: this.name,
      ...facts,
      seconds,
    });
  }
}

/** "1 file", "12,000 documents". */
export function counted(n: number, thing: string): string {
  return `${n >= 1e6 ? compact(n) : grouped(n)} ${thing}${n === 1 ? '' : 's'}`;
}

/** "56.8 MB", "20.0 kB". */
export function sizeOf(bytes: number): string {
  return `${compact(bytes)}${bytes < 1000 ? ' ' : ''}B`;
}
