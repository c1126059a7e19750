/**
 * pino.ts - the entry `bit-ttt/pino`: a transport for pino, which finds the odd lines of its log. Node only.
 * SPDX-License-Identifier: MIT
 */
import type { Writable } from 'node:stream';

import { readPinoOptions } from './pino/options.js';
import { openStream } from './pino/stream.js';

export type { PinoLevel, PinoOptions } from './pino/options.js';

import type { PinoOptions } from './pino/options.js';

/**
 * The stream that pino is to write its lines to: a target of `transport`, in a worker thread, or one of
 * `pino.multistream`. Its end tells the last finding and saves. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, those
 * of `LogDetector.load`; what cannot be written later is an error of the stream.
 */
export async function watchPino(options?: PinoOptions): Promise<Writable> {
  return openStream(readPinoOptions(options));
}

export default watchPino;
