/**
 * train-plan.ts - how many steps a training has, and how long it will take, by the speed of a few steps of
 * another trainer: its own are the same with and without this.
 * SPDX-License-Identifier: MIT
 */
import type { Trainer } from 'bit-ttt';
import type { TrainingInfo } from '../files/checkpoint-file.js';
import { UsageError } from '../screen/failure.js';
import { grouped } from '../screen/terminal.js';
import type { Length } from './train-options.js';

/** Steps of a training, and in how many of them the rate rises. */
export type Schedule = Pick<TrainingInfo, 'steps' | 'warmup'>;
/** Makes a trainer at its beginning, or (`kept`) where the checkpoint was kept. */
export type Create = (schedule: Schedule, kept: boolean) => Promise<Trainer>;

/** Of all the time, the share of the steps; the rest is for measuring and saving. */
const STEPS_SHARE = 0.95;
const PROBE_STEPS = 3;
/** A training of fewer steps is measured by one of them. */
const FEW_STEPS = 30;

/** Seconds that a step takes on this machine: those of the fastest of a few. */
export async function secondsOfStep(create: Create, steps: number): Promise<number> {
  const count = steps < FEW_STEPS ? 1 : PROBE_STEPS;
  const trainer = await create({ steps: count, warmup: 0 }, false);
  try {
    let last = performance.now();
    let fastest = Infinity;
    for await (const _ of trainer.run({ until: count })) {
      const now = performance.now();
      fastest = Math.min(fastest, now - last);
      last = now;
    }
    return fastest / 1000;
  } finally {
    trainer.destroy();
  }
}

/** Seconds that `steps` will take, with what comes between them. */
export function secondsFor(steps: number, each: number): number {
  return (steps * each) / STEPS_SHARE;
}

/**
 * The schedule: what was asked for, what a checkpoint holds, or `usual` steps. `secondsEach` is asked where
 * the length is a time.
 */
export async function scheduleOf(
  length: Length,
  usual: number,
  kept: TrainingInfo | undefined,
  secondsEach: () => Promise<number>,
): Promise<Schedule> {
  let steps = length.steps ?? kept?.steps;
  if (steps === undefined && length.minutes !== undefined) {
    const within = (STEPS_SHARE * 60 * length.minutes) / (await secondsEach());
    steps = Math.max(1, Math.floor(within));
  }
  steps ??= usual;
  const warmup = kept?.warmup ?? length.warmup ?? Math.ceil(length.warmupShare * steps);
  checkLength(steps, warmup, kept);
  return { steps, warmup };
}

/** Refuses a schedule that is shorter than its warm-up, or than what is done of it. */
function checkLength(steps: number, warmup: number, kept: TrainingInfo | undefined): void {
  if (kept !== undefined && steps <= kept.step && steps !== kept.steps) {
    throw new UsageError(`--steps must be above the ${grouped(kept.step)} that are done`);
  }
  if (warmup <= steps) return;
  if (kept === undefined) throw new UsageError(`--warmup must be at most the ${steps} steps`);
  throw new UsageError(`--steps must be at least the ${grouped(warmup)} of the warm-up`);
}
