/**
 * reading.mjs - what a text costs a session of the language model that reads it: bits at each byte,
 * passages that are read twice, facts that were told once.
 * SPDX-License-Identifier: MIT
 */

import { encodeDocuments, splitDocuments } from '../../dist/index.mjs';

/** How a session is made: the model alone, and with its recall, as usual. */
export const WAYS = [
  { name: 'bit-ttt, model alone', options: { recall: false } },
  { name: 'bit-ttt, with recall', options: {} },
];

const utf8 = new TextEncoder();

/** Bits of all tokens that were read, as `bit-ttt eval` counts them. */
const bitsOf = (logProbabilities) =>
  logProbabilities.reduce((bits, logP) => bits - logP / Math.LN2, 0);

/**
 * Reads one document with an empty memory, between two end-of-text tokens, of which the last counts.
 * @returns {Promise<{bits: number, bytes: number, at: (x: number) => number}>} at: bits a byte of the text
 *   up to the token that reaches byte x
 */
export async function readDocument(session, text) {
  session.reset();
  const seen = (await session.observe(text)).slice(1); // the token before the text is not counted
  const curve = [];
  let [bits, bytes] = [0, 0];
  for (const { logProbability, text: piece } of seen) {
    bits -= logProbability / Math.LN2;
    bytes += utf8.encode(piece).length;
    curve.push({ bits, bytes });
  }
  const { endOfText } = session.model.tokenizer;
  bits += bitsOf(session.read([endOfText]).logProbabilities);
  const at = (x) => {
    const found = curve.find((one) => one.bytes >= x) ?? { bits, bytes };
    return x < bytes ? found.bits / found.bytes : bits / bytes;
  };
  return { bits, bytes, at };
}

/** Starts of passages of `length` tokens, evenly spaced over `total`. */
function evenStarts(total, length, count) {
  const most = Math.min(count, Math.floor(total / length));
  return Array.from({ length: most }, (_, i) =>
    most === 1 ? 0 : Math.floor((i * (total - length)) / (most - 1)),
  );
}

/**
 * Passages of a text, each read twice in one session with an empty memory: nats a token of both readings.
 * The same figures as those of `bit-ttt adapt`.
 */
export async function readTwice(session, text, { length = 128, count = 24 } = {}) {
  const { tokenizer } = session.model;
  const { endOfText } = tokenizer;
  const ids = (await encodeDocuments(splitDocuments(text), tokenizer)).subarray(1);
  const starts = evenStarts(ids.length, length, count);
  const sums = [0, 0];
  for (const start of starts) {
    const passage = ids.subarray(start, start + length);
    session.reset();
    session.read([endOfText]);
    for (const time of [0, 1])
      sums[time] += bitsOf(session.read(passage).logProbabilities) * Math.LN2;
  }
  const [first, second] = sums.map((sum) => sum / (starts.length * length));
  return { first, second };
}
