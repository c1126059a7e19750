/**
 * train.ts - the command that makes a model of a text.
 * SPDX-License-Identifier: MIT
 */

import { existsSync, rmSync } from 'node:fs';
import { BitLlama } from 'bit-ttt';
import { drawLoss } from '../charts/loss-chart.js';
import type { TrainingInfo } from '../files/checkpoint-file.js';
import { fingerprintOf } from '../files/model.js';
import type { Result } from '../files/save.js';
import { saveFile } from '../files/save.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure } from '../screen/failure.js';
import { Interrupt } from '../screen/interrupt.js';
import { goOnWithoutReader } from '../screen/output.js';
import { grouped, outputPalette, shellWord, visible } from '../screen/terminal.js';
import { TRAIN_HELP } from './train-help.js';
import type { TrainRequest } from './train-options.js';
import { checkResults, readTrainRequest } from './train-options.js';
import { prepare } from './train-prepare.js';
import { TrainReport } from './train-report.js';
import type { Training } from './train-run.js';
import { measure, runTraining, writeCheckpoint } from './train-run.js';

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
function resumeCommand({ files, out, checkpoint, keepCheckpoint, valid }: TrainRequest): string {
  const named = keepCheckpoint ? ` --checkpoint ${shellWord(checkpoint.path)}` : '';
  const held = valid === undefined ? '' : ` --valid ${shellWord(valid)}`;
  const texts = files.map(shellWord).join(' ');
  return `bit-ttt train ${texts} --resume --out ${shellWord(out.path)}${named}${held}`;
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
    throw asFailure('train on', request.files.join(', '), error);
  } finally {
    training?.trainer.destroy();
  }
}

/** `bit-ttt train`. */
export const train: Command = {
  usage: 'FILE...|-',
  summary: 'make a model of a text',
  help: TRAIN_HELP,
  run,
};

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
