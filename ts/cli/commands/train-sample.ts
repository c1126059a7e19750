/**
 * train-sample.ts - a short text by the model as it stands: how it goes on from a beginning that it has not
 * been trained on, always the same one, with the same draws.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama } from 'bit-ttt';
import { TTTError } from 'bit-ttt';
import type { Sample } from './train-report.js';

const SAMPLE_TOKENS = 48;
const PROMPT_WORDS = 6;
const PROMPT_UNITS = 60;

/** The first words of what was held out; nothing of a text without short words. */
export function promptOf(heldOut: readonly string[]): string {
  const words = heldOut[0]?.slice(0, 1000).split(/(?<=\s)(?=\S)/) ?? [];
  const prompt = words.slice(0, PROMPT_WORDS).join('').trimEnd();
  return prompt.length <= PROMPT_UNITS ? prompt : '';
}

/** What the model writes after the prompt; undefined after an abort, and where it has nothing to begin with. */
export async function writeSample(
  model: BitLlama,
  prompt: string,
  stop: AbortSignal,
): Promise<Sample | undefined> {
  const hasBeginning = prompt !== '' || model.tokenizer?.endOfText !== undefined;
  if (stop.aborted || !hasBeginning) return undefined;
  const session = model.createSession({ recall: false });
  try {
    let text = '';
    const options = { maxTokens: SAMPLE_TOKENS, seed: 1, signal: stop };
    for await (const piece of session.generate(prompt, options)) text += piece;
    return { prompt, text };
  } catch (error) {
    if (error instanceof TTTError && error.code === 'ABORTED') return undefined;
    throw error;
  } finally {
    session.destroy();
  }
}
