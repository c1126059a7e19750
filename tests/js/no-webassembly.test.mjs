// A process without WebAssembly: a browser in Lockdown Mode, `node --jitless`. Without the addon either, nothing can
// compute, and every way in says so.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends, root } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import { bitTtt, json, refuses, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();
const reason = /this process has no WebAssembly \(.*Lockdown Mode.*--jitless\)/;

/** What each of these calls is rejected with, in a process with these flags. */
const outcomes = (entry, flags) =>
  runModule(
    `import { readFileSync } from 'node:fs';
     const bytes = readFileSync('models/stories.bitt');
     const wasm = readFileSync('dist/bit_ttt.wasm');
     const library = await import('${entry}');
     const { BitLlama, Trainer, TTT } = library;
     const options = [{}, { wasm }, { wasm: 'dist/bit_ttt.wasm' }, { backend: 'wasm' }, { backend: 'native' }];
     const calls = [
       () => library.init(), () => library.getInfo(), () => library.setKernel('simd128'),
       () => library.conformanceHash(), () => library.llamaConformanceHash(),
       () => TTT.create({ hiddenDim: 16 }), () => BitLlama.load(bytes),
       () => Trainer.create({ tokens: new Uint32Array(2000) }),
       ...options.map((one) => () => library.getInfo(one)),
     ];
     const found = [];
     for (const call of calls) {
       await call().then(
         () => found.push('nothing'),
         (error) => found.push(error instanceof library.TTTError ? error.code + ' ' + error.message : error.stack));
     }
     console.log(JSON.stringify(found));`,
    { flags },
  );

describe('without WebAssembly in the process', () => {
  const flags = ['--jitless', '--no-addons'];

  it('every way into the package says why', async () => {
    for (const entry of ['bit-ttt', 'bit-ttt/wasm', `${root}dist/browser.mjs`]) {
      const found = await outcomes(entry, flags);
      assert.equal(found.length, 13);
      for (const one of found) assert.match(one, /^BACKEND_UNAVAILABLE /, entry);
      for (const one of found.slice(0, 12)) assert.match(one, reason, entry);
    }
  });

  it('the entry without WebAssembly speaks of the addon', async () => {
    for (const one of await outcomes('bit-ttt/native', flags)) {
      assert.match(one, /^BACKEND_UNAVAILABLE .*(addon|has no WebAssembly)/);
    }
  });

  it('both reasons are given where both backends were tried', async () => {
    const [first] = await outcomes('bit-ttt', flags);
    assert.match(
      first,
      /the native addon could not be loaded: .*; and this process has no WebAssembly/,
    );
  });

  it('the addon works on', async function () {
    if (!backends.includes('native')) this.skip();
    const code = `import { getInfo } from 'bit-ttt'; console.log(JSON.stringify(await getInfo()));`;
    const { backend, fallback } = await runModule(code, { flags: ['--jitless'] });
    assert.deepEqual([backend, fallback], ['native', null]);
  });
});

describe('the command without WebAssembly and addon', () => {
  // Node would print a warning of its own for --jitless.
  const node = () => {
    const preload = folder.write('preload.cjs', 'delete globalThis.WebAssembly;');
    return ['--no-addons', '--require', preload];
  };
  const text = `${root}examples/alice.txt`;

  it('says so in one sentence, whatever is asked for', async () => {
    const out = folder.path('out.bitt');
    const model = `${root}models/stories.bitt`;
    const commands = [
      ['generate', 'x'],
      ['chat'],
      ['suggest', 'x'],
      ['train', text, '-o', out, '--steps', '1'],
      ['eval', text],
      ['adapt', text],
      ['convert', model, out],
      ['info', model],
      ['surprise', text],
      ['doctor'],
      ['bench', '--no-chart'],
    ];
    for (const args of commands) await refuses(args, 1, reason, { node: node() });
    for (const BIT_TTT_BACKEND of ['native', 'wasm']) {
      const env = { BIT_TTT_BACKEND };
      await refuses(
        ['generate', 'x'],
        1,
        new RegExp(`BIT_TTT_BACKEND is "${BIT_TTT_BACKEND}", but `),
        {
          node: node(),
          env,
        },
      );
    }
  });

  it('does what needs no engine', async () => {
    const out = folder.path('words.json');
    const args = ['tokenizer', 'train', text, '--vocab', '300', '-o', out];
    assert.equal((await json(args, { node: node() })).vocab_size, 300);
    const { status, stdout } = await bitTtt(['--help'], { node: node() });
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: bit-ttt/);
  });
});
