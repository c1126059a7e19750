// Environment variables that may not be read: Deno without --allow-env throws for each that is asked for.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import { bitTtt, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();

/** Makes every look at such variables throw; Node itself asks for others. */
const forbid = (names) => `
  const ours = ${names};
  const forbidden = (env, name) => {
    if (!ours.test(name)) return undefined;
    throw Object.assign(new Error('Requires env access'), { name: 'NotCapable' });
  };
  const handlers = { get: forbidden, deleteProperty: forbidden };
  Object.defineProperty(process, 'env', { value: new Proxy({}, handlers), configurable: true });`;

describe('environment variables that may not be read', () => {
  it('count as not set in the library', async () => {
    for (const entry of ['bit-ttt', 'bit-ttt/wasm', 'bit-ttt/native']) {
      if (!backends.includes(entry.slice(8) || backends[0])) continue;
      const found = await runModule(
        `${forbid(/^BIT_TTT_/)}
        const { BitLlama, getInfo, TTT } = await import('${entry}');
        const { backend, fallback } = await getInfo();
        const layer = await TTT.create({ hiddenDim: 16 });
        const model = await BitLlama.load('models/stories.bitt');
        console.log(JSON.stringify({ backend, fallback, layer: layer.backend, model: model.backend }));`,
        { env: { BIT_TTT_BACKEND: 'nonsense' } },
      );
      const backend = entry === 'bit-ttt/wasm' ? 'wasm' : backends[0];
      assert.deepEqual(found, { backend, fallback: null, layer: backend, model: backend }, entry);
    }
  });

  it('count as not set in the command', async () => {
    const node = [
      '--require',
      folder.write('forbid.cjs', forbid(/^(BIT_TTT_|NO_COLOR$|FORCE_COLOR$|COLUMNS$)/)),
    ];
    const env = { BIT_TTT_KERNEL: 'none', FORCE_COLOR: '1' };
    for (const args of [
      ['doctor'],
      ['info', 'models/stories.bitt'],
      ['generate', '-m', 'stories', '--max-tokens', '2', 'x'],
    ]) {
      const { status, stdout, stderr } = await bitTtt(args, { node, env });
      assert.deepEqual([status, stderr], [0, ''], args.join(' '));
      assert.doesNotMatch(stdout, /\x1b/, args.join(' '));
    }
  });
});
