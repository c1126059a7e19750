/**
 * line-baselines.mjs - detectors of odd lines made of counts. Each has `score(line)`, which judges a line by the
 * lines before it and then learns it: higher is odder. What they remember grows with what they read.
 * SPDX-License-Identifier: MIT
 */
import { Drain } from './drain.mjs';
import { WittenBell } from './ngram.mjs';

/** A line with # in place of its numbers, addresses and ids. */
export function maskLine(line) {
  return line
    .replace(/0x[0-9a-fA-F]+/g, '#')
    .replace(/\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b/g, '#')
    .replace(/\d+/g, '#')
    .replace(/#([.:,/+-]#)+/g, '#');
}

/** Minus the logarithm of the share of lines that were of the same kind, which is what `kindOf` gives. */
export class Frequency {
  #counts = new Map();
  #lines = 0;

  constructor(kindOf = maskLine) {
    this.kindOf = kindOf;
  }

  score(line) {
    const kind = this.kindOf(line);
    const count = this.#counts.get(kind) ?? 0;
    const odd = -Math.log((count + 0.5) / (this.#lines + 1));
    this.#counts.set(kind, count + 1);
    this.#lines++;
    return odd;
  }
}

/** A Markov chain: bits of a kind of line after the kind before it. */
export class Chain {
  #counts = new WittenBell(2000);
  #before = [];

  constructor(kindOf = maskLine) {
    this.kindOf = kindOf;
  }

  score(line) {
    const kind = this.kindOf(line);
    const contexts = ['', ...this.#before];
    const bits = this.#counts.bits(contexts, kind);
    this.#counts.learn(contexts, kind);
    this.#before = [`after ${kind}`];
    return bits;
  }
}

const PPM_ALPHABET = 200;
const PPM_MOST = 400;
const PPM_BEGIN = '^';
const PPM_END = '\n';

/**
 * Prediction by partial matching (Cleary and Witten 1984, IEEE Transactions on Communications 32; here mixed
 * with the escapes of method C): bits a character of the masked line.
 */
export class Ppm {
  #counts = new WittenBell(PPM_ALPHABET);

  constructor(order = 4) {
    this.order = order;
  }

  score(line) {
    const text = PPM_BEGIN + maskLine(line).slice(0, PPM_MOST) + PPM_END;
    const places = Array.from({ length: text.length - 1 }, (_, i) => this.#contexts(text, i + 1));
    let bits = 0;
    places.forEach((contexts, i) => {
      bits += this.#counts.bits(contexts, text[i + 1]);
    });
    places.forEach((contexts, i) => {
      this.#counts.learn(contexts, text[i + 1]);
    });
    return bits / places.length;
  }

  #contexts(text, at) {
    const length = Math.min(this.order, at);
    return Array.from({ length: length + 1 }, (_, k) => text.slice(at - k, at));
  }
}

/** All of them, new, by name. */
export const lineBaselines = () => {
  const drain = new Drain();
  return {
    'masked-line frequency': new Frequency(),
    'Markov chain of masked lines': new Chain(),
    'Drain, frequency of clusters': new Frequency((line) => drain.clusterOf(maskLine(line))),
    'PPM of order 4': new Ppm(),
  };
};
