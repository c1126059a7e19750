/**
 * drain.mjs - finds the templates of log lines as they come.
 * SPDX-License-Identifier: MIT
 */

/**
 * Drain (He, Zhu, Zheng and Lyu 2017, "Drain: an online log parsing approach with fixed depth tree", IEEE ICWS):
 * lines of as many words that begin with the same words share a leaf; in it a line joins the most
 * similar template, whose words that differ become wildcards, or begins a new one.
 */
export class Drain {
  #leaves = new Map();

  /**
   * @param {number} [depth] how many words lead to a leaf
   * @param {number} [similarity] the least share of equal words in equal places
   */
  constructor(depth = 2, similarity = 0.4) {
    this.depth = depth;
    this.similarity = similarity;
  }

  /** The template of a line, the same object for all its lines; it learns from the line. */
  clusterOf(line) {
    const words = line.split(/\s+/).filter(Boolean);
    const leaf = this.#leafOf(words);
    const [cluster, similarity] = mostSimilar(leaf, words);
    if (cluster === undefined || similarity < this.similarity) {
      const made = { words };
      leaf.push(made);
      return made;
    }
    cluster.words = cluster.words.map((word, i) => (word === words[i] ? word : '*'));
    return cluster;
  }

  /** Words with a number in them are one branch. */
  #leafOf(words) {
    const path = words.slice(0, this.depth).map((word) => (/[#\d]/.test(word) ? '*' : word));
    const key = [words.length, ...path].join(' ');
    if (!this.#leaves.has(key)) this.#leaves.set(key, []);
    return this.#leaves.get(key);
  }
}

function mostSimilar(clusters, words) {
  let [best, most] = [undefined, -1];
  for (const cluster of clusters) {
    const equal = cluster.words.reduce((sum, word, i) => sum + (word === words[i] ? 1 : 0), 0);
    const similarity = words.length === 0 ? 1 : equal / words.length;
    if (similarity > most) [best, most] = [cluster, similarity];
  }
  return [best, most];
}
