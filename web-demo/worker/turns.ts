/**
 * turns.ts - how long the worker computes before it handles its messages.
 * SPDX-License-Identifier: MIT
 */
import { Turns } from '../../ts/common/turns.js';

/** Longer turns than the library's: nothing but messages waits for this thread. */
export const workerTurns = (): Turns => new Turns(undefined, { milliseconds: 40 });
