/**
 * download.ts - the bytes at a URL, up to a limit.
 * SPDX-License-Identifier: MIT
 */
import type { AbortSignalLike, Bytes } from '../common/types.js';
import type { Limits } from './gather.js';
import { gather, TooLarge } from './gather.js';

async function* bodyChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader(); // not every browser can iterate over a stream
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined); // not awaited: a server may not answer
  }
}

/** The body of a response, which has no stream on some platforms. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body) yield* bodyChunks(response.body);
  else yield new Uint8Array(await response.arrayBuffer());
}

/**
 * Fetches a URL. Throws TooLarge as soon as there are more bytes than the limit or the server
 * announces them, Error for an HTTP status of failure, and what `fetch` throws (also after an
 * abort). The Content-Length of a compressed body counts the bytes before they are unpacked.
 */
export async function download(
  url: string,
  limits: Limits,
  signal?: AbortSignalLike,
): Promise<Bytes> {
  // The caller's signal may be any object like one; fetch accepts only the platform's.
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  signal?.addEventListener('abort', abort);
  try {
    if (signal?.aborted) abort();
    return await bodyOf(await fetch(url, { signal: controller.signal }), limits);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function bodyOf(response: Response, limits: Limits): Promise<Bytes> {
  const length = response.headers.get('content-length');
  const size = length === null ? undefined : Number(length);
  const tooLarge = size !== undefined && size > limits.maxBytes;
  if (!response.ok || tooLarge) response.body?.cancel().catch(() => undefined);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  if (tooLarge) throw new TooLarge(limits.maxBytes);
  const { onBytes } = limits;
  const isPlain = response.headers.get('content-encoding') === null;
  return gather(chunksOf(response), {
    ...limits,
    ...(Number.isSafeInteger(size) ? { size } : {}),
    onBytes: onBytes && ((bytes, all) => onBytes(bytes, isPlain ? all : undefined)),
  });
}
