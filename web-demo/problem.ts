/**
 * problem.ts - an error that came from a worker, or from another process.
 * SPDX-License-Identifier: MIT
 */
import type { Problem } from './protocol.js';

/** What went wrong there; the message is a sentence for people. */
export class WorkerError extends Error {
  readonly code: string;

  constructor({ code, message }: Problem) {
    super(message);
    this.name = 'WorkerError';
    this.code = code;
  }
}
