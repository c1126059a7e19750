// The wrapper in C# and the Unity component, compiled and run with mono.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { missing } from '../../scripts/toolchain.mjs';
import { installed, output, shell } from './support/installed.mjs';
import { blocks } from './support/readme.mjs';
import { sharded } from './support/sharded.mjs';

const lacking = missing(['mono and its C# compiler']);
const test = lacking.length > 0 ? it.skip : it;
const why = lacking.map((tool) => ` (no ${tool})`);
const strict = 'mcs -warnaserror -warn:4';

const unity = 'tests/languages/UnityStandIn.cs examples/unity/*.cs examples/csharp/Bit*.cs';
const buildUnity = `${strict} -define:UNITY_5_3_OR_NEWER ${unity}`;

/** The lines that the README of Unity shows, called with the same input 600 times and then another. */
const shownToUnity = (lines) => `using System;
using System.Reflection;
using UnityEngine;
static class Shown
{
    static void Step(BitTttMemory memory)
    {
${lines}    }

    static int Run(BitTttMemory memory, int steps)
    {
        Debug.Lines.Clear();
        for (int i = 0; i < steps; i++) Step(memory);
        return Debug.Lines.Count;
    }

    static void Main()
    {
        var memory = new BitTttMemory { WatchMovement = false };
        var flags = BindingFlags.Instance | BindingFlags.NonPublic;
        typeof(BitTttMemory).GetMethod("OnEnable", flags).Invoke(memory, null);
        Run(memory, 500);
        Console.WriteLine("the same: {0} lines", Run(memory, 100));
        Input.Horizontal = 1;
        Console.WriteLine("another: {0} {1}", Run(memory, 1), Debug.Lines[0]);
    }
}
`;

describe('C# and Unity', () => {
  let prefix, env;
  const compiled = (name) => join(installed().folder, `${name}.exe`);
  before(() => ({ prefix, env } = installed()));

  test(`passes its checks${why}`, () => {
    const made = compiled('checks');
    output(`${strict} -out:"${made}" tests/languages/CSharpChecks.cs examples/csharp/Bit*.cs`, env);
    const files = `tests/golden/conformance.txt models/stories.bitt "${sharded()}"`;
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
    output(`${buildUnity} -out:"${made}"`, env);
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

  test(`the README's lines for Unity tell the unusual${why}`, () => {
    const shown = blocks('examples/unity/README.md').filter(({ info }) => info === 'csharp');
    assert.equal(shown.length, 1);
    const made = compiled('shown');
    const source = join(installed().folder, 'Shown.cs');
    writeFileSync(source, shownToUnity(shown[0].text));
    output(`${buildUnity} "${source}" -main:Shown -out:"${made}"`, env);
    const printed = output(`mono "${made}"`, { ...env, LD_LIBRARY_PATH: `${prefix}/lib` });
    assert.equal(printed, 'the same: 0 lines\nanother: 1 unusual\n');
  });
});
