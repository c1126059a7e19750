/**
 * ngram.mjs - what comes next, from counts of what came after the same before.
 * SPDX-License-Identifier: MIT
 */

/**
 * Counts with the back-off of Witten and Bell (1991, IEEE Transactions on Information Theory 37, method C): a
 * context gives to what it has not seen as much as it has seen different symbols, and spreads that as
 * the next shorter context does. The shortest falls back on equal chances for `alphabet` symbols.
 */
export class WittenBell {
  #counts = new Map();

  /** @param {number} alphabet how many symbols there may be */
  constructor(alphabet) {
    this.alphabet = alphabet;
  }

  /** @param {string[]} contexts from the empty one to the longest */
  bits(contexts, symbol) {
    let probability = 1 / this.alphabet;
    for (const context of contexts) {
      const seen = this.#counts.get(context);
      if (seen === undefined) break;
      const { symbols, total } = seen;
      const unseen = symbols.size * probability;
      probability = ((symbols.get(symbol) ?? 0) + unseen) / (total + symbols.size);
    }
    return -Math.log2(probability);
  }

  learn(contexts, symbol) {
    for (const context of contexts) {
      let seen = this.#counts.get(context);
      if (seen === undefined) this.#counts.set(context, (seen = { symbols: new Map(), total: 0 }));
      seen.symbols.set(symbol, (seen.symbols.get(symbol) ?? 0) + 1);
      seen.total++;
    }
  }
}
