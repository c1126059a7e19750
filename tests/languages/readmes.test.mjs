// Every command in the READMEs of the examples, run as a reader would; each prints what it says.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { missing } from '../../scripts/toolchain.mjs';
import { installed, output } from './support/installed.mjs';
import { blocks, comparable, scripts } from './support/readme.mjs';

const compilers = ['a C compiler', 'a C++ compiler', 'CMake', 'pkg-config'];
const examples = {
  python: ['Python'],
  c: compilers,
  cpp: compilers,
  csharp: ['mono and its C# compiler'],
  unity: [],
  research: ['Python'],
};

for (const [name, tools] of Object.entries(examples)) {
  const readme = `examples/${name}/README.md`;
  describe(readme, () => {
    const lacking = missing(tools);
    const test = lacking.length > 0 ? it.skip : it;
    for (const { script, expected, varies } of scripts(readme)) {
      test(`${script.trim().split('\n').at(-1)}${lacking.map((tool) => ` (no ${tool})`)}`, () => {
        const printed = output(script, installed().env);
        if (expected !== undefined)
          assert.equal(comparable(printed, varies), comparable(expected, varies));
      });
    }
  });
}

describe('examples/python/README.md', () => {
  (missing(['Python']).length > 0 ? it.skip : it)('shows a program that runs (Python)', () => {
    const all = blocks('examples/python/README.md');
    const at = all.findIndex(({ info }) => info === 'python');
    const { folder, env } = installed();
    writeFileSync(join(folder, 'shown.py'), all[at].text);
    const path = { ...env, PYTHONPATH: 'examples/python' };
    assert.equal(output(`python3 ${join(folder, 'shown.py')}`, path), all[at + 1].text);
  });
});

describe('READMEs of the examples', () => {
  it('have no block that no test runs', () => {
    const elsewhere = { electron: ['sh'], python: ['python'], unity: ['csharp'] }; // its own test
    const folders = readdirSync('examples', { withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    );
    for (const { name } of folders) {
      const run = [
        ...(examples[name] ? ['sh', 'text', 'text varies'] : []),
        ...(elsewhere[name] ?? []),
      ];
      for (const { info } of blocks(`examples/${name}/README.md`))
        assert.ok(run.includes(info), `${name}: a block of '${info}'`);
    }
  });
});
