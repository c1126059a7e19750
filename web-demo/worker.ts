/**
 * worker.ts - answers the page's calls; everything that takes long happens here.
 * SPDX-License-Identifier: MIT
 */
import type { CallName, Calls, Context, Reply, Request } from './protocol.js';
import { ask, suggest } from './worker/ask.js';
import { bench, spin } from './worker/bench.js';
import { learn } from './worker/learner.js';
import { about, hashes, open } from './worker/model.js';
import { problemOf } from './worker/problems.js';
import { forget, heads, restore, save, tell } from './worker/told.js';
import { sample, train } from './worker/train.js';
import { around, watch } from './worker/watch.js';
import { write } from './worker/write.js';

type Handler<N extends CallName> = (
  params: Calls[N]['params'],
  context: Context<Calls[N]['event']>,
) => Promise<Calls[N]['result']>;

const handlers: { [N in CallName]: Handler<N> } = {
  about,
  hashes,
  open,
  write,
  tell,
  ask,
  suggest,
  learn,
  heads,
  forget,
  save,
  restore,
  watch,
  around,
  train,
  sample,
  bench,
  spin,
};

const running = new Map<number, AbortController>();
const send = (reply: Reply): void => self.postMessage(reply);

async function answer(id: number, name: CallName, params: unknown): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    // Names and parameters belong together by the types of the page's side.
    const handler = handlers[name] as unknown as (
      params: unknown,
      context: Context<unknown>,
    ) => unknown;
    const report = (event: unknown): void => send({ id, event });
    send({ id, result: await handler(params, { signal: controller.signal, report }) });
  } catch (error) {
    send({ id, problem: problemOf(error) });
  } finally {
    running.delete(id);
  }
}

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if ('abort' in data) running.get(data.id)?.abort();
  else void answer(data.id, data.name, data.params);
};
