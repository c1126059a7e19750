/**
 * client.ts - the page's side of a worker: calls that report progress, can be aborted, and may fail.
 * SPDX-License-Identifier: MIT
 */
import { WorkerError } from './problem.js';
import type { Caller, CallName, CallOptions, Calls, Problem, Reply, Request } from './protocol.js';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: WorkerError): void;
  event: ((event: never) => void) | undefined;
}

const CRASH = {
  code: 'CRASHED',
  message:
    'The worker has ended; perhaps the device is out of memory. What is on the page is kept: try again, ' +
    'perhaps with less.',
};

/** A worker that is started when it is first needed, and anew after it has crashed. */
export class WorkerClient implements Caller {
  /** Called when the worker has ended: what it held is gone. */
  onEnd: (() => void) | undefined;
  #worker: Worker | undefined;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  call<N extends CallName>(
    name: N,
    params: Calls[N]['params'],
    { event, signal }: CallOptions<N> = {},
  ): Promise<Calls[N]['result']> {
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#last;
    const abort = (): void => worker.postMessage({ id, abort: true } satisfies Request);
    return new Promise<Calls[N]['result']>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, event });
      worker.postMessage({ id, name, params } satisfies Request);
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort);
    }).finally(() => signal?.removeEventListener('abort', abort));
  }

  /** Ends the worker; its unfinished calls fail with `problem`. */
  end(problem: Problem = { code: 'ABORTED', message: 'Stopped.' }): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.onEnd?.();
    for (const { reject } of all) reject(new WorkerError(problem));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.end(CRASH);
    };
    return worker;
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    if ('event' in reply) {
      waiting.event?.(reply.event as never);
      return;
    }
    this.#waiting.delete(reply.id);
    if ('problem' in reply) waiting.reject(new WorkerError(reply.problem));
    else waiting.resolve(reply.result);
  }
}

/** The worker that holds the shipped models and their sessions, and reads logs. */
export const reader = new WorkerClient();
/** The worker that trains, and the one that measures: neither holds up the other tabs. */
export const trainer = new WorkerClient();
export const bench = new WorkerClient();
