// The research reference: its picture, and that a wrong library would be noticed.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { missing, pythonWith } from '../../scripts/toolchain.mjs';
import { installed, output, shell } from './support/installed.mjs';

const lacking = missing(['Python']);
const test = lacking.length > 0 ? it.skip : it;
const artist = lacking.length > 0 ? null : pythonWith('matplotlib');

/** Replaces one line of what the wrapper gives to check.py, as a library with a fault would. */
const faulty = (fault) => `python3 - <<'END'
import sys
sys.path[:0] = ["examples/research", "examples/python"]
import bit_llama, bit_ttt, check
${fault}
check.main()
END`;

const faults = {
  surprise: `honest = bit_ttt.Layer.observe
def observe(self, token):
    output, surprise = honest(self, token)
    surprise[0] += 2e-4
    return output, surprise
bit_ttt.Layer.observe = observe`,
  memory: `honest = bit_ttt.Layer.memory
def memory(self):
    w = honest(self)
    w[3] *= 1.01
    return w
bit_ttt.Layer.memory = memory`,
  'log-probability': `honest = bit_llama.Session.read
def read(self, tokens):
    logprobs, surprise = honest(self, tokens)
    logprobs[0] = float("nan") if self.tokens_seen == 20 else logprobs[0]
    return logprobs, surprise
bit_llama.Session.read = read`,
};

describe('examples/research', () => {
  (artist ? it : it.skip)('draws its picture (matplotlib)', () => {
    const { folder, env } = installed();
    const picture = join(folder, 'surprise.svg');
    const printed = output(`${artist} examples/research/reference.py "${picture}"`, env);
    assert.match(printed, /^drawn to .*surprise\.svg$/m);
    assert.match(readFileSync(picture, 'utf8'), /<svg/);
  });

  (artist ? it : it.skip)('says in a sentence why it cannot draw (matplotlib)', () => {
    const { folder, env } = installed();
    for (const name of ['no/such/folder.svg', 'picture.nonsense']) {
      const picture = join(folder, name);
      const { status, stderr } = shell(
        `${artist} examples/research/reference.py "${picture}"`,
        env,
      );
      assert.equal(status, 1);
      assert.match(stderr, /^cannot draw [^\n]+\n$/);
    }
  });

  test('says where there is no matplotlib (Python)', () => {
    const program = `import sys
sys.modules["matplotlib"] = None
sys.path.insert(0, "examples/research")
import reference
reference.main("x.svg")`;
    assert.match(output(`python3 -c '${program}'`), /^no matplotlib here: no picture$/m);
  });

  for (const [name, fault] of Object.entries(faults))
    test(`notices a fault in a ${name} (Python)`, () => {
      const { status, stdout, stderr } = shell(faulty(fault), installed().env);
      assert.equal(status, 1, stdout + stderr);
      assert.match(stdout, new RegExp(`${name} .*TOO MUCH$`, 'm'));
      assert.match(stderr, /^Failure: /m);
    });
});
