/**
 * train.ts - the command that makes a model of a text.
 * SPDX-License-Identifier: MIT
 */

import { existsSync, rmSync } from 'node:fs';
import type { TrainingOptions } from 'bit-ttt';
import { BitLlama, Tokenizer, Trainer } from 'bit-ttt';
import { FINAL_RATE_SHARE } from '../../common/limits.js';
import { makeTokenizer } from '../../corpus/corpus.js';
import { drawLoss } from '../charts/loss-chart.js';
import type { Checkpoint, TrainingInfo } from '../files/checkpoint-file.js';
import { loadCheckpoint } from '../files/checkpoint-file.js';
import { fingerprintOf, loadTokenizer } from '../files/model.js';
import type { Result } from '../files/save.js';
import { saveFile } from '../files/save.js';
import { sha256 } from '../files/sha256.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, UsageError } from '../screen/failure.js';
import { Interrupt } from '../screen/interrupt.js';
import { goOnWithoutReader } from '../screen/output.js';
import { grouped, outputPalette, shellWord, visible } from '../screen/terminal.js';
import { readSplit, tokensOf, vocabFor } from './train-data.js';
import type { Length, Recipe, Shape, TrainRequest } from './train-options.js';
import {
  checkResults,
  LEAST_STEPS,
  readTrainRequest,
  TRAIN_HELP,
  TRAIN_OPTIONS,
} from './train-options.js';
import { TrainReport } from './train-report.js';
import type { Training } from './train-run.js';
import { measure, runTraining, writeCheckpoint } from './train-run.js';

/** With --minutes, the share of the time for steps; the rest is for measuring and saving. */
const STEPS_SHARE = 0.95;
const PROBE_STEPS = 3;
const WARMUP_SHARE = 0.05;

function configOf(shape: Shape, tokenizer: Tokenizer): Shape & { vocabSize: number } {
  return { ...shape, vocabSize: 16 * Math.ceil(tokenizer.vocabSize / 16) };
}

/** Steps of a training, and in how many of them the rate rises. */
type Schedule = Pick<TrainingInfo, 'steps' | 'warmup'>;
type Create = (schedule: Schedule) => Promise<Trainer>;

function optionsOf(
  { seed, holdOut: _held, lossy: _lossy, ...rest }: Recipe,
  schedule: Schedule,
  threads: number,
): Partial<TrainingOptions> {
  const finalLearningRate = FINAL_RATE_SHARE * rest.learningRate;
  return { ...rest, ...schedule, seed: BigInt(seed), finalLearningRate, threads };
}

/** Steps that fit into `minutes` on this machine, estimated from the fastest of PROBE_STEPS. */
async function stepsWithin(minutes: number, create: Create): Promise<number> {
  const trainer = await create({ steps: PROBE_STEPS, warmup: 0 });
  try {
    let last = performance.now();
    let fastest = Infinity;
    for await (const _ of trainer.run({ until: PROBE_STEPS })) {
      const now = performance.now();
      fastest = Math.min(fastest, now - last);
      last = now;
    }
    return Math.max(1, Math.floor((STEPS_SHARE * 60_000 * minutes) / fastest));
  } finally {
    trainer.destroy();
  }
}

