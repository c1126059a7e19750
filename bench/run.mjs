/**
 * run.mjs - the benchmark command; `--help` says how it is used.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawCharts } from './lib/charts.mjs';
import { compareResults, printComparison } from './lib/compare.mjs';
import { stopAll } from './lib/contestant.mjs';
import { describeMachine } from './lib/machine.mjs';
import { startNative } from './lib/native.mjs';
import { installPeers, workFolder } from './lib/peers.mjs';
import { publish } from './lib/publish.mjs';
import { markdown } from './lib/report.mjs';

/** In the order in which they run and are reported. */
const SUITES = [
  'kernels',
  'layer',
  'model',
  'training',
  'startup',
  'size',
  'growth',
  'learning',
  'prose',
  'detection',
];

/** Texts that are not in the repository; the tests look there as well. */
const TEXTS = resolve(dirname(fileURLToPath(import.meta.url)), '../../shared/data');

const HELP = `Usage: npm run bench -- [options]        (npm run bench:full: all shapes, more rounds)
       npm run bench -- --compare OLD.json [NEW.json]

Measures this project and its peers, which it installs, in turn; figures are medians over rounds.

  --full             all shapes and peers, 7 rounds instead of 3
  --only NAME,...    some suites of: ${SUITES.join(', ')}
  --rounds N         rounds (default: 3, or 7)
  --seconds X        time for each figure (default: 0.2, or 0.5)
  --texts FOLDER     texts for the suite learning: alice.txt, tinyshakespeare.txt, tinystories-valid.txt,
                     book.txt, each left out where it is not there (default: ../shared/data)
  --data FOLDER      logs and signals for the suite detection: logs/NAME_2k.log and .csv as in loghub, sequences
                     logs/*.json, nab/data and nab/labels as in NAB (default: none, only logs that it makes)
                     for the suite prose: english/english-train-00.txt to -02, english-valid.txt, dialogue-cdla.txt;
                     alice.txt, tinystories-valid.txt, tinyshakespeare.txt
  --model FILE       the model of English for the suite prose (default: models/english.bitt, if it is there)
  --out FOLDER       where results.json, results.md and charts go (default: build/bench/results)
  --baseline FILE    also say what changed since that results.json
  --compare A [B]    measure nothing: say what changed from A to B (default: the last run)
  --publish          put charts and tables into docs/benchmarks (maintainers)
`;

/**
 * @typedef {object} Context what a suite is given
 * @property {boolean} full
 * @property {number} rounds
 * @property {number} seconds
 * @property {(text: string) => void} log
 * @property {typeof startNative} native
 * @property {typeof installPeers} peers
 * @property {string} texts a folder that may have texts
 * @property {string | undefined} data a folder that may have logs and signals, or prose
 * @property {string | undefined} model a file: the model of English
 * @property {string} work
 */

function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      full: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      texts: { type: 'string' },
      data: { type: 'string' },
      model: { type: 'string' },
      out: { type: 'string' },
      baseline: { type: 'string' },
      compare: { type: 'string' },
      publish: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const positive = (name, otherwise) => {
    if (values[name] === undefined) return otherwise;
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not '${values[name]}'`);
    return value;
  };
  const only = values.only?.split(',') ?? SUITES;
  const unknown = only.find((name) => !SUITES.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no suite '${unknown}': ${SUITES.join(', ')}`);
  return {
    ...values,
    only,
    rounds: Math.ceil(positive('rounds', values.full ? 7 : 3)),
    seconds: positive('seconds', values.full ? 0.5 : 0.2),
    texts: resolve(values.texts ?? TEXTS),
    data: values.data && resolve(values.data),
    model: values.model && resolve(values.model),
    out: resolve(values.out ?? join(workFolder, 'results')),
    positionals,
  };
}

const readResults = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** One line that is written over, on a terminal; silence elsewhere. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, 100)}`);
}

/** A suite that fails as a whole is reported, and the others run. */
async function runSuite(name, options) {
  const { run, title } = await import(`./suites/${name}.mjs`);
  const context = {
    full: Boolean(options.full),
    rounds: options.rounds,
    seconds: options.seconds,
    log: (text) => progress(`${name}: ${text}`),
    native: startNative,
    peers: installPeers,
    texts: options.texts,
    data: options.data,
    model: options.model,
    work: join(workFolder, name),
  };
  mkdirSync(context.work, { recursive: true });
  const begin = performance.now();
  let result;
  try {
    result = await run(context);
  } catch (error) {
    result = {
      rows: [],
      targets: [],
      notes: [`This suite failed: ${error.message}`],
      failed: true,
    };
  } finally {
    await stopAll();
  }
  progress('');
  const seconds = Math.round((performance.now() - begin) / 1000);
  process.stderr.write(
    `${name}: ${result.failed ? result.notes[0] : `${result.rows.length} figures`} (${seconds} s)\n`,
  );
  return { name, title, seconds, ...result };
}

function save(results, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(folder, 'results.md'), markdown(results));
  const charts = drawCharts(results);
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(folder, name), svg);
  return charts;
}

async function main() {
  const options = readCommandLine();
  if (options.help) return console.log(HELP.trim());
  if (options.compare) {
    const newer = options.positionals[0] ?? join(options.out, 'results.json');
    return console.log(
      printComparison(compareResults(readResults(options.compare), readResults(newer))),
    );
  }
  const results = {
    machine: describeMachine(),
    full: Boolean(options.full),
    rounds: options.rounds,
    suites: [],
  };
  for (const name of options.only) results.suites.push(await runSuite(name, options));
  const charts = save(results, options.out);
  process.stdout.write(markdown(results));
  console.log(
    `\n${join(options.out, 'results.json')}, results.md and ${Object.keys(charts).length} charts`,
  );
  if (options.baseline)
    console.log(printComparison(compareResults(readResults(options.baseline), results)));
  if (options.publish) publish(results, charts);
  if (results.suites.some((suite) => suite.failed)) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
});
