/**
 * successions.ts - how often each line follows each other one, at distances of one to three lines: counts in
 * tables of fixed size, addressed by hashes.
 * SPDX-License-Identifier: MIT
 */
import { log2 } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import { pairHash } from './words.js';

/** Distances that are looked at. */
export const LAGS = 3;

const LINES = 1 << 15;
const PAIRS = 1 << 17;
/* When so many lines were counted all counts are halved, which also keeps them below 2^16. */
const MEMORY = 65000;
/* Share of the unknown, for each kind of line so far: what is new is less likely than anything known. */
const NEW = 0.0005;

/** The lines before the present one, latest first. */
export type History = Int32Array;

export class Successions {
  private readonly lines = new Uint16Array(LINES);
  /** How many different successors a line had, at each distance. */
  private readonly kinds = Array.from({ length: LAGS }, () => new Uint16Array(LINES));
  private readonly pairs = new Uint16Array(PAIRS);
  private total = 0;
  private known = 0;

  /**
   * How unexpected a line is after the lines before it, in bits: the least of the distances', as logs of
   * several writers interleave. Interpolated as Witten and Bell do (1991, IEEE Trans. Information Theory 37,
   * method C). A distance at which nothing has been counted falls back on how frequent the line is.
   */
  bits(line: number, before: History): number {
    const count = this.lines[slot(line)]!;
    const alone = (count + this.known * NEW) / (this.total + this.known + 1);
    let best = 1e-12;
    for (let lag = 0; lag < LAGS; lag++) {
      const at = slot(before[lag]!);
      const followed = this.lines[at]! - 1; // not yet the last time
      const kinds = this.kinds[lag]![at]!;
      const pair = this.pairs[pairSlot(before[lag]!, line, lag)]!;
      const p = followed > 0 ? (pair + kinds * alone) / (followed + kinds) : alone;
      if (p > best) best = p;
    }
    return -log2(Math.min(1, best));
  }

  /** Whether the line was counted before. */
  knows(line: number): boolean {
    return this.lines[slot(line)]! > 0;
  }

  /** Counts the line. */
  learn(line: number, before: History): void {
    const at = slot(line);
    if (this.lines[at] === 0) this.known++;
    this.lines[at]!++;
    for (let lag = 0; lag < LAGS; lag++) {
      const pair = pairSlot(before[lag]!, line, lag);
      if (this.pairs[pair] === 0) this.kinds[lag]![slot(before[lag]!)]!++;
      this.pairs[pair]!++;
    }
    if (++this.total >= MEMORY) this.halve();
  }

  private halve(): void {
    this.total = 0;
    this.known = 0;
    for (const table of this.tables()) {
      for (let i = 0; i < table.length; i++) table[i] = table[i]! >>> 1;
    }
    for (const count of this.lines) {
      this.total += count;
      if (count > 0) this.known++;
    }
  }

  private tables(): Uint16Array[] {
    return [this.lines, ...this.kinds, this.pairs];
  }

  save(to: ByteWriter): void {
    to.count(this.total);
    to.count(this.known);
    for (const table of this.tables()) to.sparse(table);
  }

  load(from: ByteReader): void {
    this.total = from.count(MEMORY);
    this.known = from.count(MEMORY);
    for (const table of this.tables()) from.sparse(table, 0xffff);
  }
}

function slot(line: number): number {
  return line & (LINES - 1);
}

function pairSlot(before: number, line: number, lag: number): number {
  return pairHash(before, line + lag) & (PAIRS - 1);
}
