// What detectors found, as sentences: for every cause, with words beside each other, with patterns, in units of time
// that suit. And that the detectors are warm when the sentences say so.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { join } from 'node:path';

import { LogDetector, SignalDetector } from 'bit-ttt';
import { build } from 'esbuild';

import { root } from './support/backends.mjs';

/** The module, which is a part of bundles only. */
async function load() {
  const entry = join(root, 'ts/detect/sentences.ts');
  const made = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
  const { text } = made.outputFiles[0];
  return import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
}

describe('sentences about findings', () => {
  let say;
  before(async () => {
    say = await load();
  });

  /** A reading whose odd words are these, the oddest first. */
  const reading = (text, words, more = {}) => ({
    cause: 'words',
    surprise: 0.9,
    like: undefined,
    because: words.map((word, i) => {
      const start = text.indexOf(word);
      return { start, end: start + word.length, share: 0.5 ** (i + 1) };
    }),
    ...more,
  });
  const line = (text, words, more) => say.explainLine(reading(text, words, more), text);

  it('name the words in the order of the line, those beside each other as one phrase', () => {
    const text = 'kernel: sda: write error, sector 1845';
    assert.equal(line(text, ['sector', 'sda']), 'Unexpected words: sda, sector.');
    assert.equal(line(text, ['sda']), 'Unexpected word: sda.');
    assert.equal(line(text, ['error', 'write', 'sda']), 'Unexpected words: sda: write error.');
    assert.equal(line(text, ['sector', 'error']), 'Unexpected words: error, sector.');
    const because = [
      { start: 0, end: 3, share: 0.5 },
      { start: 13, end: 16, share: 0.4 },
    ];
    const twice = { cause: 'words', surprise: 0.9, like: undefined, because };
    assert.equal(say.explainLine(twice, 'pay: failed, pay again'), 'Unexpected word: pay.');
  });

  it('say which pattern a line is most like, if it is another one', () => {
    const text = 'Nov 30 10:20:30 kernel: sda: write error, sector 1845';
    const like = '<time> kernel: <id>: link up';
    assert.equal(
      line(text, ['sda'], { like }),
      'Unexpected word: sda. Most like \u201ckernel: <id>: link up\u201d.',
    );
    const own = '<time> kernel: sda: write error, sector <n>';
    assert.equal(line(text, ['sda'], { like: own }), 'Unexpected word: sda.');
    const long = line(text, ['sda'], { like: `kernel: ${'very '.repeat(60)}` });
    assert.match(long, /very …”\.$/);
    assert.ok(long.length < 150, long);
  });

  it('say what else made a line odd', () => {
    const text = 'cache: 1845000 misses';
    const like = 'cache: <n> misses';
    assert.equal(
      line(text, ['1845000'], { cause: 'number', like }),
      'A number far outside its usual range: 1845000.',
    );
    assert.equal(line(text, [], { cause: 'order', like }), 'Known line in an unusual place.');
    assert.equal(line('10:20 a', ['10:20'], { cause: 'time' }), 'Its time goes back.');
    assert.equal(line(text, [], { surprise: 0.9 }), 'A kind of line that is new.');
    assert.equal(line(text, [], { surprise: 0.1, like }), 'A rare kind of line.');
  });

  it('have no control characters, and one line for several', () => {
    const text = 'a \u001b[31mred\u202e\nline';
    const because = [{ start: 2, end: text.length, share: 1 }];
    const said = say.explainLine({ ...reading(text, []), because, like: 'b\u0007\nc' }, text);
    assert.equal(said, 'Unexpected words: [31mred line. Most like \u201cb c\u201d.');
  });

  const at = (clock, day = '2026-03-01') => Date.parse(`${day}T${clock}Z`) / 1000;
  const rate = (kind, more) => {
    const usual = { from: at('10:02'), to: at('10:07'), count: 0, expected: [30, 55] };
    return { kind, like: undefined, ...usual, ...more };
  };

  it('say how the rate of lines changed', () => {
    const { explainRate } = say;
    assert.equal(
      explainRate(rate('silence')),
      '10:02 to 10:07: silence; usual 30 to 55 lines a minute.',
    );
    assert.equal(
      explainRate(rate('silence', { expected: [0.2, 166] })),
      '10:02 to 10:07: silence; usual up to 166 lines a minute.',
    );
    const minute = { count: 12345, to: at('10:03') };
    assert.equal(
      explainRate(rate('spike', minute)),
      '10:02 to 10:03: 12,345 lines in a minute; usual 30 to 55.',
    );
    assert.equal(
      explainRate(rate('spike', { count: 310 })),
      '10:02 to 10:07: up to 310 lines a minute; usual 30 to 55.',
    );
  });

  it('say which line stays away, in a unit that suits', () => {
    const missing = (expected, like = '<time> cron: tick') =>
      say.explainRate(rate('missing', { expected, like }));
    const begin = 'After 10:02: \u201ccron: tick\u201d stays away; usual every';
    assert.equal(missing([58.2, 61.7]), `${begin} 58 to 62 seconds.`);
    assert.equal(missing([300, 300]), `${begin} 5 minutes.`);
    assert.equal(missing([3600 * 23.9, 3600 * 24.2]), `${begin} 24 hours.`);
    const nameless = say.explainRate(rate('missing', { expected: [60, 60] }));
    assert.match(nameless, /^After 10:02: a line that came at regular times stays away/);
  });

  it('tell the day where a log has several', () => {
    const silence = rate('silence', { to: at('00:10', '2026-03-02') });
    assert.match(say.explainRate(silence, true), /^Mar 1, 10:02 to Mar 2, 00:10: silence/);
    assert.match(say.explainRate(rate('silence'), true), /^Mar 1, 10:02 to 10:07: silence/);
  });

  it('say why a value is odd', () => {
    const { explainValue } = say;
    assert.equal(explainValue(27.5, [19.9231, 25]), 'Too high: 19.92 to 25 was expected.');
    assert.equal(explainValue(-1, [0, 1e6]), 'Too low: 0 to 1000000 was expected.');
    assert.match(explainValue(3, [2, 4]), /^In the expected range, 2 to 4, but the last values/);
  });

  it('say that nothing stands out, and that too little was read', () => {
    assert.match(
      say.explainNothing(12345, 'line'),
      /^Nothing stands out: none of the 12,345 lines /,
    );
    const cold = 'Too little to tell what is unusual: that takes';
    assert.equal(say.explainCold(1, 'line'), `${cold} 200 lines, and here is 1.`);
    assert.equal(say.explainCold(120, 'value'), `${cold} 150 values, and here are 120.`);
  });

  it('are right about how much that takes', async () => {
    const log = await LogDetector.create();
    const signal = await SignalDetector.create();
    for (let i = 0; i < say.WARM.line; i++) assert.equal(log.read(`line ${i}`).warm, false);
    assert.equal(log.read('line').warm, true);
    for (let i = 0; i < say.WARM.value; i++) assert.equal(signal.read(i % 7).warm, false);
    assert.equal(signal.read(1).warm, true);
    log.destroy();
  });
});
