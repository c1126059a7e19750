// sharing-worker.mjs - what the worker threads of sharing.test.mjs do: one command a message.
// SPDX-License-Identifier: MIT
import { parentPort } from 'node:worker_threads';

import { BitLlama } from 'bit-ttt';

import { collect } from './small-llama.mjs';

const models = [];

const COMMANDS = {
  /** Loads a model so often, and tells what it is and writes. */
  async load({ source, times = 1 }) {
    for (let i = 0; i < times; i++) models.push(await BitLlama.load(source));
    const { fingerprint } = models.at(-1);
    return { fingerprint, shared: models.at(-1).share() };
  },

  async write(options) {
    const session = models.at(-1).createSession();
    const { text } = await collect(session.generate('The ', options));
    session.destroy();
    return text;
  },

  destroy() {
    for (const model of models.splice(0)) model.destroy();
  },
};

parentPort.on('message', async ({ command, ...given }) => {
  try {
    parentPort.postMessage({ result: await COMMANDS[command](given) });
  } catch ({ code, message }) {
    parentPort.postMessage({ code, message });
  }
});
