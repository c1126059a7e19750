// THIRD-PARTY-LICENSES names all code of others that is published, and the build refuses code whose
// terms nobody has looked at. Development packages are pinned and explained. Workflows run only actions that cannot
// change under their name.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './support/backends.mjs';

const { packagesOf, pageLicenses, thirdPartyLicenses } = await import('../../scripts/licenses.mjs');
const text = readFileSync(join(root, 'THIRD-PARTY-LICENSES'), 'utf8');
const dist = readdirSync(join(root, 'dist')).filter((name) => /\.[cm]js$/.test(name));

describe('licenses of others', () => {
  it('name each package that a published file says it contains', () => {
    // esbuild writes the source's path before each part of a bundle.
    const parts = dist.flatMap((name) =>
      [
        ...readFileSync(join(root, 'dist', name), 'utf8').matchAll(
          /^ *\/\/ (node_modules\/\S+)$/gm,
        ),
      ].map((match) => match[1]),
    );
    const packages = packagesOf(parts);
    assert.deepEqual(packages, ['@huggingface/tokenizers', 'fzstd']);
    for (const name of packages) {
      const [, section] = text.split(`\n${name} `);
      assert.ok(section, `${name} is not named`);
      const own = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim();
      assert.ok(section.includes(own), `the terms of ${name} are not given`);
    }
  });

  it('name what the compilers link', () => {
    for (const name of ['node-api-headers', 'Emscripten', 'musl libc'])
      assert.match(text, new RegExp(`^${name} .*\\(MIT\\)`, 'm'));
    assert.match(text, /Rich Felker/);
    assert.match(text, /Sun Microsystems/);
  });

  it('are refused by the build if they are not known to be fine', () => {
    const bundled =
      (...files) =>
      () =>
        thirdPartyLicenses(files);
    assert.throws(bundled('node_modules/axe-core/axe.js'), /axe-core is under MPL-2\.0/);
    assert.throws(bundled('node_modules/no-such-package/a.js'), /no-such-package/);
    assert.doesNotThrow(bundled('ts/index.ts', 'node_modules/uplot/dist/uPlot.esm.js'));
  });

  it('of the page include those of the package and its own', () => {
    const page = pageLicenses([join(root, 'node_modules/uplot/dist/uPlot.esm.js')]);
    for (const part of [
      text.trim(),
      'uplot 1.',
      readFileSync(join(root, 'LICENSE'), 'utf8').trim(),
    ])
      assert.ok(page.includes(part));
  });
});

describe('development packages', () => {
  it('are each pinned to one version, and CONTRIBUTING.md says what they are for', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const [, section] = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split(
      '\n## Development packages\n',
    );
    for (const [name, version] of Object.entries(devDependencies)) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
      assert.ok(section.includes(name), `${name} is not named`);
    }
  });
});

describe('workflows', () => {
  it('run actions by the hash of their commit, with the version beside it', () => {
    const folder = join(root, '.github/workflows');
    const uses = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/^.*\buses:\s*(.*)$/gm)].map(
        (match) => `${name}: ${match[1]}`,
      ),
    );
    assert.ok(uses.length > 5);
    const loose = uses.filter(
      (line) => !/: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d[\d.]*$/.test(line),
    );
    assert.deepEqual(loose, []);
  });
});
