/**
 * fit-recall.mjs - fits the weights that recalls begin with (src/recall/fitted.inc) on texts, and prints the
 * file; or, with --out, makes a model that brings its own along. The programs of bench/native are built first.
 *
 * Usage: node bench/fit-recall.mjs TEXT[:DOCUMENTS[:CHARACTERS]]... [--twice TEXT[:PASSAGES]] [--model FILE]
 *   [--out FILE]
 *
 * Of each TEXT so many documents (40), evenly spaced and cut after so many characters (6,000); with --twice
 * passages of 40 to 256 tokens, each read twice. Texts for which the present file was made:
 *   tinystories-more.txt:40 english-train-01.txt:8:60000 english-train-01.txt:22 dialogue-cdla.txt:10
 *   --twice english-train-01.txt:12
 * It is of an earlier form of this program, with a learning rate of 0.002 instead of an average; what is printed
 * now is 0.001 bits a byte worse on other texts.
 * SPDX-License-Identifier: MIT
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BitLlama, splitDocuments } from '../dist/index.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const USAGE =
  'Usage: node bench/fit-recall.mjs TEXT[:DOCUMENTS[:CHARACTERS]]... [--twice TEXT[:PASSAGES]] [--model FILE] [--out FILE]';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    twice: { type: 'string', multiple: true, default: [] },
    out: { type: 'string' },
    model: { type: 'string', default: join(root, 'models/stories.bitt') },
  },
});
if (positionals.length === 0) {
  console.error(USAGE);
  process.exit(2);
}

const model = await BitLlama.load(values.model);
const { tokenizer } = model;
const end = tokenizer.endOfText;

/** `count` of a list, evenly spaced. */
const some = (list, count) =>
  Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);

/** Documents of a text, as tokens. */
function documents(argument) {
  const [file, count = 40, characters = 6000] = argument.split(':');
  const all = splitDocuments(readFileSync(file, 'utf8'));
  return some(all, Number(count)).map((text) => [
    end,
    ...tokenizer.encode(text.slice(0, Number(characters))),
  ]);
}

/** Passages of a text, each twice. */
function passages(argument) {
  const [file, count = 12] = argument.split(':');
  const ids = [...tokenizer.encode(readFileSync(file, 'utf8').slice(0, 400_000))];
  return Array.from({ length: Number(count) }, (_, i) => {
    const at = Math.floor((i * ids.length) / Number(count));
    const passage = ids.slice(at, at + [40, 64, 128, 256][i % 4]).filter((id) => id !== end);
    return [end, ...passage, ...passage];
  });
}

/** Mixes a list, the same way each time (linear congruential generator of Numerical Recipes). */
function shuffled(list) {
  let state = 7;
  for (let i = list.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

const all = shuffled([...positionals.flatMap(documents), ...values.twice.flatMap(passages)]);
model.destroy();
const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-fit-'));
try {
  const build = join(root, 'build/bench/native');
  const run = (program, args) =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  run('cmake', ['-S', root, '-B', build, '-DCMAKE_BUILD_TYPE=Release', '-DBIT_TTT_BENCH=ON']);
  run('cmake', ['--build', build, '--target', 'fit_recall', '-j', '2']);
  const tokens = join(folder, 'tokens');
  writeFileSync(tokens, Uint8Array.from(new Uint8Array(Uint32Array.from(all.flat()).buffer)));
  process.stdout.write(
    run(join(build, 'bench/native/fit_recall'), [
      ...[values.model, tokens, String(end)],
      ...(values.out === undefined ? [] : [values.out]),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true });
}
