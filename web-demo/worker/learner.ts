/**
 * learner.ts - the small memory of the drawing: a layer that reads words, each as numbers of its own.
 * SPDX-License-Identifier: MIT
 */
import { TTT } from 'bit-ttt';
import type { Calls } from '../protocol.js';
import { ENGINE } from './engine.js';

/** Numbers of a word; the memory has a quarter as many rows and columns. */
const WIDTH = 128;
/** At this rate of learning a word is hardly new the second time. */
const RATE = 0.5;

let made: Promise<TTT> | undefined;

function layer(): Promise<TTT> {
  const options = { hiddenDim: WIDTH, objective: 'reconstruct', innerLr: RATE } as const;
  return (made ??= TTT.create({ ...ENGINE, ...options }));
}

/** A word as numbers, each -1 or 1 by chance, the same ones each time (FNV-1a, then xorshift). */
function numbersOf(word: string): Float32Array {
  let state = 2166136261;
  for (const character of word) state = Math.imul(state ^ character.codePointAt(0)!, 16777619);
  return Float32Array.from({ length: WIDTH }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 1 ? 1 : -1;
  });
}

export async function learn({
  words,
  fresh,
}: Calls['learn']['params']): Promise<Calls['learn']['result']> {
  const reader = await layer();
  if (fresh) reader.reset();
  const news = words.map((word) => reader.observe(numbersOf(word.toLowerCase())).surprise[0]!);
  const size = reader.memoryDim;
  const weights = reader.getWeights().down.slice(0, size * size);
  return { news, memory: reader.getMemory(), weights, size };
}
