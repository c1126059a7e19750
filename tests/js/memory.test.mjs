// Memory comes back: from destroyed layers, from forgotten ones, and after long inputs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { onEachBackend } from './support/backends.mjs';
import { runModule } from './support/child.mjs';

const MIB = 2 ** 20;
const flags = ['--expose-gc'];

/** Code that measures, for one backend: resident memory, and the bytes that V8 was told of. */
const prelude = (backend) => `
  import { TTT, init } from 'bit-ttt';
  const backend = '${backend}';
  await init({ backend });
  const collect = async () => {
    for (let i = 0; i < 10; i++) {
      globalThis.gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const external = () => process.memoryUsage().external;
  const resident = () => process.memoryUsage().rss;
`;

onEachBackend('memory', (backend) => {
  const run = (code) => runModule(prelude(backend) + code, { flags });

  it('of destroyed layers is used again', async () => {
    const growth = await run(`
      const cycle = async () => {
        for (let i = 0; i < 3000; i++) {
          const layer = await TTT.create({ hiddenDim: 256, backend });
          const twin = layer.clone();
          twin.destroy();
          layer.destroy();
        }
        await collect();
      };
      await cycle();
      const before = resident();
      await cycle();
      await cycle();
      console.log(resident() - before);`);
    // One layer takes about 0.2 MiB, so a leak of all would be more than 1000 MiB.
    assert.ok(growth < 48 * MIB, `grew by ${(growth / MIB).toFixed(1)} MiB`);
  });

  it('of forgotten layers comes back with the garbage collection', async () => {
    const growth = await run(`
      const forget = async (count) => {
        for (let i = 0; i < count; i++) await TTT.create({ hiddenDim: 512, backend });
      };
      const cycle = async () => {
        for (let i = 0; i < 10; i++) {
          await forget(50);
          await collect();
        }
      };
      await cycle();
      const before = resident();
      await cycle();
      await cycle();
      console.log(resident() - before);`);
    // 1000 layers of more than 0.3 MiB each.
    assert.ok(growth < 64 * MIB, `grew by ${(growth / MIB).toFixed(1)} MiB`);
  });

  it('does not grow with the number of calls, synchronous, asynchronous or failing', async () => {
    const growth = await run(`
      const layer = await TTT.create({ hiddenDim: 64, backend });
      const input = new Float32Array(64 * 300).fill(0.25);
      const bad = input.slice().fill(NaN);
      const cycle = async (count) => {
        for (let i = 0; i < count; i++) {
          layer.forward(input, input.slice());
          try { layer.forward(bad); } catch {}
          await layer.forwardAsync(input);
          await layer.forwardAsync(bad).catch(() => undefined);
          layer.loadState(layer.saveState());
          const controller = new AbortController();
          const call = layer.forwardAsync(input, { signal: controller.signal });
          controller.abort();
          await call.catch(() => undefined);
        }
        await collect();
      };
      await cycle(300);
      const before = resident();
      await cycle(1500);
      console.log(resident() - before);`);
    // Each round handles more than 0.3 MiB, so a leak of one array a round would be over 100 MiB.
    assert.ok(growth < 48 * MIB, `grew by ${(growth / MIB).toFixed(1)} MiB`);
  });

  // On WebAssembly the layers lie in one memory that V8 cannot look into.
  if (backend === 'native')
    it('of forgotten layers comes back unasked, since the collector knows their size', async () => {
      const growth = await runModule(`${prelude(backend)}
      const before = resident();
      for (let i = 0; i < 1500; i++) {
        await TTT.create({ hiddenDim: 1024, backend });
        if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      console.log(resident() - before);`);
      // 1500 layers of half a MiB.
      assert.ok(growth < 350 * MIB, `grew by ${(growth / MIB).toFixed(0)} MiB`);
    });

  // The addon uses the caller's arrays.
  if (backend === 'wasm')
    it('of WebAssembly does not grow with the length of the input', async () => {
      const growth = await run(`
      const seen = [];
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...args) => {
        const instance = await instantiate(...args);
        seen.push(instance.exports.memory);
        return instance;
      };
      const { readFileSync } = await import('node:fs');
      const wasm = await WebAssembly.compile(readFileSync('dist/bit_ttt.wasm'));
      const layer = await TTT.create({ hiddenDim: 64, backend, wasm });
      layer.forward(new Float32Array(64 * 20_000)); // more than goes through at once
      const before = seen[0].buffer.byteLength;
      layer.forward(new Float32Array(64 * 200_000));
      await layer.forwardAsync(new Float32Array(64 * 200_000));
      console.log(seen[0].buffer.byteLength - before);`);
      assert.ok(growth < MIB, `${growth} bytes for an input of 51 MB`);
    });
});
