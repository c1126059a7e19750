// signals.mjs - signals for tests of what finds odd values, the same on every machine.
// SPDX-License-Identifier: MIT

/** A source of numbers from 0 to below 1. */
export function uniform(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** A source of noise of mean 0 and deviation 1. */
export function noise(seed = 7) {
  const next = uniform(seed);
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += next();
    return sum;
  };
}

/** Kinds of signals: for each a function that makes one, which gives the value at a place. */
export const KINDS = {
  noise: () => noise(),
  'a wave in noise':
    (g = noise()) =>
    (i) =>
      Math.sin(i / 20) + 0.1 * g(),
  'a random walk':
    (g = noise(), at = 0) =>
    () =>
      (at += g()),
  'a trend':
    (g = noise()) =>
    (i) =>
      0.01 * i + g(),
  'growing noise':
    (g = noise()) =>
    (i) =>
      (1 + i / 500) * g(),
  spikes:
    (g = noise(), u = uniform(5)) =>
    () =>
      (u() < 0.002 ? 50 : 0) + g(),
  'heavy tails':
    (g = noise(), h = noise(3)) =>
    () =>
      g() / (Math.abs(h()) + 0.01),
  'steps of level':
    (g = noise()) =>
    (i) =>
      20 * Math.floor(i / 700) + g(),
  'weeks and days':
    (g = noise()) =>
    (i) =>
      (Math.floor(i / 288) % 7 < 5 ? 3 : 1) * (1 - Math.cos(i / 45.84)) + 0.2 * g(),
  'a few whole numbers':
    (u = uniform(5)) =>
    () =>
      Math.floor(3 * u()),
  'rare ones':
    (u = uniform(5)) =>
    () =>
      u() < 0.01 ? 1 : 0,
  bursts:
    (g = noise()) =>
    (i) =>
      (Math.floor(i / 50) % 40 === 7 ? 5 : 1) * g(),
};

/** Readings of a detector for a signal, which is a function of the place. */
export function readAll(detector, length, signal, timeAt = () => undefined) {
  return Array.from({ length }, (_, i) => detector.read(signal(i), timeAt(i)));
}

/** The time of a row of a table: every five minutes from a Monday on. */
export function timeAt(i) {
  const date = new Date(Date.UTC(2026, 0, 5) + 300000 * i);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

/** A table of daily waves: columns by their names, each with the row in which it is 60 (from 0). */
export function table(rows, columns) {
  const names = Object.keys(columns);
  const noises = names.map((_, k) => noise(7 + k));
  const lines = [`time,${names.join(',')}`];
  for (let i = 0; i < rows; i++) {
    const cells = names.map((name, k) => {
      const usual = 20 - 10 * Math.cos(i / 45.84) + 0.5 * noises[k]();
      return (columns[name] === i ? 60.5 : usual).toFixed(2);
    });
    lines.push(`${timeAt(i)},${cells.join(',')}`);
  }
  return `${lines.join('\n')}\n`;
}
