/**
 * fine-tune.mjs - what a text by somebody gives a model: by fine-tuning a model on it, by training one from
 * nothing, and by letting the model read it. The table of docs/fine-tune.md.
 *
 * Usage: node bench/fine-tune.mjs TEXT HELD_OUT [--from MODEL] [--minutes X] [--vocab N,...]
 *          [--options "--lr X ..."] [--out FOLDER]
 *
 * Both trainings are those of the command, with its defaults, on one thread. They get as many steps as fit
 * into the minutes by the processor time of a few steps, so that a busy machine changes no result.
 * SPDX-License-Identifier: MIT
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BitLlama, encodeDocuments, splitDocuments, Tokenizer, Trainer } from '../dist/index.mjs';

const COMMAND = fileURLToPath(new URL('../dist/cli.mjs', import.meta.url));
const SHIPPED = fileURLToPath(new URL('../models/stories.bitt', import.meta.url));
const PROBE_STEPS = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: SHIPPED },
    minutes: { type: 'string', default: '5' },
    vocab: { type: 'string', default: '512,1024,2048' },
    options: { type: 'string', default: '' },
    out: { type: 'string', default: 'build/fine-tune' },
  },
});
const [text, heldOut] = positionals;
if (heldOut === undefined) {
  console.error('Usage: node bench/fine-tune.mjs TEXT HELD_OUT [--from MODEL] [--minutes X] ...');
  process.exit(2);
}
mkdirSync(values.out, { recursive: true });
const documents = (file) => splitDocuments(readFileSync(file, 'utf8'));

/** Processor seconds of a step of a trainer: of the fastest of a few. */
async function secondsOfStep(options) {
  const training = { threads: 1, batch: 16, context: 128, steps: PROBE_STEPS };
  const trainer = await Trainer.create({ ...options, training });
  let fastest = Infinity;
  let before = process.cpuUsage();
  for await (const _ of trainer.run()) {
    const { user, system } = process.cpuUsage(before);
    fastest = Math.min(fastest, (user + system) / 1e6);
    before = process.cpuUsage();
  }
  trainer.destroy();
  return fastest;
}

/** Trains by the command; gives the file of the model. */
function train(name, more) {
  const out = join(values.out, `${name}.bitt`);
  const args = [COMMAND, 'train', text, '--threads', '1', '--out', out, '--force', ...more];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`bit-ttt ${args.slice(1).join(' ')} ended with ${status}`);
  return out;
}

/** Bits a byte of the held-out documents, read one after another after `before`. */
async function bitsPerByte(model, recall, before) {
  const session = model.createSession({ recall });
  const read = async (texts) => session.read(await encodeDocuments(texts, model.tokenizer));
  if (before !== undefined) await read(before);
  const own = documents(heldOut);
  const { logProbabilities } = await read(own);
  session.destroy();
  // The first token is the separator that stands before them all.
  const nats = -logProbabilities.subarray(1).reduce((sum, x) => sum + x, 0);
  return nats / Math.LN2 / own.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
}

/** A row of the table: the model alone, with recall, and after it has read the text. */
async function row(name, file) {
  const model = await BitLlama.load(file);
  const found = [
    await bitsPerByte(model, false),
    await bitsPerByte(model, undefined),
    await bitsPerByte(model, undefined, documents(text)),
  ];
  model.destroy();
  console.log(`| ${name} | ${found.map((x) => x.toFixed(3)).join(' | ')} |`);
}

async function stepsOf(options) {
  return Math.max(1, Math.floor((60 * Number(values.minutes)) / (await secondsOfStep(options))));
}

const from = await BitLlama.load(values.from);
const fineSteps = await stepsOf({ from, text: readFileSync(text, 'utf8') });
const more = values.options.split(' ').filter((word) => word !== '');
const fine = train('from', ['--from', values.from, '--steps', String(fineSteps), ...more]);
from.destroy();

const fresh = [];
for (const vocab of values.vocab.split(',')) {
  const tokenizer = join(values.out, `${vocab}.json`);
  const made = [
    COMMAND,
    'tokenizer',
    'train',
    text,
    '--vocab',
    vocab,
    '--out',
    tokenizer,
    '--force',
  ];
  spawnSync(process.execPath, made, { stdio: 'ignore' });
  const own = Tokenizer.from(readFileSync(tokenizer));
  const config = { hiddenDim: 128, numLayers: 4, headDim: 64 };
  const steps = await stepsOf({ text: readFileSync(text, 'utf8'), tokenizer: own, config });
  fresh.push([
    vocab,
    train(`nothing-${vocab}`, ['--tokenizer', tokenizer, '--steps', String(steps)]),
  ]);
}

console.log('| model | alone | with recall | with recall, after reading the text |');
console.log('|---|---|---|---|');
await row('as it is', values.from);
await row(`fine-tuned, ${values.minutes} min`, fine);
for (const [vocab, file] of fresh) {
  await row(`from nothing, ${values.minutes} min, ${vocab} tokens`, file);
}
