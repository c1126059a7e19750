// The wrapper in C# and the Unity component, compiled and run with mono.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { missing } from '../../node/toolchain.mjs';
import { installed, output, shell } from './support/installed.mjs';

const lacking = missing(['mono and its C# compiler']);
const test = lacking.length > 0 ? it.skip : it;
const why = lacking.map((tool) => ` (no ${tool})`);
const strict = 'mcs -warnaserror -warn:4';

describe('C# and Unity', () => {
  let prefix, env;
  const compiled = (name) => join(installed().folder, `${name}.exe`);
  before(() => ({ prefix, env } = installed()));

  test(`passes its checks${why}`, () => {
    const made = compiled('checks');
    output(`${strict} -out:"${made}" tests/languages/CSharpChecks.cs examples/csharp/Bit*.cs`, env);
    const files = 'tests/golden/conformance.txt models/bit-llama.bitt';
    const { status, stdout, stderr } = shell(`mono "${made}" ${files}`, env);
    assert.ok(status === 0, stdout + stderr);
    assert.ok(Number(/^(\d+) good, 0 bad$/m.exec(stdout)[1]) > 50, stdout);
  });

  test(`looks for the library where it says${why}`, () => {
    const made = compiled('example');
    output(`${strict} -out:"${made}" examples/csharp/*.cs`, env);
    const run = (variables) => {
      const { BIT_TTT_LIBRARY: _, ...bare } = env;
      return shell(`mono "${made}"`, { ...bare, ...variables });
    };
    assert.equal(run({ BIT_TTT_LIBRARY: env.BIT_TTT_LIBRARY }).status, 0);
    assert.equal(run({ LD_LIBRARY_PATH: `${prefix}/lib` }).status, 0);
    for (const [path, reason] of [
      ['/no/such/file', /no such file/],
      ['README.md', /README\.md \(DllNotFoundException\)/],
      ['', /set BIT_TTT_LIBRARY to its path/],
    ]) {
      const { status, stderr } = run({ BIT_TTT_LIBRARY: path });
      assert.equal(status, 1);
      assert.match(stderr, reason);
    }
  });

  test(`a Unity component learns a movement, and fails gently${why}`, () => {
    const made = compiled('unity');
    const sources = 'tests/languages/UnityStandIn.cs examples/unity/*.cs examples/csharp/Bit*.cs';
    output(`${strict} -define:UNITY_5_3_OR_NEWER -out:"${made}" ${sources}`, env);
    const data = mkdtempSync(join(installed().folder, 'data-'));
    const scene = output(`mono "${made}" "${data}"`, { ...env, LD_LIBRARY_PATH: `${prefix}/lib` });
    assert.deepEqual(scene.trim().split('\n'), [
      'in the circle: 0 surprises',
      'at the jump: surprised',
      'after a restart: 0 surprises',
      'forgotten and learnt again: 0 surprises',
      '0 collections',
      'True False',
      'BitTttMemory: the state is of a layer with another hidden_dim',
      'BitTttMemory: HiddenDim must be 4 to 65536, not -5',
      'ArgumentException',
      'ArgumentException',
      'ArgumentException',
      'BitTttException',
      "the other memory's file still has 1216 bytes",
      'BitTttMemory is not enabled',
      'a memory that cannot be kept: 1 error',
    ]);
  });
});
