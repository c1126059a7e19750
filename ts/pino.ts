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
 * The stream that pino is to write its lines to: a target of `transport`, in a worker thread, or
 * one of `pino.multistream`.
 *
 * Its end tells the last finding and saves. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, those of
 * `LogDetector.load`; what cannot be written later is an error of the stream.
 *
 * @example
 * ```js
 * import { watchPino } from 'bit-ttt/pino';
 *
 * const onFinding = ({ kind, line, text }) => console.log(kind, line, text);
 * const odd = await watchPino({ onFinding }); // for pino.multistream([{ stream: odd }])
 * for (let i = 0; i < 900; i++) odd.write(`{"level":30,"msg":"order ${i} accepted"}\n`);
 * odd.end('{"level":50,"msg":"disk full"}\n');
 * ```
 *
 * ```text
 * line 901 {"level":50,"msg":"disk full"}
 * ```
 */
export async function watchPino(options?: PinoOptions): Promise<Writable> {
  return openStream(readPinoOptions(options));
}

export default watchPino;
