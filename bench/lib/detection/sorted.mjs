/**
 * sorted.mjs - places in sorted lists.
 * SPDX-License-Identifier: MIT
 */

/** How many elements of a sorted list are less than a value or, with `orEqual`, not greater. */
export function countLess(sorted, value, orEqual = false) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether each score is above what all but the share `rate` of those before it reach. */
export function aboveQuantile(scores, rate) {
  const sorted = [];
  return scores.map((score) => {
    const above = sorted.length > 0 && score > sorted[Math.floor((1 - rate) * sorted.length)];
    sorted.splice(countLess(sorted, score), 0, score);
    return above;
  });
}
