// The wrapper in Python: python_checks.py, and again under a Python that has NumPy, if one is here.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

import { missing, pythonWith } from '../../scripts/toolchain.mjs';
import { installed, root } from './support/installed.mjs';

const lacking = missing(['Python']).length > 0;
const withNumpy = pythonWith('numpy');

function check(python) {
  const options = { cwd: root, env: installed().env, encoding: 'utf8' };
  const { status, stderr } = spawnSync(python, ['tests/languages/python_checks.py'], options);
  const [, ran] = /^Ran (\d+) tests/m.exec(stderr) ?? assert.fail(stderr);
  assert.ok(status === 0 && Number(ran) > 20, stderr);
  return stderr;
}

describe('examples/python', () => {
  (lacking ? it.skip : it)('passes its checks (Python)', () => check('python3'));
  (withNumpy ? it : it.skip)('passes them with NumPy arrays (NumPy)', () => {
    assert.doesNotMatch(check(withNumpy), /skipped/);
  });
});
