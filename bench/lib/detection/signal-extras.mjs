/**
 * signal-extras.mjs - what makes scores of any detector of odd values comparable over time: the share of its
 * own past, a rule for values beyond the range so far, and quiet after an alarm.
 * SPDX-License-Identifier: MIT
 */
import { probationOf } from './nab.mjs';
import { countLess } from './sorted.mjs';

const MEAN_OF = 5;
const DECADES = 5;
const BEYOND = 0.05;

/**
 * The mean of five scores, as the share of such means so far that were at least as great: 1 for one in 100,000. Beyond
 * all so far it rises by up to a quarter with the distance. Nothing in the first half of the probation.
 */
export function shareOfPast(scores) {
  const sorted = [];
  const probation = probationOf(scores.length);
  return Array.from(scores, (_, at) => {
    const latest = scores.slice(Math.max(0, at + 1 - MEAN_OF), at + 1);
    const mean = latest.reduce((sum, score) => sum + score, 0) / latest.length;
    const [from, to] = [countLess(sorted, mean), countLess(sorted, mean, true)];
    const atLeast = sorted.length - to + 0.5 * (to - from) + 0.5;
    const odd = -Math.log10(atLeast / (sorted.length + 1)) / DECADES;
    const excess = to === sorted.length ? beyondAll(sorted, mean) : 0;
    sorted.splice(from, 0, mean);
    return at > probation / 2 ? Math.min(1, odd + excess / 4) : 0;
  });
}

/** How far a value is beyond all of a sorted list, beside the distance from their middle to their greatest. */
function beyondAll(sorted, value) {
  if (sorted.length < 2) return 0;
  const [middle, greatest] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return Math.min(1, (value - greatest) / (greatest - middle + 1e-9));
}

/** NAB's rule for spatial anomalies: 1 for a value outside the range so far by more than 5 % of it. */
export function outOfRange(values, scores) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return scores.map((score, at) => {
    const value = values[at];
    const room = (high - low) * BEYOND;
    const outside = high > low && (value > high + room || value < low - room);
    low = Math.min(low, value);
    high = Math.max(high, value);
    return outside ? 1 : score;
  });
}

/** 0 for what comes within a fifth of the probation after a score that was as high. */
export function quietAfter(scores) {
  const reach = Math.max(5, Math.floor(probationOf(scores.length) / 5));
  const highest = []; // places of scores that nothing after them has reached
  return scores.map((score, at) => {
    if (highest.length > 0 && highest[0] < at - reach) highest.shift();
    const quiet = highest.length > 0 && scores[highest[0]] >= score;
    while (highest.length > 0 && scores[highest.at(-1)] <= score) highest.pop();
    highest.push(at);
    return quiet ? 0 : score;
  });
}

/** All three. */
export const withExtras = (values, scores) => quietAfter(outOfRange(values, shareOfPast(scores)));
