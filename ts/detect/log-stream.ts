/**
 * log-stream.ts - a detector as a web stream.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import type { Line } from './lines.js';
import { IDLE_MS, PieceLines } from './log-source.js';
import type { LogWatcher } from './log-watcher.js';
import type { LogFinding } from './types.js';

/** The part of a stream's controller that is used. */
interface Output {
  enqueue(finding: LogFinding): void;
}

/** Turns pieces of a log into findings. */
export function findingsStream(watcher: LogWatcher): object {
  const { TransformStream: Stream } = globalThis as {
    TransformStream?: new (transformer: object, ...strategies: object[]) => object;
  };
  if (Stream === undefined) {
    throw new TTTError('BACKEND_UNAVAILABLE', 'this platform has no TransformStream');
  }
  const pieces = new PieceLines(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (lines: readonly Line[], to: Output): void => {
    for (const line of lines) for (const finding of watcher.line(line)) to.enqueue(finding);
  };
  const rest = (to: Output): void => {
    try {
      for (const finding of watcher.idle()) to.enqueue(finding);
    } catch {
      // The stream, or the detector, has come to an end meanwhile.
    }
  };
  return new Stream({
    transform: (piece: unknown, to: Output) => {
      clearTimeout(timer);
      tell(pieces.push(piece), to);
      timer = setTimeout(() => rest(to), IDLE_MS);
    },
    flush: (to: Output) => {
      clearTimeout(timer);
      tell(pieces.end(), to);
      for (const finding of watcher.end()) to.enqueue(finding);
    },
  });
}
