/**
 * checkpoint-file.ts - all that a training needs to go on: its settings, tokenizer and curve as
 * JSON, then the state that the trainer saved.
 * SPDX-License-Identifier: MIT
 */
import { createHash } from 'node:crypto';
import { Failure } from './failure.js';
import { saveFile } from './files.js';
import { damagedHeader, headedParts, readHeaded } from './headed-file.js';
import type { LossPoint } from './loss-chart.js';
import type { Recipe, Shape } from './train-options.js';

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
}

/** A checkpoint that was read. */
export interface Checkpoint {
  info: TrainingInfo;
  state: Uint8Array;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Replaces the checkpoint as a whole, or leaves the old one. */
export function saveCheckpoint(path: string, info: TrainingInfo, state: Uint8Array): void {
  const json = Buffer.from(JSON.stringify(info));
  const fields = { infoBytes: json.length, infoSha256: digest(json) };
  saveFile(path, headedParts('checkpoint', fields, [json, state]));
}

/** Reads a checkpoint; the trainer checks its state. */
export function loadCheckpoint(path: string): Checkpoint {
  const { fields, body } = readHeaded(path, 'checkpoint');
  return parseCheckpoint(fields, body, path);
}

/** The parts of a checkpoint whose first line was read. */
export function parseCheckpoint(
  fields: Record<string, unknown>,
  body: Buffer,
  path: string,
): Checkpoint {
  const { infoBytes, infoSha256 } = fields;
  if (!Number.isInteger(infoBytes) || typeof infoSha256 !== 'string') throw damagedHeader(path);
  const json = body.subarray(0, infoBytes as number);
  if (digest(json) !== infoSha256) {
    throw new Failure(`${path} is damaged: its settings are not what was saved`);
  }
  // Whoever can forge the digest can hurt only this training.
  const info = JSON.parse(json.toString('utf8')) as TrainingInfo;
  return { info, state: body.subarray(infoBytes as number) };
}
