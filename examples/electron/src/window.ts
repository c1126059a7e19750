/**
 * window.ts - the page's side: the demo's Write tab, whose engine is in another process.
 * SPDX-License-Identifier: MIT
 */
import { find } from '../../../web-demo/dom.js';
import { WorkerError } from '../../../web-demo/problem.js';
import type { Caller, CallName, CallOptions, Calls } from '../../../web-demo/protocol.js';
import { ShippedModel } from '../../../web-demo/shipped.js';
import { setUpWrite } from '../../../web-demo/tabs/write.js';

/** Calls through the preload, as the demo calls its worker. */
class Bridge implements Caller {
  #last = 0;

  async call<N extends CallName>(
    name: N,
    params: Calls[N]['params'],
    { event, signal }: CallOptions<N> = {},
  ): Promise<Calls[N]['result']> {
    const id = ++this.#last;
    const abort = (): void => window.bitTtt.abort(id);
    const answer = window.bitTtt.call(id, name, params, (told) =>
      event?.(told as Calls[N]['event']),
    );
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    try {
      const { problem, result } = await answer;
      if (problem) throw new WorkerError(problem);
      return result as Calls[N]['result'];
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

const engine = new Bridge();
const place = find(document, '#engine');

async function showEngine(): Promise<void> {
  const { version, backend, kernel, fallback } = await engine.call('about', {});
  const what = backend === 'native' ? 'native addon' : `WebAssembly (${fallback ?? 'as asked'})`;
  place.textContent = `Bit-TTT ${version}, ${what}, kernel ${kernel}`;
}

// The main process knows where the models lie.
setUpWrite([new ShippedModel(engine, 'stories', ''), new ShippedModel(engine, 'english', '')]);
showEngine().catch((error: unknown) => (place.textContent = String(error)));
