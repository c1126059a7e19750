/**
 * engine.ts - the main process's side: the demo's models on the addon, behind three calls. Knows nothing
 * of Electron.
 * SPDX-License-Identifier: MIT
 */
import { fileURLToPath } from 'node:url';

import { modelUrl as englishUrl } from 'bit-ttt/models/english';
import { modelUrl as storiesUrl } from 'bit-ttt/models/stories';
import type { Context, ModelName, WriteParams } from '../../../web-demo/protocol.js';
import { about, open } from '../../../web-demo/worker/model.js';
import { problemOf } from '../../../web-demo/worker/problems.js';
import { write } from '../../../web-demo/worker/write.js';

const LONGEST_PROMPT = 20000;
const MOST_TOKENS = 4096;

const MODELS: Record<ModelName, string> = {
  english: fileURLToPath(englishUrl),
  stories: fileURLToPath(storiesUrl),
};

/** The model that a window names. */
function nameOf(value: unknown): ModelName {
  if (typeof value === 'string' && Object.hasOwn(MODELS, value)) return value as ModelName;
  throw new Error('There is no such model.');
}

/** Parameters come from a window: anything may be in them. */
function checked(value: unknown): WriteParams {
  const {
    with: model,
    prompt,
    temperature,
    maxTokens,
    seed,
  } = (value ?? {}) as Partial<WriteParams>;
  if (typeof prompt !== 'string' || prompt.length > LONGEST_PROMPT) {
    throw new Error(`A beginning is a text of at most ${LONGEST_PROMPT} characters.`);
  }
  if (typeof temperature !== 'number' || typeof seed !== 'number') {
    throw new Error('Temperature and seed must be numbers.');
  }
  if (!Number.isInteger(maxTokens) || maxTokens! < 1 || maxTokens! > MOST_TOKENS) {
    throw new Error(`A text has 1 to ${MOST_TOKENS} tokens.`);
  }
  return { with: nameOf(model), prompt, temperature, maxTokens: maxTokens!, seed };
}

const handlers: Record<string, (params: unknown, context: Context<never>) => Promise<unknown>> = {
  about,
  open: async (params, context) => {
    const name = nameOf((Object(params) as { name?: unknown }).name);
    return open({ name, url: MODELS[name] }, context);
  },
  write: async (params, context) => write(checked(params), context),
};

/** Answers a call of the window; never throws. */
export async function answer(
  name: unknown,
  params: unknown,
  context: Context<never>,
): Promise<Answer> {
  const handler = Object.hasOwn(handlers, String(name)) ? handlers[String(name)] : undefined;
  if (!handler) return { problem: { code: 'FAILED', message: 'There is no such call.' } };
  try {
    return { result: await handler(params, context) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}
