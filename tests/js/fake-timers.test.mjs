// Long calls under fake timers: those of node:test, and those of Jest and Vitest (@sinonjs/fake-timers), which put
// functions that never call back in the place of the globals until the test advances its clock.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mock } from 'node:test';

import { BitLlama, evaluateText, Trainer, TTT, trainBpe } from 'bit-ttt';

import { backends, noise, root, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import {
  collect,
  recipe,
  shape,
  smallModel,
  smallTokenizer,
  text,
  unseen,
} from './support/small-llama.mjs';

/** What the fakes of Jest and Vitest replace. */
const NAMES = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
  'requestIdleCallback',
];

const real = Object.getOwnPropertyDescriptors(globalThis);
const { now } = performance;
const { nextTick, hrtime } = process;

/** Also after a call that hangs, so that the next test is judged by itself. */
function restore() {
  performance.now = now;
  Object.assign(process, { nextTick, hrtime });
  for (const name of [...NAMES, 'Date']) {
    if (real[name]) Object.defineProperty(globalThis, name, real[name]);
    else delete globalThis[name];
  }
  mock.timers?.reset();
}

/** Runs `body` with globals that never call back and, unless `clocks` is false, clocks that stand still. */
async function frozen(body, clocks = true) {
  for (const name of NAMES) globalThis[name] = () => 1;
  globalThis.Date = class extends Date {
    constructor(...given) {
      super(...(given.length > 0 ? given : [0]));
    }
    static now() {
      return 0;
    }
  };
  if (clocks) performance.now = () => 0;
  process.nextTick = () => undefined;
  process.hrtime = () => [0, 0];
  try {
    return await body();
  } finally {
    restore();
  }
}

/** Runs `body` under node:test's mock timers, which have a clock of their own, too. */
async function mocked(body) {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'setImmediate', 'Date'] });
  try {
    return await body();
  } finally {
    restore();
  }
}

const kinds = {
  'those of Jest and Vitest': frozen,
  'theirs without performance': (body) => frozen(body, false),
};
if (mock.timers) kinds["node:test's"] = mocked;

for (const [name, fake] of Object.entries(kinds)) {
  describe(`under fake timers, ${name}`, () => {
    before(async () => {
      await smallModel();
    });
    afterEach(restore);

    it('tokenizers encode and are trained', async () => {
      const tokenizer = await smallTokenizer();
      const long = text.repeat(100);
      const ids = await fake(() => tokenizer.encodeAsync(long));
      assert.deepEqual(ids, tokenizer.encode(long));
      const { json } = await fake(() => trainBpe(long, { vocabSize: 600 }));
      assert.deepEqual(json, (await trainBpe(long, { vocabSize: 600 })).json);
    });

    for (const backend of backends) {
      it(`models are loaded, read and write (${backend})`, async () => {
        const file = await smallModel();
        const model = await fake(() => BitLlama.load(file, { backend }));
        const session = model.createSession();
        const seen = await fake(() => session.observe(text));
        assert.ok(seen.length > 1000);
        const { tokens } = await fake(() =>
          collect(session.generate('', { maxTokens: 600, stopTokens: [] })),
        );
        assert.equal(tokens.length, 600);
        const { documents } = await fake(() => evaluateText(model, unseen));
        assert.equal(documents, 8);
        model.destroy();
      });

      it(`trainers step (${backend})`, async () => {
        const tokenizer = await smallTokenizer();
        const options = { text, tokenizer, backend, config: shape, training: recipe };
        const trainer = await fake(() => Trainer.create(options));
        const steps = await fake(async () => {
          const all = [];
          for await (const step of trainer.run({ until: 3 })) all.push(step);
          return all;
        });
        assert.deepEqual(
          steps.map(({ step }) => step),
          [1, 2, 3],
        );
        assert.ok(
          steps.every(({ tokensPerSecond }) => tokensPerSecond > 0),
          'time has passed',
        );
        trainer.destroy();
      });

      it(`layers answer later (${backend})`, async () => {
        const create = () => TTT.create({ hiddenDim: 64, backend });
        const [layer, twin] = [await fake(create), await create()];
        const input = noise(64 * 4000);
        sameBits(await fake(() => layer.forwardAsync(input)), twin.forward(input));
        const { surprise } = await fake(() => layer.observeAsync(input));
        sameBits(surprise, twin.observe(input).surprise);
      });
    }
  });
}

describe('fake timers that were there before the package', () => {
  const program = (backend) => `
    import { createRequire } from 'node:module';
    import { mock } from 'node:test';
    const immediate = setImmediate;
    const fakes = [
      () => { globalThis.setImmediate = function () { return 1; }; },
      () => { globalThis.setImmediate = function setImmediate() { return { id: 1, ref() {}, unref() {} }; }; },
      () => mock.timers?.enable({ apis: ['setInterval', 'setTimeout', 'setImmediate', 'Date'] }),
    ];
    fakes[process.env.KIND]();
    const { TTT, trainBpe } = createRequire(${JSON.stringify(root)})('bit-ttt');
    const layer = await TTT.create({ hiddenDim: 64, backend: '${backend}' });
    const { length } = await layer.forwardAsync(new Float32Array(64 * 4000).fill(0.5));
    const words = Array.from({ length: 60000 }, (_, i) => (i * i * 31).toString(36)).join(' ');
    const { vocabSize } = await trainBpe(words, { vocabSize: 500 });
    console.log(JSON.stringify({ length, vocabSize }));
    process.exit();`;

  for (const backend of backends) {
    it(`hang nothing on Node (${backend})`, async () => {
      for (const KIND of [0, 1, 2]) {
        const found = await runModule(program(backend), { env: { KIND: String(KIND) } });
        assert.deepEqual(found, { length: 64 * 4000, vocabSize: 500 });
      }
    });
  }
});
