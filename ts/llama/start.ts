/**
 * start.ts - the model that a training begins from: its configuration, its tokenizer, its weights.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import { takeOptions } from '../common/named-options.js';
import type { Engine, Handle } from '../engine/engine.js';
import { check, made, part } from '../engine/made.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { CONFIG } from './option-names.js';
import { checkModel } from './shared.js';
import type { LlamaConfig, StartModel } from './types.js';

/** The options that say what `from` also says. */
interface Given {
  config: unknown;
  tokenizer: Tokenizer | undefined;
}

/** Whether two tokenizers make the same tokens of a text. */
function areSame(one: Tokenizer, other: Tokenizer): boolean {
  if (one === other) return true;
  const parts = (tokenizer: Tokenizer): string => {
    const { model, added_tokens: added } = tokenizer.toJSON() as unknown as Record<string, unknown>;
    return JSON.stringify([model, added]);
  };
  return one.vocabSize === other.vocabSize && parts(one) === parts(other);
}

/** Checks that `from` is a model, and completes the options by it. The engine compares the shapes. */
export function completeBy(from: StartModel, given: Given): Given {
  checkModel(from);
  const asked = Object.entries(takeOptions(given.config ?? {}, CONFIG, 'config'));
  const config = {
    ...widthsOf(from.config),
    ...Object.fromEntries(asked.filter(([, value]) => value !== undefined)),
  };
  const { tokenizer } = from;
  if (given.tokenizer === undefined || tokenizer === undefined) {
    return { config, tokenizer: given.tokenizer ?? tokenizer };
  }
  if (areSame(given.tokenizer, tokenizer)) return { config, tokenizer };
  const sizes = `${given.tokenizer.vocabSize} tokens, the model's own ${tokenizer.vocabSize}`;
  throw new TTTError(
    'MODEL_CONFIG',
    `the tokenizer is not that of the model to start from: it has ${sizes}, or other ones`,
  );
}

/** A configuration without widths of 0: those that no layer of the model has. */
function widthsOf(config: LlamaConfig): Partial<LlamaConfig> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== 0));
}

/** Gives a trainer the weights of a model, which may be on another engine. */
export function startFrom(engine: Engine, trainer: Handle, from: StartModel): void {
  const models = part(engine, 'models');
  // A packed model has the same weights to the bit, whatever engine reads it.
  const model = made(models.open(from.pack(), undefined));
  try {
    made(part(engine, 'trainers').startFrom(trainer, model));
  } finally {
    check(models.close(model));
  }
}
