/**
 * checkpoint-file.ts - all that a training needs to go on: its settings, tokenizer and curve as
 * JSON, then the weights that did best so far, then the state that the trainer saved.
 * SPDX-License-Identifier: MIT
 */
import type { LossPoint } from '../charts/loss-chart.js';
import type { Recipe, Shape } from '../commands/train-options.js';
import { Failure } from '../screen/failure.js';
import { damagedHeader, headedParts, readHeaded } from './headed-file.js';
import type { Result } from './save.js';
import { saveFile } from './save.js';
import { sha256 } from './sha256.js';

/** What is known of a training beside its weights. */
export interface TrainingInfo {
  shape: Shape;
  recipe: Recipe;
  /** Steps of the schedule, and how many of them the rate rises. */
  steps: number;
  warmup: number;
  /** Steps done. */
  step: number;
  /** Seconds that it has taken. */
  seconds: number;
  curve: LossPoint[];
  tokenizer: unknown;
  /** Digest of what was held out. */
  heldOut: string;
  /** When the model did best on it, and its nats a token; null if it was not measured. */
  best: { step: number; nats: number } | null;
}

/** A checkpoint that was read. */
export interface Checkpoint {
  info: TrainingInfo;
  /** The weights of info.best, or nothing. */
  best: Uint8Array;
  state: Uint8Array;
}

/** Replaces the checkpoint as a whole, or leaves the old one. */
export function saveCheckpoint(result: Result, { info, best, state }: Checkpoint): void {
  const json = Buffer.from(JSON.stringify(info));
  const fields = {
    infoBytes: json.length,
    infoSha256: sha256(json),
    bestBytes: best.length,
    bestSha256: sha256(best),
  };
  saveFile(result, headedParts('checkpoint', fields, [json, best, state]));
}

/** Reads a checkpoint; the trainer checks its state. */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { fields, body } = await readHeaded(path, 'checkpoint');
  return parseCheckpoint(fields, body, path);
}

/** The parts of a checkpoint whose first line was read. */
export function parseCheckpoint(
  fields: Record<string, unknown>,
  body: Buffer,
  path: string,
): Checkpoint {
  const { infoBytes, infoSha256, bestBytes, bestSha256 } = fields;
  const parts = [infoBytes, bestBytes].every((part) => Number.isInteger(part));
  const digests = [infoSha256, bestSha256].every((part) => typeof part === 'string');
  if (!parts || !digests) throw damagedHeader(path);
  const [first, second] = [infoBytes as number, (infoBytes as number) + (bestBytes as number)];
  const json = body.subarray(0, first);
  const best = body.subarray(first, second);
  for (const [part, sum, name] of [
    [json, infoSha256, 'settings'],
    [best, bestSha256, 'best weights'],
  ] as const) {
    if (sha256(part) === sum) continue;
    throw new Failure(`${path} is damaged: its ${name} are not what was saved`);
  }
  // Whoever can forge the digest can hurt only this training.
  const info = JSON.parse(json.toString('utf8')) as TrainingInfo;
  return { info, best, state: body.subarray(second) };
}
