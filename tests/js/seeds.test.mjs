// Every bit of a seed counts, whatever takes one: seeds that differ above the 32nd bit alone give other
// weights, other tokens and another training, on every backend and through the command.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { TTT } from 'bit-ttt';

import { backends, onEachBackend } from './support/backends.mjs';
import { json, output, temporaryFolder } from './support/cli.mjs';
import { alice, small as shape } from './support/cli-llama.mjs';
import { collect, loadSmall, smallModel, smallTrainer } from './support/small-llama.mjs';

/** A small seed, and it with each of the higher bits. */
const seeds = [5n, ...Array.from({ length: 32 }, (_, i) => 5n | (1n << BigInt(32 + i)))];

/** Nearly every token is as likely as every other. */
const wild = { temperature: 50, minP: 0 };

async function withSession(backend, use) {
  const model = await loadSmall(backend);
  const session = model.createSession();
  try {
    return await use(session);
  } finally {
    session.destroy();
    model.destroy();
  }
}

/** What each function that takes a seed makes of it. */
const functions = {
  async 'TTT.create'(backend, seed) {
    const layer = await TTT.create({ hiddenDim: 16, seed, backend });
    const { fingerprint } = layer;
    layer.destroy();
    return fingerprint;
  },
  'session.draw': (backend, seed) =>
    withSession(backend, (session) => {
      const drawn = [];
      for (let i = 0; i < 24; i++) {
        drawn.push(session.draw({ seed, ...wild }));
        session.read([i + 1]);
      }
      return drawn.join(' ');
    }),
  'session.generate': (backend, seed) =>
    withSession(backend, async (session) => {
      const options = { seed, ...wild, maxTokens: 24 };
      const { tokens } = await collect(session.generate([1, 2, 3], options));
      return [...tokens].join(' ');
    }),
  async 'Trainer.create'(backend, seed) {
    const trainer = await smallTrainer({ training: { seed, batch: 1, context: 16 }, backend });
    const state = Buffer.from(trainer.save());
    trainer.destroy();
    return state.toString('base64');
  },
};

onEachBackend('seeds', (backend) => {
  for (const [name, use] of Object.entries(functions)) {
    it(`count with all their bits in ${name}`, async () => {
      const made = [];
      for (const seed of seeds) made.push(await use(backend, seed));
      assert.equal(new Set(made).size, seeds.length);
      assert.equal(await use(backend, seeds[7]), made[7]);
      for (const seed of [2 ** 32 + 5, 2 ** 40 + 5]) {
        assert.equal(await use(backend, seed), made[seeds.indexOf(BigInt(seed))]);
      }
      assert.equal(await use(backends[0], seeds[32]), made[32], 'another backend');
    });
  }
});

describe('--seed', () => {
  const folder = temporaryFolder();
  const given = ['5', String(5n + (1n << 32n)), String(5n + (1n << 63n))];
  let model;
  before(async () => (model = folder.write('small.bitt', await smallModel())));

  const commands = {
    async generate(seed) {
      const args = ['generate', '--model', model, '--max-tokens', '24', '--temperature', '50'];
      const report = await json([...args, '--min-p', '0', '--seed', seed]);
      assert.equal(report.seed, seed);
      return report.tokens.join(' ');
    },
    async train(seed) {
      const out = folder.path(`train-${seed}.bitt`);
      await output(['train', alice, '--out', out, ...shape, '--steps', '1', '--seed', seed]);
      return readFileSync(out).toString('base64');
    },
  };
  for (const [name, run] of Object.entries(commands)) {
    it(`counts with all its bits in ${name}`, async () => {
      const made = [];
      for (const seed of given) made.push(await run(seed));
      assert.equal(new Set(made).size, given.length);
    });
  }
});
