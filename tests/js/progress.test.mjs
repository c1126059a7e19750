// What `npm test` says about the stage that is running (scripts/progress.mjs).
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { Progress } from '../../scripts/progress.mjs';

/** What is written when a stage, or a program without one, prints these lines. */
function written(lines, { isTTY, columns, stage = 'js' }) {
  let text = '';
  const output = {
    isTTY,
    columns,
    write(part) {
      text += part;
    },
  };
  const progress = new Progress(stage === 'none' ? undefined : stage, output);
  for (const line of lines) progress.line(line);
  progress.end();
  return text;
}

const LINES = ['.. first.test.mjs', 'ok    first.test.mjs', '.. second.test.mjs'];

describe('progress', () => {
  it('is a line for each part where nobody watches', () => {
    const text = written(LINES, { isTTY: false });
    assert.match(
      text,
      /^\[js \d+:\d\d\] first\.test\.mjs\nok {4}first\.test\.mjs\n\[js \d+:\d\d\] second\.test\.mjs\n$/,
    );
  });

  it('is one line that stays at the bottom of a terminal, and goes', () => {
    const text = written(LINES, { isTTY: true, columns: 80 });
    const rows = text.split('\n');
    assert.equal(rows.length, 2); // only what the stage itself has said ends its line
    assert.match(rows[0], /\[js \d+:\d\d\] first\.test\.mjs\r\x1b\[Kok {4}first\.test\.mjs$/);
    assert.match(rows[1], /\[js \d+:\d\d\] second\.test\.mjs\r\x1b\[K$/);
  });

  it('has no time without a stage where nobody watches, and that of the part on a terminal', () => {
    const stage = 'none';
    const plain = 'first.test.mjs\nok    first.test.mjs\nsecond.test.mjs\n';
    assert.equal(written(LINES, { isTTY: false, stage }), plain);
    const rows = written(LINES, { isTTY: true, columns: 80, stage }).split('\n');
    assert.match(rows[0], /^\r\x1b\[K\[0:00\] first\.test\.mjs\r/);
  });

  it('is cut at the width of the terminal', () => {
    const text = written([`.. ${'x'.repeat(200)}`], { isTTY: true, columns: 30 });
    const shown = text.split('\r\x1b[K').filter((part) => part !== '');
    assert.ok(shown.length > 0);
    for (const part of shown) assert.equal(part.length, 29);
  });
});
