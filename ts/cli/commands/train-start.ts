/**
 * train-start.ts - what a training begins with: its tokenizer and shape, and the model of --from.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama } from 'bit-ttt';
import { Tokenizer } from 'bit-ttt';
import type { Checkpoint } from '../files/checkpoint-file.js';
import { loadTokenizer, openModel, readModel } from '../files/model.js';
import { modelPath } from '../files/model-names.js';
import { UsageError } from '../screen/failure.js';
import { grouped, visible } from '../screen/terminal.js';
import type { TrainingText } from './train-data.js';
import type { Shape, ShapeOption, TrainRequest } from './train-options.js';
import { SHAPE_OPTIONS } from './train-options.js';
import type { TrainReport } from './train-report.js';

/** With what a training begins. */
export interface Start {
  tokenizer: Tokenizer;
  shape: Shape;
  /** The model whose weights it begins with; the caller destroys it. */
  from: BitLlama | undefined;
}

/** The model of --from; refuses one without a tokenizer. */
async function loadFrom(name: string): Promise<{ model: BitLlama; tokenizer: Tokenizer }> {
  const path = modelPath(name);
  const model = await openModel(path, await readModel(path));
  const { tokenizer } = model;
  if (tokenizer !== undefined) return { model, tokenizer };
  model.destroy();
  throw new UsageError(`${visible(name)} has no tokenizer, so no text can be made its tokens`);
}

/** Refuses what is asked for and is not as in the model. */
async function checkAsked(request: TrainRequest, from: BitLlama): Promise<void> {
  const name = visible(request.from!);
  for (const [key, value] of Object.entries(request.given) as [ShapeOption, unknown][]) {
    const own = from.config[key];
    if (String(own) === String(value)) continue;
    const differs = `--${SHAPE_OPTIONS[key]} is ${value}, but ${name} has ${own}`;
    throw new UsageError(`${differs}; with --from the shape is that of the model`);
  }
  const sizes = [from.tokenizer!.vocabSize, from.config.vocabSize];
  if (request.vocab !== undefined && !sizes.includes(request.vocab)) {
    const differs = `--vocab is ${request.vocab}, but ${name} has ${sizes[0]} tokens`;
    throw new UsageError(`${differs}; with --from the tokenizer is that of the model`);
  }
  if (request.tokenizer === undefined) return;
  const other = await loadTokenizer(request.tokenizer);
  if (JSON.stringify(other.toJSON().model) === JSON.stringify(from.tokenizer!.toJSON().model))
    return;
  throw new UsageError(
    `--tokenizer ${visible(request.tokenizer)} has other tokens than ${name} ` +
      `(${other.vocabSize}, the model ${sizes[0]}); with --from the tokenizer is that of the model`,
  );
}

/** The shape of a model, without widths of 0: those that no layer of it has. */
function shapeOf({ config }: BitLlama): Shape {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== 0)) as never;
}

/** The model of --from with its shape, checked against what else is asked for; to be destroyed. */
export async function loadStart(request: TrainRequest): Promise<Start> {
  const { model, tokenizer } = await loadFrom(request.from!);
  try {
    await checkAsked(request, model);
    return { tokenizer, shape: shapeOf(model), from: model };
  } catch (error) {
    model.destroy();
    throw error;
  }
}

/** The start of a training that goes on, or that begins with random weights. */
export async function plainStart(
  request: TrainRequest,
  kept: Checkpoint | undefined,
  text: TrainingText,
): Promise<Start> {
  if (kept !== undefined) {
    const tokenizer = Tokenizer.from(JSON.stringify(kept.info.tokenizer));
    return { tokenizer, shape: kept.info.shape, from: undefined };
  }
  const tokenizer =
    request.tokenizer === undefined
      ? await text.makeTokenizer(request.vocab)
      : await loadTokenizer(request.tokenizer);
  return { tokenizer, shape: request.shape, from: undefined };
}

/** Tells people what the training begins with. */
export function tellStart({ from }: Start, name: string | undefined, report: TrainReport): void {
  if (from === undefined || name === undefined) return;
  report.say(`begins with the ${grouped(from.parameters)} weights of ${visible(name)}`);
}

/** The shape with the vocabulary of the tokenizer, unless a model has said it. */
export function configOf(shape: Shape, { vocabSize }: Tokenizer): Shape & { vocabSize: number } {
  return { vocabSize: 16 * Math.ceil(vocabSize / 16), ...shape };
}
