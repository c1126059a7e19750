/**
 * job.ts - an asynchronous call on WebAssembly: slices of a few milliseconds on the event
 * loop, which stays free to run everything else in between.
 * SPDX-License-Identifier: MIT
 */
import { allocate } from '../../common/args.js';
import type { BackendJob } from '../engine.js';
import { now, soon } from '../../common/clock.js';
import { statusOf } from '../../common/errors.js';
import type { WasmBackend, WasmLayer } from './layers.js';
import { SlicedRun } from './sliced.js';

/** How long one slice should take, in milliseconds. */
const SLICE_MS = 4;
const FIRST_SLICE_TOKENS = 8;

/** Tokens for the next slice, from how long the last one took. */
function nextSlice(tokens: number, elapsed: number, most: number): number {
  const wanted = elapsed > 0 ? (tokens * SLICE_MS) / elapsed : most;
  return Math.max(1, Math.min(Math.floor(wanted), 2 * tokens, most));
}

/** Starts a job. `done` gets the status once, never before this function has returned. */
export function startWasmJob(
  backend: WasmBackend,
  layer: WasmLayer,
  input: Float32Array,
  wantSurprise: boolean,
  done: (status: number) => void,
): BackendJob {
  const copy = allocate(() => new Float32Array(input));
  const run = new SlicedRun(backend, layer, copy, wantSurprise);
  const most = backend.sliceTokens(layer.dim);
  let cancelled = false;
  let tokens = FIRST_SLICE_TOKENS;

  /** As many steps as fit into one slice of time. */
  const steps = (): boolean => {
    const start = now();
    for (let before = start; ; ) {
      if (!run.step(tokens)) return false;
      const after = now();
      tokens = nextSlice(tokens, after - before, most);
      if (after - start >= SLICE_MS) return true;
      before = after;
    }
  };
  const turn = (): void => {
    if (cancelled) return done(statusOf('ABORTED'));
    let more: boolean;
    try {
      more = steps();
    } catch {
      return done(statusOf('POISONED')); // nothing else makes a step throw
    }
    if (more) soon(turn);
    else done(run.status);
  };
  soon(turn);

  return {
    cancel: () => {
      cancelled = true;
    },
    finish: (output, surprise) => {
      run.finish(output, surprise);
      return run.status;
    },
  };
}
