/**
 * train-run.ts - the loop of `train`: steps, reports, measurements and checkpoints.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama, Trainer, TrainingStep } from 'bit-ttt';
import type { TrainingInfo } from '../files/checkpoint-file.js';
import { saveCheckpoint } from '../files/checkpoint-file.js';
import type { Result } from '../files/save.js';
import { Failure } from '../screen/failure.js';
import type { Score } from './scoring.js';
import { natsPerToken, scoreDocuments } from './scoring.js';
import type { Sample, TrainReport } from './train-report.js';
import { writeSample } from './train-sample.js';

/** Lines of a whole training. The first few and then every fifth come with a measurement. */
const LINES = 50;
const FIRST = 3; // a short text is soon overfitted: its best weights come early
const FIFTH = 5;
/** Tokens of the held-out text that such a measurement reads; the last one, of the result, reads all. */
const MEASURED_TOKENS = 8192;
const CHECKPOINT_SECONDS = 120;

/** A training that can go on. */
export interface Training {
  trainer: Trainer;
  info: TrainingInfo;
  heldOut: readonly string[];
  checkpoint: Result;
  /** Steps between checkpoints; by time if it is not given. */
  checkpointEvery: number | undefined;
  report: TrainReport;
  /** How samples begin; undefined: none are written. */
  prompt: string | undefined;
  /** Whether a sample says something: not the first time of a model that began with random weights. */
  shows: boolean;
  /** Whether to measure the weights that it begins with: they may be better than what comes of them. */
  measureFirst: boolean;
  /** The weights that did best on what was held out (info.best), or nothing. */
  best: Uint8Array;
  /** Aborted when the training is to stop. */
  stop: AbortSignal;
}

/** Loss of a model on what was held out; undefined if there is nothing, or no time for it. */
export async function measure(
  { heldOut, report, stop }: Training,
  model: BitLlama,
  most = Infinity,
): Promise<Score | undefined> {
  if (heldOut.length === 0 || stop.aborted) return undefined;
  const score = await scoreDocuments(model, heldOut, {
    recall: false, // training makes the model alone better
    onProgress: ({ documents }) =>
      report.doing(() => `measuring: ${documents} document${documents === 1 ? '' : 's'}`),
    most,
    stop,
  });
  return stop.aborted ? undefined : score;
}

/** What is found out about a model during its training. */
interface Found {
  valid: Score;
  sample: Sample | undefined;
}

/** Measures the present model on a part of the held-out text, and keeps its weights if they are the best. */
async function measureNow(training: Training): Promise<Found | undefined> {
  const { trainer, info, prompt, stop } = training;
  const model = trainer.model();
  try {
    const valid = await measure(training, model, MEASURED_TOKENS);
    if (valid === undefined) return undefined;
    const nats = natsPerToken(valid);
    if (info.best === null || nats < info.best.nats) {
      info.best = { step: info.step, nats };
      training.best = trainer.weights();
    }
    const shown = training.shows && prompt !== undefined;
    training.shows = true;
    return { valid, sample: shown ? await writeSample(model, prompt, stop) : undefined };
  } finally {
    model.destroy();
  }
}

/** Saves all that is needed to resume. */
export function writeCheckpoint({ trainer, info, checkpoint, best }: Training): void {
  saveCheckpoint(checkpoint, { info, best, state: trainer.save() });
}

/** The same, but a failure only warns: a full disk may have room the next time. */
function tryCheckpoint(training: Training): void {
  try {
    writeCheckpoint(training);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    training.report.warn(`${error.message}; the training goes on`);
  }
}

/** The sum of losses since the last line. */
interface Sum {
  loss: number;
  count: number;
}

/** Trains to the last step, or until `stop`; returns whether it came to the last step. */
export async function runTraining(training: Training): Promise<boolean> {
  const { trainer, info, report, checkpointEvery, stop } = training;
  const { steps } = info;
  const every = Math.max(1, Math.round(steps / LINES));
  const isMeasured = (line: number): boolean => line <= FIRST || line % FIFTH === 0;
  const before = info.seconds;
  const started = performance.now();
  let kept = started;
  const isDue = (step: number): boolean => {
    if (checkpointEvery !== undefined) return step % checkpointEvery === 0;
    return performance.now() - kept > 1000 * CHECKPOINT_SECONDS;
  };
  const sum: Sum = { loss: 0, count: 0 };
  if (training.measureFirst) await reportStart(training);
  for await (const now of trainer.run({ until: steps })) {
    info.step = now.step;
    info.seconds = before + (performance.now() - started) / 1000;
    sum.loss += now.loss;
    sum.count++;
    if (now.step % every === 0 || now.step === steps) {
      await reportLine(training, now, sum, now.step % every === 0 && isMeasured(now.step / every));
    } else {
      report.live({ ...now, steps, loss: sum.loss / sum.count, valid: undefined });
    }
    if (stop.aborted) break;
    if (isDue(now.step)) {
      tryCheckpoint(training);
      kept = performance.now();
    }
  }
  report.clear();
  return info.step >= steps;
}

/** A line of the report, with a measurement in a `row` of the table, and a point of the curve. */
async function reportLine(
  training: Training,
  now: TrainingStep,
  sum: Sum,
  row: boolean,
): Promise<void> {
  const { info, report } = training;
  const isLast = info.step === info.steps;
  const found = row || isLast ? await measureNow(training) : undefined;
  const valid = found?.valid;
  const loss = sum.loss / sum.count;
  sum.loss = sum.count = 0;
  info.curve.push({
    tokens: now.tokens,
    loss,
    valid: valid === undefined ? null : natsPerToken(valid),
  });
  report.line({ ...now, steps: info.steps, loss, valid, sample: found?.sample }, row || isLast);
}

/** The line of the weights that a training begins with. */
async function reportStart(training: Training): Promise<void> {
  const found = await measureNow(training);
  if (found !== undefined) training.report.start(found.valid, found.sample);
}
