/**
 * metrics.mjs - how well scores put what is labelled before what is not.
 * SPDX-License-Identifier: MIT
 */

/**
 * Area under the ROC curve, and average precision. Equal scores count as half right in the area; in the average
 * precision all of them are found at once, with the precision after the last.
 * @param {ArrayLike<number>} scores
 * @param {ArrayLike<number | boolean>} labels whether each is what is looked for
 * @returns {{auc: number, ap: number}} NaN where nothing, or everything, is labelled
 */
export function rankMetrics(scores, labels) {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const wanted = order.reduce((sum, i) => sum + Number(labels[i]), 0);
  let [hits, misses, area, precision] = [0, 0, 0, 0];
  for (let from = 0; from < order.length; ) {
    let [to, found] = [from, 0];
    for (; to < order.length && scores[order[to]] === scores[order[from]]; to++)
      found += Number(labels[order[to]]);
    const others = to - from - found;
    area += others * (hits + found / 2);
    hits += found;
    misses += others;
    precision += (found / wanted) * (hits / to);
    from = to;
  }
  return { auc: area / (wanted * misses), ap: misses === 0 ? Number.NaN : precision };
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
