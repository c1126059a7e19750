/**
 * publish.mjs - puts a run into the repository: charts and results.json into docs/benchmarks, tables
 * between the marks of docs/benchmarks.md, the most important ones first.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compact, machineLine, suiteTables, table } from './report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const docs = join(root, 'docs');
const BEGIN = '<!-- figures: npm run bench -- --publish -->';
const END = '<!-- end of figures -->';

/**
 * Samples are rounded: the file is read by people and by `--compare`. Seven digits, so that a figure which is
 * published again from the file seldom rounds otherwise than at first.
 */
const rounded = (key, value) => (typeof value === 'number' ? Number(value.toPrecision(7)) : value);

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

const shownValue = (value) => (value < 100 ? value.toPrecision(2) : String(Math.round(value)));

/** Ours against others, as factors. */
function factors(results) {
  const targets = ['model', 'training'].flatMap((name) => suiteOf(results, name)?.targets ?? []);
  return table(
    ['aim', 'measured'],
    targets.filter(({ value }) => value).map(({ text, value }) => [text, shownValue(value)]),
  );
}

/** What most readers look for. */
function inShort(results) {
  return [
    '### In short',
    'Tokens per second of the layer, one thread, 1,000 tokens a call:',
    layerTable(results),
    'Ours beside others; the suites below say where each was measured, and against whom:',
    factors(results),
  ];
}

/**
 * The published results with those of a run in place of older ones. Each suite says where and with how many
 * rounds it was measured, since a run may have been of some suites only.
 * @param {object | undefined} published what docs/benchmarks/results.json holds
 * @param {object} results of the run
 */
export function mergeResults(published, results) {
  const dated = ({ machine, rounds, suites }) =>
    suites.map((suite) => ({ machine, rounds, ...suite }));
  const suites = new Map();
  for (const suite of [...(published ? dated(published) : []), ...dated(results)])
    suites.set(suite.name, suite);
  return { ...results, suites: [...suites.values()] };
}

/** Suites whose tables stand on a page of their own, in its section "Figures". */
const PAGES = { detection: 'detection.md' };

const whereOf = ({ machine, rounds }) => `${machineLine(machine)}; medians of ${rounds} rounds.`;

/** The section of a suite; it says where it was measured unless the page has said so. */
function section(suite, hasChart, said) {
  const picture = hasChart(suite.name) ? `![${suite.title}](benchmarks/${suite.name}.svg)\n\n` : '';
  const page = PAGES[suite.name];
  if (page) return `### ${suite.title}\n\n${picture}[The tables](${page}#figures).\n`;
  const where = whereOf(suite) === said ? '' : `${whereOf(suite)}\n\n`;
  return `### ${suite.title}\n\n${where}${picture}${suiteTables(suite)}`;
}

/** What of a run is to be published: suites that lacked a part of their data are not. */
export function publishable(results, charts) {
  const left = results.suites.filter((suite) => suite.unpublished).map(({ name }) => name);
  const suites = results.suites.filter(({ name }) => !left.includes(name));
  const kept = Object.entries(charts).filter(([name]) => !left.includes(name.replace('.svg', '')));
  return { results: { ...results, suites }, charts: Object.fromEntries(kept) };
}

/** Puts a run into docs/benchmarks and its page; suites that it has not measured stay. */
export function publish(run, drawn) {
  const { results, charts } = publishable(run, drawn);
  const folder = join(docs, 'benchmarks');
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(folder, name), svg);
  const saved = join(folder, 'results.json');
  const published = existsSync(saved) ? JSON.parse(readFileSync(saved, 'utf8')) : undefined;
  const all = mergeResults(published, results);
  writeFileSync(saved, `${JSON.stringify(all, rounded)}\n`);
  const hasChart = (name) => existsSync(join(folder, `${name}.svg`));
  const where = whereOf(all.suites[0]);
  const parts = all.suites.map((suite) => section(suite, hasChart, where));
  fill(join(docs, 'benchmarks.md'), [where, ...inShort(all), parts.join('\n')].join('\n\n'));
  for (const [name, page] of Object.entries(PAGES)) {
    const suite = suiteOf(all, name);
    if (suite) fill(join(docs, page), `${whereOf(suite)}\n\n${suiteTables(suite)}`);
  }
}