/** A trainer at the beginning, or where a checkpoint was kept. */
async function prepare(
  request: TrainRequest,
  report: TrainReport,
  stop: AbortSignal,
): Promise<Training> {
  const { file, valid, threads, checkpoint, checkpointEvery } = request;
  const kept = request.resume ? await loadCheckpoint(checkpoint.path) : undefined;
  const { recipe, shape } = kept?.info ?? request;
  const { training, heldOut } = await readSplit(file, valid, recipe.holdOut, recipe.lossy);
  const tokenizer = await findTokenizer(request, kept, training, report);
  const tokens = await tokensOf(tokenizer, training, recipe.context + 1);
  const config = configOf(shape, tokenizer);
  const create: Create = (schedule) =>
    Trainer.create({
      tokens,
      tokenizer,
      config,
      training: optionsOf(recipe, schedule, threads),
      ...(kept === undefined ? {} : { checkpoint: kept.state }),
    });
  const perStep = recipe.batch * recipe.context * recipe.accumulate;
  const epochs = Math.ceil((request.length.epochs * tokens.length) / perStep);
  const usual = Math.max(LEAST_STEPS, epochs);
  const schedule = await scheduleOf(request.length, usual, kept?.info, create, report);
  const trainer = await create(schedule).catch((error: unknown) => {
    throw kept === undefined ? error : asFailure('resume from', checkpoint.path, error);
  });
  const info = infoOf(request, kept?.info, schedule, tokenizer, heldOut);
  report.say(
    `${grouped(tokens.length)} tokens of ${grouped(training.length)} document` +
      `${training.length === 1 ? '' : 's'}, ${grouped(config.vocabSize)} in the vocabulary; ` +
      `${grouped(schedule.steps)} steps of ${grouped(perStep)} tokens`,
  );
  const best = (info.best === null ? undefined : kept?.best) ?? new Uint8Array();
  return { trainer, info, heldOut, checkpoint, checkpointEvery, report, best, stop };
}

/** The schedule: what was asked for, what a checkpoint holds, or `usual` steps. */
async function scheduleOf(
  length: Length,
  usual: number,
  kept: TrainingInfo | undefined,
  create: Create,
  report: TrainReport,
): Promise<Schedule> {
  let steps = length.steps ?? kept?.steps;
  if (steps === undefined && length.minutes !== undefined) {
    report.doing(() => 'measuring the speed');
    steps = await stepsWithin(length.minutes, create);
  }
  steps ??= usual;
  const warmup = kept?.warmup ?? length.warmup ?? Math.ceil(WARMUP_SHARE * steps);
  checkLength(steps, warmup, kept);
  return { steps, warmup };
}

/** What is known of a training that begins, or goes on. */
function infoOf(
  { shape, recipe }: TrainRequest,
  kept: TrainingInfo | undefined,
  schedule: Schedule,
  tokenizer: Tokenizer,
  documents: readonly string[],
): TrainingInfo {
  const heldOut = sha256(JSON.stringify(documents));
  if (kept !== undefined) {
    // What did best on another text says nothing about this one.
    const best = kept.heldOut === heldOut ? kept.best : null;
    return { ...kept, steps: schedule.steps, heldOut, best };
  }
  return {
    shape,
    recipe,
    ...schedule,
    step: 0,
    seconds: 0,
    curve: [],
    tokenizer: tokenizer.toJSON(),
    heldOut,
    best: null,
  };
}

/** Refuses a schedule that is shorter than its warm-up, or than what is done of it. */
function checkLength(steps: number, warmup: number, kept: TrainingInfo | undefined): void {
  if (kept !== undefined && steps <= kept.step && steps !== kept.steps) {
    throw new UsageError(`--steps must be above the ${grouped(kept.step)} that are done`);
  }
  if (warmup <= steps) return;
  if (kept === undefined) throw new UsageError(`--warmup must be at most the ${steps} steps`);
  throw new UsageError(`--steps must be at least the ${grouped(warmup)} of the warm-up`);
}

async function findTokenizer(
  request: TrainRequest,
  kept: Checkpoint | undefined,
  documents: readonly string[],
  report: TrainReport,
): Promise<Tokenizer> {
  if (kept !== undefined) return Tokenizer.from(JSON.stringify(kept.info.tokenizer));
  if (request.tokenizer !== undefined) return await loadTokenizer(request.tokenizer);
  return makeTokenizer(documents, vocabFor(documents, request.vocab), (at) => {
    report.doing(() =>
      at.phase === 'count' ? 'counting words' : `tokenizer: ${at.tokens} of ${at.target} tokens`,
    );
  });
}

/** The subtitle of the chart. */
function subtitle({ shape, recipe, step }: TrainingInfo): string {
  const { hiddenDim, numLayers, mixers } = shape;
  const memory = [...new Set(mixers)].join(', ');
  const windows = `${recipe.batch} windows of ${recipe.context} tokens`;
  return `${memory}, ${numLayers} layers, width ${hiddenDim}; ${grouped(step)} steps of ${windows}`;
}

