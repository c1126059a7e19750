/**
 * publish.mjs - puts a run into the repository: charts and results.json into docs/benchmarks, tables
 * between the marks of docs/benchmarks.md.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineLine, suiteTables } from './report.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs');
const BEGIN = '<!-- figures: npm run bench:full -- --publish -->';
const END = '<!-- end of figures -->';

/** Samples are rounded: the file is read by people and by `--compare`. */
const rounded = (key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);

export function publish(results, charts) {
  const folder = join(docs, 'benchmarks');
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(folder, name), svg);
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, rounded)}\n`);
  const page = join(docs, 'benchmarks.md');
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${page} has no marks for the figures`);
  const parts = results.suites.map((suite) => {
    const picture = charts[`${suite.name}.svg`] ? `![${suite.title}](benchmarks/${suite.name}.svg)\n\n` : '';
    return `### ${suite.title}\n\n${picture}${suiteTables(suite)}`;
  });
  const figures = `${machineLine(results.machine)}; medians of ${results.rounds} rounds.\n\n${parts.join('\n')}`;
  writeFileSync(page, `${text.slice(0, begin)}${BEGIN}\n\n${figures.trim()}\n\n${text.slice(end)}`);
}
