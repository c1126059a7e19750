/**
 * train-prepare.ts - all that comes before the first step: the text, the tokenizer, the tokens, the schedule,
 * the trainer.
 * SPDX-License-Identifier: MIT
 */
import type { TrainingOptions } from 'bit-ttt';
import { Trainer } from 'bit-ttt';
import { FINAL_RATE_SHARE } from '../../common/limits.js';
import type { Checkpoint, TrainingInfo } from '../files/checkpoint-file.js';
import { loadCheckpoint } from '../files/checkpoint-file.js';
import { sha256 } from '../files/sha256.js';
import { asFailure } from '../screen/failure.js';
import { grouped } from '../screen/terminal.js';
import { TrainingText } from './train-data.js';
import { LEAST_STEPS } from './train-help.js';
import type { Recipe, TrainRequest } from './train-options.js';
import type { Create, Schedule } from './train-plan.js';
import { scheduleOf, secondsFor, secondsOfStep } from './train-plan.js';
import type { TrainReport } from './train-report.js';
import type { Training } from './train-run.js';
import { promptOf } from './train-sample.js';
import type { Start } from './train-start.js';
import { configOf, loadStart, plainStart, tellStart } from './train-start.js';

function optionsOf(
  { seed, holdOut: _held, lossy: _lossy, ...rest }: Recipe,
  schedule: Schedule,
  threads: number,
): Partial<TrainingOptions> {
  const finalLearningRate = FINAL_RATE_SHARE * rest.learningRate;
  return { ...rest, ...schedule, seed: BigInt(seed), finalLearningRate, threads };
}

/** A trainer at the beginning, or where a checkpoint was kept. */
export async function prepare(
  request: TrainRequest,
  report: TrainReport,
  stop: AbortSignal,
): Promise<Training> {
  const { files, valid, checkpoint } = request;
  const kept = request.resume ? await loadCheckpoint(checkpoint.path) : undefined;
  const { holdOut, lossy } = (kept?.info ?? request).recipe;
  // Before the text is read, so that what cannot be is refused at once.
  const begin = request.from === undefined ? undefined : await loadStart(request);
  try {
    const reading = { command: 'train', lossy };
    const text = await TrainingText.read(files, valid, holdOut, reading, report);
    const start = begin ?? (await plainStart(request, kept, text));
    return await trainingOf(request, kept, text, start, report, stop);
  } finally {
    begin?.from?.destroy();
  }
}

async function trainingOf(
  request: TrainRequest,
  kept: Checkpoint | undefined,
  text: TrainingText,
  start: Start,
  report: TrainReport,
  stop: AbortSignal,
): Promise<Training> {
  const { threads, checkpoint, checkpointEvery } = request;
  const { recipe } = kept?.info ?? request;
  const { tokenizer, from } = start;
  const tokens = await text.tokens(tokenizer, recipe.context + 1);
  const config = configOf(start.shape, tokenizer);
  const create: Create = (schedule, isKept) =>
    Trainer.create({
      tokens,
      tokenizer,
      config,
      training: optionsOf(recipe, schedule, threads),
      ...(from === undefined ? {} : { from }),
      ...(isKept && kept !== undefined ? { checkpoint: kept.state } : {}),
    });
  const perStep = recipe.batch * recipe.context * recipe.accumulate;
  const epochs = Math.ceil((request.length.epochs * tokens.length) / perStep);
  let each: number | undefined;
  const secondsEach = async (steps = Infinity): Promise<number> => {
    report.doing(() => 'measuring the speed');
    each ??= await secondsOfStep(create, steps);
    return each;
  };
  const usual = Math.max(LEAST_STEPS, epochs);
  const schedule = await scheduleOf(request.length, usual, kept?.info, secondsEach);
  const info = infoOf(request, start, kept?.info, schedule, text.heldOut);
  tellStart(start, request.from, report);
  report.say(
    `${grouped(tokens.length)} tokens of ${grouped(text.documents)} document` +
      `${text.documents === 1 ? '' : 's'}, ${grouped(config.vocabSize)} in the vocabulary; ` +
      `${grouped(schedule.steps)} steps of ${grouped(perStep)} tokens`,
  );
  if (kept !== undefined) report.say(`going on from step ${grouped(info.step)}`);
  const stepsLeft = Math.max(0, schedule.steps - info.step);
  const seconds = secondsFor(stepsLeft, await secondsEach(stepsLeft));
  report.plan({ steps: schedule.steps, stepsLeft, seconds, threads });
  const trainer = await create(schedule, true).catch((error: unknown) => {
    throw kept === undefined ? error : asFailure('resume from', checkpoint.path, error);
  });
  const best = (info.best === null ? undefined : kept?.best) ?? new Uint8Array();
  const { heldOut } = text;
  const prompt = request.samples ? promptOf(heldOut) : undefined;
  const isFresh = kept === undefined && from !== undefined;
  return {
    ...{ trainer, info, heldOut, checkpoint, checkpointEvery, report, best, stop, prompt },
    measureFirst: isFresh,
    shows: kept !== undefined || from !== undefined,
  };
}

/** What is known of a training that begins, or goes on. */
function infoOf(
  { recipe }: TrainRequest,
  { shape, tokenizer }: Start,
  kept: TrainingInfo | undefined,
  schedule: Schedule,
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
