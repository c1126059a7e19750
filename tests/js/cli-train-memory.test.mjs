// The memory that `train` needs for a large text: what it trains with, not the text.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { bitTtt, temporaryFolder } from './support/cli.mjs';
import { alice, objects } from './support/cli-llama.mjs';
import { randomness } from './support/tokenizer.mjs';

const folder = temporaryFolder();
const MB = 1e6;

/** Bytes of the text, and those that the process may have had in memory at any time: usually 165 to 180 MB,
 * and with the text, as strings of two bytes a character, more than 300. */
const TEXT = 64 * MB;
const LIMIT = 280 * MB;

/** About a megabyte of documents of few words, each with a character that Latin-1 lacks. */
function someDocuments() {
  const { next, pick } = randomness(5);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const word = () => Array.from({ length: 8 + next(8) }, () => pick(letters)).join('');
  const words = Array.from({ length: 200 }, word);
  const document = () => Array.from({ length: 240 }, () => pick(words)).join(' ');
  let text = '';
  while (text.length < MB) text += `“${document()}”\n<|endoftext|>\n`;
  return Buffer.from(text);
}

function largeText() {
  const file = folder.path('large.txt');
  const documents = someDocuments();
  const open = openSync(file, 'w');
  for (let bytes = 0; bytes < TEXT; bytes += documents.length) writeSync(open, documents);
  closeSync(open);
  return file;
}

/** Has a process say at its end how much memory it had at most, in kB: that of its own, as Linux counts it
 * from the program's start on (`maxRSS` has that of the process which started it in it). */
const SAY_PEAK = `data:text/javascript,import { readFileSync } from 'node:fs';
  process.on('exit', () => console.error(/VmHWM.*/.exec(readFileSync('/proc/self/status', 'utf8'))[0]));`;

describe('the memory of train', () => {
  it('does not hold the text', async function () {
    if (!existsSync('/proc/self/status')) this.skip();
    this.timeout(600_000);
    const shape = ['--vocab=1792', '--dim=32', '--layers=1', '--mlp=32', '--inner=16', '--head=16'];
    const recipe = ['--context=16', '--batch=1', '--threads=1', '--steps=1', '--no-sample'];
    const files = [largeText(), '--valid', alice, '--out', folder.path('m.bitt')];
    const { status, stdout, stderr } = await bitTtt(
      ['train', ...files, ...shape, ...recipe, '--json'],
      { node: ['--import', SAY_PEAK] },
    );
    assert.equal(status, 0, stderr);
    const [read, , , tokenised] = objects(stdout);
    assert.ok(read.bytes > 0.98 * TEXT && tokenised.tokens > TEXT / 12, stdout);
    const peak = 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(stderr)[1]);
    assert.ok(peak < LIMIT, `${(peak / MB).toFixed(0)} MB for a text of ${TEXT / MB} MB`);
  });
});
