// raw-worker.mjs - what the worker threads of addon-threads.test.mjs do, one thing for each message.
// SPDX-License-Identifier: MIT
import { parentPort } from 'node:worker_threads';

import { addon, newLayer, newModel, newSession, newTrainer } from './raw-addon.mjs';

const { layers, models, sessions, trainers } = addon;
const ignore = () => undefined;
let model;

const tasks = {
  open: () => (model = newModel()),
  share: () => models.share(model),
  adopt: (ticket) => (model = models.adopt(ticket)),
  close: () => models.close(model),
  /** The log-probabilities of some tokens, read by a new session. */
  read(ids) {
    const session = newSession(model);
    const results = new Float32Array(ids.length);
    const status = sessions.read(session, ids, results, undefined);
    sessions.destroy(session);
    return status === 0 ? results : status;
  },
  /** Shares, adopts and closes again and again. */
  many(ticket) {
    for (let i = 0; i < 200; i++) {
      const mine = models.adopt(ticket);
      if (models.share(mine) !== ticket) return 'another ticket';
      const session = newSession(mine);
      models.close(mine);
      sessions.read(session, new Uint32Array(1), undefined, undefined);
      sessions.destroy(session);
    }
    return 'done';
  },
  /** Begins work of every kind, more than the pool has threads, and waits for none. */
  work() {
    const input = new Float32Array(256 * 20_000).fill(0.25);
    const ids = new Uint32Array(200_000);
    const started = [];
    for (let i = 0; i < 3; i++) {
      const shape = { vocabSize: 64, hiddenDim: 128, mlpDim: 512, innerDim: 64, headDim: 32 };
      started.push(sessions.readAsync(newSession(newModel(shape)), ids, true, true, ignore));
      const trainer = newTrainer(shape, { batch: 4, context: 64 });
      const again = () => trainers.stepAsync(trainer, again);
      started.push(again());
      started.push(layers.startJob(newLayer({ hiddenDim: 256n }), input, true, ignore));
    }
    return started;
  },
};

parentPort.on('message', ([task, ...args]) => {
  parentPort.postMessage(tasks[task](...args));
});
