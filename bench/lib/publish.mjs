/**
 * publish.mjs - puts a run into the repository: charts and results.json into docs/benchmarks, tables
 * between the marks of docs/benchmarks.md, the most important ones between those of the README.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compact, machineLine, suiteTables, table } from './report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const docs = join(root, 'docs');
const BEGIN = '<!-- figures: npm run bench -- --publish -->';
const END = '<!-- end of figures -->';

/** Samples are rounded: the file is read by people and by `--compare`. */
const rounded = (key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);

/** Replaces what stands between the two marks of a file. */
function fill(path, content) {
  const text = readFileSync(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no marks for the figures`);
  writeFileSync(path, `${text.slice(0, begin)}${BEGIN}\n\n${content.trim()}\n\n${text.slice(end)}`);
}

const suiteOf = (results, name) => results.suites.find((suite) => suite.name === name);

/** The layer's speed: a row for each dimension, a column for each contestant that has most of them. */
function layerTable(results) {
  const rows = suiteOf(results, 'layer')?.rows.filter((row) => row.length === 1000) ?? [];
  const names = [...new Set(rows.map((row) => row.contestant))];
  const dims = [...new Set(rows.map((row) => row.dim))];
  const figure = (dim, name) =>
    compact(rows.find((row) => row.dim === dim && row.contestant === name)?.median);
  return table(
    ['dim', ...names.map((name) => name.replace(/^bit-ttt /, ''))],
    dims.map((dim) => [dim, ...names.map((name) => figure(dim, name))]),
  );
}

/** Ours against others, as factors. */
function factors(results) {
  const targets = ['model', 'training'].flatMap((name) => suiteOf(results, name)?.targets ?? []);
  return table(
    ['aim (Benchmarks says against whom)', 'measured'],
    targets.filter(({ value }) => value).map(({ text, value }) => [text, value.toPrecision(2)]),
  );
}

export function publish(results, charts) {
  const folder = join(docs, 'benchmarks');
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(folder, name), svg);
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, rounded)}\n`);
  const parts = results.suites.map((suite) => {
    const picture = charts[`${suite.name}.svg`]
      ? `![${suite.title}](benchmarks/${suite.name}.svg)\n\n`
      : '';
    return `### ${suite.title}\n\n${picture}${suiteTables(suite)}`;
  });
  const where = `${machineLine(results.machine)}; medians of ${results.rounds} rounds.`;
  fill(join(docs, 'benchmarks.md'), `${where}\n\n${parts.join('\n')}`);
  const picture = (name, title) => `![${title}](docs/benchmarks/${name}.svg)`;
  fill(
    join(root, 'README.md'),
    [
      `Tokens per second of the layer, one thread, 1,000 tokens a call. ${where}`,
      layerTable(results),
      factors(results),
      picture(
        'model',
        'A language model of 12 million parameters: ours, node-llama-cpp and wllama',
      ),
    ].join('\n\n'),
  );
}