/** The model of the last step, or of an earlier one that did better on what was held out. */
async function chosen({ trainer, info, best }: Training): Promise<[BitLlama, Uint8Array]> {
  if (info.best === null || info.best.step === info.step) {
    return [trainer.model(), trainer.weights()];
  }
  return [await BitLlama.load(best), best];
}

/** Writes the model, its chart, and what else was asked for. */
async function finish(training: Training, request: TrainRequest): Promise<void> {
  const { info, report, checkpoint } = training;
  const { out, chart } = request;
  const last = info.curve.at(-1);
  const [model, weights] = await chosen(training);
  const valid = await measure(training, model);
  const bytes = model.pack();
  const fingerprint = fingerprintOf(model);
  const { parameters } = model;
  model.destroy();
  const outputs = new Map<Result, Uint8Array | string>([[out, bytes]]);
  if (request.weights !== undefined) outputs.set(request.weights, weights);
  if (last !== undefined) outputs.set(chart, drawLoss(info.curve, subtitle(info)));
  const files = [...outputs.keys()].map(({ path }) => path);
  try {
    for (const [file, contents] of outputs) saveFile(file, [contents]);
  } catch (error) {
    writeCheckpoint(training); // a full disk elsewhere must not lose what was learnt
    throw error;
  }
  if (request.keepCheckpoint) writeCheckpoint(training);
  else rmSync(checkpoint.path, { force: true });
  report.done({
    out: out.path,
    bytes: bytes.length,
    files,
    parameters,
    fingerprint,
    step: info.step,
    best: info.best?.step ?? info.step,
    tokens: last?.tokens ?? 0,
    seconds: info.seconds,
    valid,
  });
}

/** The command line that resumes the training. */
function resumeCommand({ file, out, checkpoint, keepCheckpoint, valid }: TrainRequest): string {
  const named = keepCheckpoint ? ` --checkpoint ${shellWord(checkpoint.path)}` : '';
  const held = valid === undefined ? '' : ` --valid ${shellWord(valid)}`;
  return `bit-ttt train ${shellWord(file)} --resume --out ${shellWord(out.path)}${named}${held}`;
}

/** Warns if a checkpoint is there that will be replaced. */
function warnOfCheckpoint({ checkpoint, resume }: TrainRequest): void {
  if (!existsSync(checkpoint.path) || resume) return;
  process.stderr.write(
    `bit-ttt: starting over; ${visible(checkpoint.path)} will be replaced ` +
      '(--resume would go on from it)\n',
  );
}

/** Trains to the end, or stops and writes the checkpoint. */
async function trainOrStop(
  request: TrainRequest,
  report: TrainReport,
  interrupt: Interrupt,
): Promise<void> {
  let training: Training | undefined;
  try {
    training = await prepare(request, report, interrupt.signal);
    interrupt.begin('interrupted; steps since the last checkpoint are lost');
    const done = await runTraining(training);
    if (done) {
      await finish(training, request);
      interrupt.check(() => 'interrupted after the last step; the model was saved');
      return;
    }
    writeCheckpoint(training);
    const { step, steps } = training.info;
    report.clear();
    interrupt.check(
      () => `interrupted after step ${step} of ${steps}; to go on: ${resumeCommand(request)}`,
    );
  } catch (error) {
    report.clear();
    throw asFailure('train on', request.file, error);
  } finally {
    training?.trainer.destroy();
  }
}

/** `bit-ttt train`. */
export const train: Command = { options: TRAIN_OPTIONS, help: TRAIN_HELP, run };

async function run(line: CommandLine): Promise<void> {
  const request = readTrainRequest(line);
  checkResults(request);
  goOnWithoutReader();
  warnOfCheckpoint(request);
  const report = new TrainReport(request.json, outputPalette(line.flags));
  const early = 'interrupted before the first step; nothing was changed';
  const interrupt = new Interrupt(() => report.clear(), early);
  try {
    await engineInUse();
    await trainOrStop(request, report, interrupt);
  } finally {
    interrupt.end();
  }
}
