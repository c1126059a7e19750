/**
 * sequences.mjs - labelled sequences of events, one after another: how odd each is as a whole.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { WittenBell } from './ngram.mjs';

/**
 * @typedef {object} SequenceSet
 * @property {string} name
 * @property {number} warm how many sequences at the beginning are not judged
 * @property {{label: number, events: string[]}[]} sequences
 */

/** The files of a folder that have `seqs`: [{label, lines: [event, ...]}], and `warm`. */
export function readSequences(folder) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().flatMap((file) => {
    const { seqs, warm = 0 } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    if (!Array.isArray(seqs)) return [];
    const name = basename(file, '.json').replace(/_.*/, '');
    return [{ name, warm, sequences: seqs.map(({ label, lines }) => ({ label, events: lines })) }];
  });
}

/**
 * How many sequences before had an event as often: minus the logarithm of their share, added over the events that a
 * sequence has.
 */
export class EventCounts {
  #seen = new Map();
  #sequences = 0;

  score(events) {
    const counts = new Map();
    for (const event of events) counts.set(event, (counts.get(event) ?? 0) + 1);
    let odd = 0;
    for (const [event, count] of counts) {
      const key = `${event} ${count}`;
      const asOften = this.#seen.get(key) ?? 0;
      odd -= Math.log((asOften + 0.5) / (this.#sequences + 1));
      this.#seen.set(key, asOften + 1);
    }
    this.#sequences++;
    return odd;
  }
}

/** A Markov chain of order 2: bits of the events of a sequence, each after the two before it. */
export class EventChain {
  #counts = new WittenBell(100);

  /** @param {(bits: number[]) => number} of what is made of the bits */
  constructor(of) {
    this.of = of;
  }

  score(events) {
    const places = [...events, 'end'].map((event, i) => {
      const [last, first] = [events[i - 1] ?? 'begin', events[i - 2] ?? 'begin'];
      return { event, contexts: ['', last, `${first} ${last}`] };
    });
    const bits = places.map(({ event, contexts }) => this.#counts.bits(contexts, event));
    for (const { event, contexts } of places) this.#counts.learn(contexts, event);
    return this.of(bits);
  }
}

const sum = (bits) => bits.reduce((total, one) => total + one, 0);

/** All of them, new, by name. */
export const sequenceBaselines = () => ({
  'event counts': new EventCounts(),
  'Markov chain of events, bits': new EventChain(sum),
  'Markov chain of events, bits an event': new EventChain((bits) => sum(bits) / bits.length),
});
