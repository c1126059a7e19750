/**
 * compressed.ts - reads files that are compressed by gzip or zstd as what is in them.
 * SPDX-License-Identifier: MIT
 */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { Failure } from '../screen/failure.js';
import type { Source } from './input.js';

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

function beginsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** As `zstd` itself without `--long`: what is written with a larger window needs so much memory to read. */
const MAX_WINDOW = 2 ** 27;

/** The window of a frame that begins so (RFC 8878, 3.1.1.1.2), in bytes; 0 where it is as large as its contents. */
function windowOf(head: Uint8Array): number {
  const [descriptor, window] = [head[4] ?? 0, head[5] ?? 0];
  const isSingleSegment = (descriptor & 0x20) !== 0;
  return isSingleSegment ? 0 : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
}

/** Whether a file that begins so is one that `decompressed` opens. */
export function isCompressed(head: Uint8Array): boolean {
  return beginsWith(head, GZIP) || beginsWith(head, ZSTD);
}

/** Copies, as a chunk is valid only until the next is asked for. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.slice();
}

/** The chunks after a first one, and that. */
async function* withFirst(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (;;) {
      const { done, value } = await rest.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}

async function* gunzipped(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const from = Readable.from(copies(chunks), { objectMode: false });
  const gunzip = createGunzip();
  from.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const piece of from.pipe(gunzip)) yield piece as Uint8Array;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot read ${name}: its gzip data is damaged or cut short`, {
      cause: error,
    });
  } finally {
    from.destroy();
  }
}

async function* unzstd(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const stream = new Decompress((piece) => ready.push(piece));
  const step = (bytes: Uint8Array, last: boolean): Uint8Array[] => {
    try {
      stream.push(bytes, last);
    } catch (error) {
      throw new Failure(`cannot read ${name}: its zstd data is damaged or cut short`, {
        cause: error,
      });
    }
    const pieces = ready;
    ready = [];
    return pieces;
  };
  for await (const chunk of copies(chunks)) yield* step(chunk, false);
  yield* step(new Uint8Array(0), true);
}

/** The source, or what is in it if it is compressed; the size is then not known. */
export async function decompressed(source: Source): Promise<Source> {
  const chunks = source.chunks[Symbol.asyncIterator]();
  const { done, value } = await chunks.next();
  if (done === true) return { ...source, chunks: copies({ [Symbol.asyncIterator]: () => chunks }) };
  const first = value.slice();
  const all = withFirst(first, chunks);
  if (beginsWith(first, GZIP)) {
    return { name: source.name, size: undefined, chunks: gunzipped(all, source.name) };
  }
  if (beginsWith(first, ZSTD)) {
    if (windowOf(first) > MAX_WINDOW) {
      await chunks.return?.();
      throw new Failure(
        `cannot read ${source.name}: its zstd window is larger than 128 MiB; ` +
          'zstdcat --long=31 unpacks it',
      );
    }
    return { name: source.name, size: undefined, chunks: unzstd(all, source.name) };
  }
  return { ...source, chunks: all };
}
