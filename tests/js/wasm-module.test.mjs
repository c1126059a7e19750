// The WebAssembly module itself: what it imports and exports, where it may come from, and what
// happens when it runs out of memory or traps.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { conformanceHash, getInfo, llamaConformanceHash, TTT } from 'bit-ttt';

import { backends, fails, noise, rejects, root, sameBits } from './support/backends.mjs';
import { listed } from './support/counted-wasm.mjs';
import { memoryLimits, withMemoryLimit, withTrap } from './support/wasm-patch.mjs';

const path = `${root}dist/bit_ttt.wasm`;
const backend = 'wasm';

describe('the WebAssembly module', () => {
  let bytes;
  before(function () {
    if (!backends.includes('wasm')) this.skip();
    bytes = readFileSync(path);
  });

  const create = (wasm, options) => TTT.create({ hiddenDim: 16, ...options, backend, wasm });

  it('exports the functions that ts/engine/wasm/exports.ts declares, and no others', () => {
    // What Emscripten versions add by themselves.
    const runtime =
      /^(memory|_initialize|__indirect_function_table|__errno_location|_?(emscripten_)?stack\w+)$/;
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes))
      .map(({ name }) => name)
      .filter((name) => !runtime.test(name));
    assert.deepEqual(exported.sort(), [...listed].sort());
    const own = listed.filter((name) => !/^(ttt|bitllama)_/.test(name));
    assert.deepEqual(own, ['malloc', 'free']);
  });

  it('with relaxed instructions differs from it in those alone, and computes the same bits', async () => {
    const relaxed = readFileSync(`${root}dist/bit_ttt_relaxed.wasm`);
    assert.equal(relaxed.length, bytes.length);
    const changed = [...bytes.keys()].filter((i) => bytes[i] !== relaxed[i]);
    const seconds = changed.filter((i) => bytes[i] === 0x86);
    assert.ok(seconds.length > 10);
    for (const i of seconds) {
      assert.deepEqual([...bytes.subarray(i - 1, i + 2)], [0xfd, 0x86, 0x01]);
      assert.deepEqual([...relaxed.subarray(i - 1, i + 2)], [0xfd, 0x92, 0x02]);
    }
    assert.equal(changed.length, 2 * seconds.length);
    // Node 20 has them behind a flag, and refuses a module that has them in code without it.
    const program = `
      import { conformanceHash, getInfo, llamaConformanceHash, setKernel } from 'bit-ttt';
      const { kernel, kernels } = await getInfo({ backend: 'wasm' });
      const hashes = [];
      for (const name of kernels) {
        await setKernel(name, { backend: 'wasm' });
        hashes.push(await conformanceHash({ backend: 'wasm' }), await llamaConformanceHash({ backend: 'wasm' }));
      }
      console.log(JSON.stringify({ kernel, kernels, hashes }));`;
    const flags =
      Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
    const options = { cwd: root, encoding: 'utf8' };
    const best = JSON.parse(
      execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', program], options),
    );
    assert.deepEqual([best.kernel, best.kernels], ['relaxed', ['relaxed', 'simd128']]);
    const plain = { backend, wasm: bytes };
    assert.equal((await getInfo(plain)).kernel, 'simd128');
    const hashes = [await conformanceHash(plain), await llamaConformanceHash(plain)];
    assert.deepEqual(best.hashes, [...hashes, ...hashes]);
  });

  it('its memory is touched by one file only', () => {
    const users = readdirSync(`${root}ts`, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => /memory\.buffer/.test(readFileSync(`${root}ts/${name}`, 'utf8')));
    assert.deepEqual(users, ['engine/wasm/heap.ts']);
  });

  it('imports nothing but the notice of memory growth, and no shared memory', () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    for (const { kind, name } of imports) {
      assert.equal(kind, 'function');
      assert.equal(name, 'emscripten_notify_memory_growth');
    }
    assert.ok(memoryLimits(bytes).minimum <= 32, 'starts with at most 2 MiB');
  });

  it('traps when its stack overflows, instead of overwriting data: the stack comes first', () => {
    // With the stack first, no data lies below it: the first data segment is above 128 KiB.
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { emscripten_notify_memory_growth() {} },
    });
    const version = instance.exports.ttt_version() >>> 0;
    assert.ok(version >= 131072, `constants at ${version}`);
  });

  it('comes from bytes, a buffer, a compiled module, a path, a URL or a text', async () => {
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const sources = [
      bytes,
      new Uint8Array(buffer),
      buffer,
      await WebAssembly.compile(bytes),
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      `data:application/wasm;base64,${bytes.toString('base64')}`,
    ];
    const expected = (await create(undefined)).forward(noise(64));
    for (const source of sources) {
      sameBits((await create(source)).forward(noise(64)), expected);
    }
  });

  it('from a bad source is an error that says why', async () => {
    const gone = `${root}no-such-file.wasm`;
    await rejects(() => create(gone), 'BACKEND_UNAVAILABLE', /cannot read .*no-such-file\.wasm/);
    await rejects(() => create(new URL('nope:x')), 'BACKEND_UNAVAILABLE', /cannot read/);
    await rejects(() => create(bytes.subarray(0, 1000)), 'BACKEND_UNAVAILABLE', /cannot compile/);
    await rejects(() => create(new Uint8Array(0)), 'BACKEND_UNAVAILABLE', /cannot compile/);
    await rejects(() => create(`${root}package.json`), 'BACKEND_UNAVAILABLE', /cannot compile/);
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    await rejects(() => create(empty), 'BACKEND_UNAVAILABLE', /not the module of bit-ttt/);
    for (const source of [5, true, {}, Symbol('x'), () => bytes]) {
      await rejects(() => create(source), 'INVALID_ARGUMENT', /wasm must be a URL/);
    }
    // A failure is not remembered.
    assert.equal((await getInfo({ backend })).backend, backend);
  });

  it('is one instance per source, however often and however early it is asked for', async () => {
    const compiled = await WebAssembly.compile(bytes);
    const { instantiate } = WebAssembly;
    let instances = 0;
    WebAssembly.instantiate = (...args) => {
      instances++;
      return instantiate(...args);
    };
    try {
      await Promise.all([create(compiled), create(compiled), create(compiled)]);
      await create(compiled);
    } finally {
      WebAssembly.instantiate = instantiate;
    }
    assert.equal(instances, 1);
  });

  it('out of memory is an error, and everything else goes on', async () => {
    const small = withMemoryLimit(bytes, 20);
    const layer = await create(small, { hiddenDim: 64 });
    const expected = layer.forward(noise(640));
    layer.reset();
    await rejects(() => create(small, { hiddenDim: 4096 }), 'OUT_OF_MEMORY');
    const twins = [];
    const error = fails(
      () => {
        for (;;) twins.push(layer.clone());
      },
      'OUT_OF_MEMORY',
      /nothing was changed/,
    );
    assert.equal(error.status, 6);
    assert.ok(twins.length > 3, `${twins.length} clones`);
    // Full to the brim: whatever needs memory fails, and changes nothing.
    const wide = await TTT.create({ hiddenDim: 4096, backend });
    fails(() => layer.loadState(wide.saveState()), 'OUT_OF_MEMORY');
    await rejects(() => layer.forwardAsync(noise(64)), 'OUT_OF_MEMORY');
    fails(() => layer.forward(noise(64 * 3000)), 'OUT_OF_MEMORY');
    assert.equal(layer.tokensSeen, 0);
    sameBits(layer.forward(noise(640)), expected);
    for (const twin of twins) twin.destroy();
    layer.reset();
    sameBits(await layer.forwardAsync(noise(640)), expected);
    layer.forward(noise(64 * 3000));
  });

  it('after a trap refuses everything, and a new layer gets a new instance', async () => {
    const broken = await WebAssembly.compile(withTrap(bytes, 'ttt_forward_ex'));
    const layer = await create(broken);
    const other = await create(broken);
    const state = other.saveState();
    const error = fails(() => layer.forward(noise(16)), 'POISONED', /cannot be trusted/);
    assert.equal(error.status, 65);
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    for (const each of [layer, other]) {
      fails(() => each.forward(noise(16)), 'POISONED');
      fails(() => each.saveState(), 'POISONED');
      fails(() => each.loadState(state), 'POISONED');
      fails(() => each.clone(), 'POISONED');
      fails(() => each.reset(), 'POISONED');
      fails(() => each.tokensSeen, 'POISONED');
      fails(() => each.fingerprint, 'POISONED');
      await rejects(() => each.forwardAsync(noise(16)), 'POISONED');
      each.destroy();
      fails(() => each.forward(noise(16)), 'DESTROYED');
    }
    const fresh = await create(broken);
    sameBits(fresh.saveState(), state);
  });

  it('a trap in an asynchronous call poisons as well, and the promise says so', async () => {
    const broken = await WebAssembly.compile(withTrap(bytes, 'ttt_forward_ex'));
    const layer = await create(broken);
    await rejects(() => layer.forwardAsync(noise(16)), 'POISONED');
    fails(() => layer.saveState(), 'POISONED');
    layer.destroy();
  });

  it('a trap elsewhere does not spread to other instances', async () => {
    const good = await create(undefined);
    for (const name of [
      'ttt_save_state',
      'ttt_clone',
      'ttt_create_from_config',
      'ttt_set_weights',
    ]) {
      const broken = await WebAssembly.compile(withTrap(bytes, name));
      await assert.rejects(
        async () => {
          const layer = await create(broken);
          layer.saveState();
          layer.clone();
          layer.setWeights(layer.getWeights());
        },
        { code: 'POISONED' },
      );
    }
    assert.equal(good.forward(noise(16)).length, 16);
  });
});
