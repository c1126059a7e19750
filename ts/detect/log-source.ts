/**
 * log-source.ts - reads a log from whatever a user has.
 * SPDX-License-Identifier: MIT
 */
import { reading, wrongType } from '../common/args.js';
import { kindOf } from '../common/brands.js';
import type { AnyIterator } from '../common/iterables.js';
import { iteratorOf, stepOf } from '../common/iterables.js';
import type { Line } from './lines.js';
import { TextLines } from './lines.js';

/* An event is taken for complete when nothing has come for so many milliseconds. */
export const IDLE_MS = 300;

const WANTED = 'a text, bytes, a stream of them or an iterable of lines';

/** Whether strings are pieces of a text rather than lines. */
function isPieces(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  return reading('source', () => {
    const { pipe, readableObjectMode, getReader } = source as Record<string, unknown>;
    return typeof getReader === 'function' || (typeof pipe === 'function' && !readableObjectMode);
  });
}

/** An iterator over the chunks of a web stream, for platforms where streams have none themselves. */
function readerIterator(source: object): AsyncIterator<unknown> | undefined {
  const { getReader } = source as { getReader?: unknown };
  if (typeof getReader !== 'function') return undefined;
  const reader = getReader.call(source) as ReadableStreamDefaultReader<unknown>;
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done: true, value: undefined } : { done: false, value };
    },
    return: async () => {
      await reader.cancel();
      reader.releaseLock();
      return { done: true, value: undefined };
    },
  };
}

function iterate(source: unknown): AnyIterator {
  if (typeof source === 'string' || kindOf(source) === 'Uint8Array') return [source].values();
  const found =
    iteratorOf(source, Symbol.asyncIterator, 'source') ??
    (typeof source === 'object' && source !== null ? readerIterator(source) : undefined) ??
    iteratorOf(source, Symbol.iterator, 'source');
  if (found === undefined) throw wrongType('source', WANTED, source);
  return found;
}

/** Cuts pieces of a log, strings or bytes in UTF-8, into lines. */
export class PieceLines {
  private readonly decoder = new TextDecoder();
  private readonly lines = new TextLines();

  /** `whole`: strings are lines, with or without an end. */
  constructor(private readonly whole: boolean) {}

  push(piece: unknown): Line[] {
    if (typeof piece === 'string') {
      const text = this.whole && !piece.endsWith('\n') ? `${piece}\n` : piece;
      return this.lines.push(text);
    }
    if (kindOf(piece) !== 'Uint8Array') {
      throw wrongType('a piece of the log', 'a string or a Uint8Array', piece);
    }
    return this.lines.push(this.decoder.decode(piece as Uint8Array, { stream: true }));
  }

  end(): Line[] {
    return [...this.lines.push(this.decoder.decode()), ...this.lines.end()];
  }
}

const IDLE = Symbol('idle');

/** The next step, or IDLE once nothing has come for a while; the step is then still to be awaited. */
async function stepOrIdle(next: Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise((resolve) => {
    timer = setTimeout(() => resolve(IDLE), IDLE_MS);
  });
  try {
    return await Promise.race([next, idle]);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes a source. Not awaited, as one that does not answer must not hold up its reader. */
function close(iterator: AnyIterator): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  } catch {
    // It cannot be closed.
  }
}

/** The lines of a source as they come, in groups; undefined when nothing has come for a while. */
export async function* linesOf(
  source: unknown,
): AsyncGenerator<Line[] | undefined, void, undefined> {
  const pieces = new PieceLines(!isPieces(source) && typeof source !== 'string');
  const iterator = iterate(source);
  let ended = false;
  try {
    for (;;) {
      const next = iterator.next();
      let step: unknown = next instanceof Promise ? await stepOrIdle(next) : await next;
      if (step === IDLE) {
        yield undefined;
        step = await next;
      }
      const { done, value } = stepOf(step, 'source');
      ended = done === true;
      if (ended) break;
      yield pieces.push(value);
    }
    yield pieces.end();
  } catch (error) {
    ended = true; // an iterator that threw is not closed, as in a for loop
    throw error;
  } finally {
    if (!ended) close(iterator);
  }
}
