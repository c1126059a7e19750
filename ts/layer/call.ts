/**
 * call.ts - drives one asynchronous call: starts the engine's job, passes an abort on, and at the
 * end either commits everything or leaves layer and arrays as they were.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkFloatsOf } from '../common/args.js';
import type { TTTError } from '../common/errors.js';
import { statusOf } from '../common/errors.js';
import { abortError } from '../common/signal.js';
import type { AbortSignalLike, Observation } from '../common/types.js';
import type { Handle, LayerEngine } from '../engine/engine.js';
import { check, made } from '../engine/made.js';

/** A checked asynchronous call. */
interface AsyncCall {
  engine: LayerEngine;
  handle: Handle;
  input: Float32Array;
  /** Floats of the input when the call began. */
  length: number;
  tokens: number;
  output: Float32Array | undefined;
  surprise: Float32Array | undefined;
  wantSurprise: boolean;
  signal: AbortSignalLike | undefined;
  /** The error for a status. */
  explain: (status: number) => TTTError;
}

/** The arrays that get the results. Those of the caller are checked again: time has passed. */
function targets(call: AsyncCall): Observation {
  const now = 'as it was when the call began';
  if (call.output) checkFloatsOf(call.output, call.length, 'output', now);
  if (call.surprise) checkFloatsOf(call.surprise, call.tokens, 'surprise', now);
  const output = call.output ?? allocate(() => new Float32Array(call.length));
  const surprise =
    call.surprise ?? allocate(() => new Float32Array(call.wantSurprise ? call.tokens : 0));
  return { output, surprise };
}

/** Ends a job whose `done` gave `status`; throws what the promise is to be rejected with. */
function settle(call: AsyncCall, job: Handle, status: number): Observation {
  let results: Observation;
  try {
    if (status === statusOf('ABORTED') && call.signal) throw abortError(call.signal);
    if (status !== 0) throw call.explain(status);
    results = targets(call);
  } catch (error) {
    call.engine.finishJob(job);
    throw error;
  }
  const surprise = call.wantSurprise ? results.surprise : undefined;
  check(call.engine.finishJob(job, results.output, surprise));
  return results;
}

/** Runs a call to its end. Rejects with TTTError; the layer is idle again when it settles. */
export function runAsync(call: AsyncCall): Promise<Observation> {
  return new Promise((resolve, reject) => {
    const { engine, handle, input, wantSurprise, signal } = call;
    let job: Handle | undefined;
    const abort = (): void => {
      if (job !== undefined) engine.cancelJob(job);
    };
    const done = (status: number): void => {
      try {
        const results = settle(call, job!, status);
        signal?.removeEventListener('abort', abort);
        resolve(results);
      } catch (error) {
        reject(error as TTTError);
        signal?.removeEventListener('abort', abort);
      }
    };
    // The signal first: if a user's own signal throws, no job may be left behind.
    signal?.addEventListener('abort', abort);
    try {
      job = made(engine.startJob(handle, input, wantSurprise, done));
    } catch (error) {
      signal?.removeEventListener('abort', abort);
      throw error;
    }
    if (signal?.aborted) engine.cancelJob(job);
  });
}
