/**
 * interrupt.ts - what Ctrl-C does.
 * SPDX-License-Identifier: MIT
 */
import { Interrupted } from './failure.js';

/** Ends the process at once, as Ctrl-C does, with a sentence. */
export function endInterrupted(text: string): never {
  const { message, exitCode } = new Interrupted(text);
  process.stderr.write(`bit-ttt: ${message}\n`);
  process.exit(exitCode);
}

/** Calls `stop` on every Ctrl-C until the function that it gives is called. */
export function onInterrupt(stop: () => void): () => void {
  process.on('SIGINT', stop);
  return () => void process.removeListener('SIGINT', stop);
}
