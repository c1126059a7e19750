/**
 * train.ts - a small model of a text, by the rules of `bit-ttt train`.
 * SPDX-License-Identifier: MIT
 */
import type { Tokenizer } from 'bit-ttt';
import { type BitLlama, encodeDocuments, splitDocuments, Trainer, TTTError } from 'bit-ttt';

import { holdOut, makeTokenizer, usualVocab } from '../../ts/corpus/corpus.js';
import { textOf } from '../decode.js';
import type { Calls, Context, TrainParams } from '../protocol.js';
import { ENGINE } from './engine.js';

type Report = Context<Calls['train']['event']>['report'];

const WINDOW = 128;
const BATCH = 8;
/** Measurements of what is held out, and percent of the text that is. */
const MEASURED = 12;
const HELD_OUT = 5;

/** What was trained last, to write with. */
let last: BitLlama | undefined;

/** Reads what is held out, in nats a token; undefined if there is nothing. */
async function measure(trainer: Trainer, heldOut: string): Promise<number | undefined> {
  if (heldOut === '') return undefined;
  const { natsPerToken } = await trainer.evaluate(heldOut);
  return Number.isFinite(natsPerToken) ? natsPerToken : undefined;
}

async function steps(
  trainer: Trainer,
  heldOut: string,
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  const every = Math.max(1, Math.floor(trainer.steps / MEASURED));
  for await (const { step, loss, tokensPerSecond, secondsLeft } of trainer.run()) {
    const measured = step % every === 0 || step === trainer.steps;
    const nats = measured ? await measure(trainer, heldOut) : undefined;
    const speed = { tokensPerSecond, secondsLeft };
    const held = nats === undefined ? {} : { heldOut: nats };
    report({ phase: 'steps', step, steps: trainer.steps, loss, ...speed, ...held });
    if (signal.aborted) return;
  }
}

async function makeTrainer(params: TrainParams, documents: string[], words: Tokenizer) {
  const { hiddenDim, numLayers, seed } = params;
  const tokens = await encodeDocuments(documents, words);
  if (tokens.length <= WINDOW) {
    const size = `This text has ${tokens.length} tokens, and training takes more than ${WINDOW}`;
    throw new TTTError('INVALID_DATA', `${size}: a hundred words. A few thousand are good.`);
  }
  return Trainer.create({
    ...ENGINE,
    tokens,
    tokenizer: words,
    config: { hiddenDim, numLayers },
    training: { steps: params.steps, batch: BATCH, context: WINDOW, seed },
  });
}

export async function train(
  params: TrainParams,
  { signal, report }: Context<Calls['train']['event']>,
): Promise<Calls['train']['result']> {
  const text = await textOf(params.text);
  const documents = splitDocuments(text);
  if (documents.length === 0) throw new TTTError('INVALID_DATA', 'There is no text to train on.');
  const { training, heldOut } = holdOut(documents, HELD_OUT);
  const bytes = new TextEncoder().encode(text).length;
  report({ phase: 'words', step: 0, steps: params.steps });
  const words = await makeTokenizer(
    () => training,
    usualVocab(bytes),
    () => {},
  );
  const trainer = await makeTrainer(params, training, words);
  try {
    if (!signal.aborted) await steps(trainer, heldOut.join('\n<|endoftext|>\n'), signal, report);
    last?.destroy();
    last = trainer.model();
    const { parameters } = last;
    return { file: last.pack(), step: trainer.stepsDone, parameters };
  } finally {
    trainer.destroy();
  }
}

/** Lets the model that was trained last write. */
export async function sample(
  { maxTokens, seed }: { maxTokens: number; seed: number },
  { signal, report }: Context<string>,
): Promise<null> {
  if (!last) throw new TTTError('MODEL_UNAVAILABLE', 'There is no trained model yet.');
  const session = last.createSession();
  try {
    for await (const piece of session.generate('', { maxTokens, seed, signal })) report(piece);
    return null;
  } finally {
    session.destroy();
  }
}
