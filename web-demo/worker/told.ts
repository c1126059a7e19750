/**
 * told.ts - the session that is told things: it keeps all of them until it is to forget.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama, Session } from 'bit-ttt';
import { TTTError } from 'bit-ttt';
import type { Source } from '../decode.js';
import { textOf } from '../decode.js';
import type { Calls, Context, HeadMap } from '../protocol.js';
import { headsOf } from './heads.js';
import { loaded } from './model.js';
import { workerTurns } from './turns.js';

/** Points of a learning curve, if the text has so many tokens; a point is the mean of at most 32. */
const POINTS = 64;
const MOST_POINT_TOKENS = 32;
/** Characters of a told text that the page gets back: its end, which is what is still remembered of a long one. */
const KEPT = 200_000;
/** Milliseconds between two copies of the memory (some 400 KB) while a text is read. */
const HEADS_MS = 250;

let session: Session | undefined;

/** The model that is told things and asked: people type everyday English. */
export const listener = (): BitLlama => loaded('english');

export function told(): Session {
  return (session ??= listener().createSession());
}

const headsNow = (): HeadMap[] => headsOf(listener().config, told().save());

/** The tokens of a text, behind the end-of-text token that stands before every text in training. */
export async function tokensOf(text: string, signal: AbortSignal): Promise<Uint32Array> {
  const { tokenizer } = listener();
  const ids = await tokenizer!.encodeAsync(text, { signal });
  const all = new Uint32Array(ids.length + 1);
  all[0] = tokenizer!.endOfText!;
  all.set(ids, 1);
  return all;
}

export async function tell(
  { text, frozen }: { text: Source; frozen: boolean },
  { signal, report }: Context<Calls['tell']['event']>,
): Promise<Calls['tell']['result']> {
  const whole = await textOf(text);
  const ids = await tokensOf(whole, signal);
  const tokens = ids.length - 1;
  const step = Math.min(MOST_POINT_TOKENS, Math.ceil(tokens / POINTS));
  const turns = workerTurns();
  const began = performance.now();
  let shown = began;
  let sum = 0;
  told().freeze(frozen);
  try {
    told().read(ids.subarray(0, 1));
    for (let from = 0; from < tokens; from += step) {
      const to = Math.min(tokens, from + step);
      const { logProbabilities } = told().read(ids.subarray(1 + from, 1 + to));
      const nats = -logProbabilities.reduce((all, x) => all + x, 0);
      sum += nats;
      await turns.rest();
      const now = performance.now();
      const show = now - shown > HEADS_MS || to === tokens;
      if (show) shown = now;
      report({ tokens: to, of: tokens, nats: nats / (to - from), heads: show ? headsNow() : [] });
      if (signal.aborted) throw new TTTError('ABORTED', 'Stopped; what was read stays read.');
    }
  } finally {
    told().freeze(false);
  }
  const seconds = (performance.now() - began) / 1000;
  const nats = sum / Math.max(1, tokens);
  return { tokens, nats, seconds, size: told().stateSize, end: whole.slice(-KEPT) };
}

export async function heads(): Promise<HeadMap[]> {
  return headsNow();
}

export async function forget(): Promise<HeadMap[]> {
  told().reset();
  return headsNow();
}

export async function save(): Promise<Calls['save']['result']> {
  return told().save();
}

export async function restore({ bytes }: { bytes: Uint8Array }): Promise<HeadMap[]> {
  told().restore(bytes);
  return headsNow();
}
