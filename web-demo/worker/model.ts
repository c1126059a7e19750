/**
 * model.ts - the shipped model in a worker: a fresh session for each story, and one that is taught.
 * SPDX-License-Identifier: MIT
 */
import type { Session } from 'bit-ttt';
import { BitLlama, conformanceHash, getInfo, llamaConformanceHash, TTTError } from 'bit-ttt';
import { hex64 } from '../../ts/common/hex.js';
import type { Source } from '../decode.js';
import { textOf } from '../decode.js';
import type { Calls, Context, HeadMap, ModelInfo, Token, WriteParams } from '../protocol.js';
import { headsOf } from './heads.js';
import { workerTurns } from './turns.js';

const ALTERNATIVES = 5;
/** Tokens of a text whose mean loss is one point of the plot. */
const POINT_TOKENS = 32;

let model: BitLlama | undefined;
let taught: Session | undefined;

function loaded(): BitLlama {
  if (model) return model;
  throw new TTTError('MODEL_UNAVAILABLE', 'the model is not loaded yet');
}

function taughtSession(): Session {
  return (taught ??= loaded().createSession());
}

export async function about(): Promise<Calls['about']['result']> {
  const { version, backend, kernel, fallback } = await getInfo();
  const [layerHash, modelHash] = [await conformanceHash(), await llamaConformanceHash()];
  return { version, backend, kernel, fallback: fallback ?? null, layerHash, modelHash };
}

export async function open({ url }: { url: string }): Promise<ModelInfo> {
  model ??= await BitLlama.load(url);
  return {
    parameters: model.parameters,
    fingerprint: hex64(model.fingerprint),
    layers: model.config.numLayers,
    stateSize: taughtSession().stateSize,
  };
}

/** The likeliest tokens, and the probability of one, of the softmax of logits. */
function likeliest(logits: Float32Array, token: number): Omit<Token, 'surprise' | 'text'> {
  const { tokenizer } = loaded();
  let largest = -Infinity;
  for (const x of logits) largest = Math.max(largest, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - largest);
  const probabilityOf = (id: number): number => Math.exp(logits[id]! - largest) / sum;
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    if (best.length === ALTERNATIVES && logits[id]! <= logits[best.at(-1)!]!) continue;
    const at = best.findIndex((other) => logits[other]! < logits[id]!);
    best.splice(at < 0 ? best.length : at, 0, id);
    best.length = Math.min(best.length, ALTERNATIVES);
  }
  const alternatives = best.map((id) => ({
    text: id === tokenizer!.endOfText ? null : tokenizer!.decode([id]),
    probability: probabilityOf(id),
  }));
  return { probability: probabilityOf(token), alternatives };
}

/** Draws tokens and reads them, one by one; returns whether the model ended the text. */
async function* story(session: Session, params: WriteParams): AsyncGenerator<Token, boolean> {
  const { tokenizer } = loaded();
  const decoder = tokenizer!.createDecoder();
  const draw = { temperature: params.temperature, seed: params.seed };
  for (let i = 0; i < params.maxTokens; i++) {
    const logits = session.logits();
    const token = session.draw(draw);
    if (token === tokenizer!.endOfText) return true;
    const { surprise } = session.read([token]);
    yield { text: decoder.push(token), ...likeliest(logits, token), surprise: surprise[0]! };
  }
  return false;
}

/** Reads the prompt; without one, a fresh session reads the end-of-text token. */
async function prepare(session: Session, prompt: string, signal: AbortSignal): Promise<void> {
  if (prompt !== '') await session.observe(prompt, { signal });
  else if (session.tokensSeen === 0) session.read([loaded().tokenizer!.endOfText!]);
}

export async function write(
  params: WriteParams,
  { signal, report }: Context<Calls['write']['event']>,
): Promise<Calls['write']['result']> {
  // A fork writes: the taught session must not learn what is written.
  const session = params.with === 'taught' ? taughtSession().fork() : loaded().createSession();
  const turns = workerTurns();
  try {
    await prepare(session, params.prompt, signal);
    const words = story(session, params);
    let pending: Token[] = [];
    let tokens = 0;
    let busy = 0;
    const rate = (): number => (busy > 0 ? (1000 * tokens) / busy : 0);
    const flush = (): void => {
      if (pending.length > 0) report({ tokens: pending, tokensPerSecond: rate() });
      pending = [];
    };
    for (;;) {
      const began = performance.now();
      const next = await words.next();
      busy += performance.now() - began;
      if (next.done === true) {
        flush();
        return { reason: next.value ? 'stop' : 'length', tokens, tokensPerSecond: rate() };
      }
      tokens++;
      pending.push(next.value);
      if (await turns.rest()) flush();
      if (signal.aborted) {
        flush();
        throw new TTTError('ABORTED', 'Stopped.');
      }
    }
  } finally {
    session.destroy();
  }
}

const headsNow = (): HeadMap[] => headsOf(loaded().config, taughtSession().save());

/** Milliseconds between two copies of the memory (of the shipped model 400 KB) while a text is read. */
const HEADS_MS = 250;

export async function read(
  { text, frozen }: { text: Source; frozen: boolean },
  { signal, report }: Context<Calls['read']['event']>,
): Promise<Calls['read']['result']> {
  const session = taughtSession();
  const ids = await loaded().tokenizer!.encodeAsync(await textOf(text), { signal });
  const turns = workerTurns();
  const began = performance.now();
  let shown = began;
  let sum = 0;
  session.freeze(frozen);
  try {
    for (let from = 0; from < ids.length; from += POINT_TOKENS) {
      const slice = ids.subarray(from, from + POINT_TOKENS);
      const { logProbabilities } = session.read(slice);
      const nats = -logProbabilities.reduce((all, x) => all + x, 0);
      sum += nats;
      await turns.rest();
      const now = performance.now();
      const show = now - shown > HEADS_MS || from + POINT_TOKENS >= ids.length;
      if (show) shown = now;
      const heads = show ? headsNow() : [];
      const tokens = from + slice.length;
      report({ tokens, of: ids.length, nats: nats / slice.length, heads });
      if (signal.aborted) throw new TTTError('ABORTED', 'Stopped; what was read stays read.');
    }
  } finally {
    session.freeze(false);
  }
  const seconds = (performance.now() - began) / 1000;
  return { tokens: ids.length, nats: sum / Math.max(1, ids.length), seconds };
}

export async function heads(): Promise<HeadMap[]> {
  return headsNow();
}

export async function forget(): Promise<HeadMap[]> {
  taughtSession().reset();
  return headsNow();
}

export async function save(): Promise<Calls['save']['result']> {
  return taughtSession().save();
}

export async function restore({ bytes }: { bytes: Uint8Array }): Promise<HeadMap[]> {
  taughtSession().restore(bytes);
  return headsNow();
}
