/**
 * detection.mjs - odd lines of logs and odd values of signals: what is found, beside detectors made of counts.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { injectAnomalies } from '../lib/detection/inject.mjs';
import { foreignTo, readLogs, wordsOf } from '../lib/detection/log-files.mjs';
import * as lines from '../lib/detection/measure-lines.mjs';
import { measureSignals, NAB, NAB_COLUMN } from '../lib/detection/measure-signals.mjs';
import * as speed from '../lib/detection/measure-speed.mjs';
import { readSignals } from '../lib/detection/nab.mjs';
import { LOG_NAME, SIGNAL_NAME } from '../lib/detection/ours.mjs';
import { makeRandom } from '../lib/detection/random.mjs';
import { atLeast, atMost, beatenIn, figureOf } from '../lib/detection/rows.mjs';
import { readSequences } from '../lib/detection/sequences.mjs';
import { FORMAT_NAMES, makeLog, makePlainLog } from '../lib/detection/synthetic.mjs';

export const title = 'Detection: odd lines and odd values';

const CHAPTERS = fileURLToPath(new URL('../../examples/alice.txt', import.meta.url));
const LINES = 2000;
const SPEED_LINES = 4000;
const REAL = 'Anomalies put into real logs';
const MADE = 'Anomalies put into logs that the suite makes';
const isOurs = (name) => name === LOG_NAME || name === SIGNAL_NAME;

/** Seeds of places and kinds of anomalies. The weights of LogDetector were chosen with the first. */
const seedsOf = (full) => Array.from({ length: full ? 10 : 3 }, (_, i) => 7 + i);

/** The words that no log has come from a whole book where the folder of texts has it. */
function unseenWords(texts) {
  const book = join(texts, 'alice.txt');
  return wordsOf(readFileSync(existsSync(book) ? book : CHAPTERS, 'utf8'));
}

/** Logs as `measureInjected` takes them. */
const realSources = (logs, words) =>
  logs.map(({ name, rows }) => {
    const foreign = foreignTo(name, logs);
    return { name, make: (seed) => injectAnomalies(rows, { foreign, words, seed }) };
  });
const madeSources = FORMAT_NAMES.map((name) => ({
  name,
  make: (seed) => makeLog(name, LINES, seed),
}));

const wholeLines = ({ name, rows }) => ({ name, lines: rows.map(({ head, text }) => head + text) });

/** A daily rhythm with noise, for the speed alone. */
function someSignal() {
  const random = makeRandom(1);
  const times = Array.from({ length: 50_000 }, (_, i) => 300 * i);
  const values = times.map((time) => 10 + 4 * Math.sin((2 * Math.PI * time) / 86_400) + random());
  return { times, values };
}

/** Everything that the data of the folder, or none, allow. */
async function measure({ data, texts, full, rounds, log }) {
  const logs = data ? readLogs(join(data, 'logs')) : [];
  const signals = data ? readSignals(join(data, 'nab')) : [];
  const sequences = data ? readSequences(join(data, 'logs')) : [];
  const made = FORMAT_NAMES.map((name) => ({ name, lines: makePlainLog(name, SPEED_LINES, 1) }));
  const seeds = seedsOf(full);
  const rows = [];
  if (logs.length > 1) {
    const sources = realSources(logs, unseenWords(texts));
    rows.push(...(await lines.measureInjected(REAL, sources, seeds, log)));
  }
  rows.push(...(await lines.measureInjected(MADE, madeSources, seeds, log)));
  const bgl = logs.find(({ name }) => name === 'BGL');
  if (bgl) rows.push(...(await lines.measureOnsets(bgl)));
  for (const set of sequences) rows.push(...(await lines.measureSequences(set)));
  rows.push(...(await lines.measureAlarms([...logs.map(wholeLines), ...made])));
  if (signals.length > 0) rows.push(...(await measureSignals(signals, log)));
  const all = made.flatMap((one) => one.lines);
  rows.push(...(await speed.measureLineSpeed(all, rounds, log)));
  rows.push(...(await speed.measureValueSpeed(someSignal(), rounds, log)));
  return { rows, logs, signals, sequences };
}

/** The aims: each is for a figure, and left out where that was not measured. */
function targetsOf(rows, sequences) {
  const ours = (table, column, name = LOG_NAME) => figureOf(rows, table.chart, column, name);
  const { kinds, areas } = lines.TABLES;
  const wanted = [
    [`${REAL}: AUC, ${lines.SAID_NAME}`, ours(areas(REAL), lines.SAID_NAME), 0.985],
    [`${REAL}: average precision, ${lines.SAID_NAME}`, ours(kinds(REAL), lines.SAID_NAME), 0.7],
    [`${REAL}: AUC, number x1000`, ours(areas(REAL), 'number x1000'), 0.8],
    [`${REAL}: AUC, swapped pair`, ours(areas(REAL), 'swapped pair'), 0.85],
    [`${lines.ONSETS.chart}: whole line`, ours(lines.ONSETS, 'whole line'), 0.15],
    [`${lines.ONSETS.chart}: message`, ours(lines.ONSETS, 'message'), 0.15],
    ...sequences.map(({ name }) => [
      `Labelled sequences, ${name}: average precision`,
      ours(lines.sequencesTable(name), 'average precision'),
      0.99,
    ]),
    [NAB.chart, ours(NAB, NAB_COLUMN, SIGNAL_NAME), 65],
    [speed.LINES.unit, ours(speed.LINES, speed.SPEED_COLUMN), 50_000],
    [speed.VALUES.unit, ours(speed.VALUES, speed.SPEED_COLUMN, SIGNAL_NAME), 200_000],
  ];
  const shares = rows
    .filter(({ chart, contestant }) => chart === lines.ALARMS.chart && contestant === LOG_NAME)
    .map(({ median }) => median);
  return [
    ...wanted
      .filter(([, value]) => value !== undefined)
      .map(([text, value, target]) => atLeast(text, value, target)),
    atLeast('alarms where 1 % is asked for, fewest of a log, %', Math.min(...shares), 0.5),
    atMost('the same, most', Math.max(...shares), 2),
  ];
}

const NOTES = [
  'Every detector judges a line, a value or a sequence by what came before it, and then learns it. Figures of injected anomalies are medians over seeds of means over logs; average precision and the area under the ROC curve are of one kind of anomaly among all lines that are as they were, from line 300 on. Odd words: the first three kinds and truncated lines, together. Unseen words come from alice.txt of the folder of --texts, or else from its chapters in examples.',
  'Masked-line frequency: minus the logarithm of the share of lines so far that are equal but for numbers and ids. The Markov chain is of order 1, with the back-off of Witten and Bell; Drain (He et al. 2017) has depth 2 and similarity 0.4; PPM gives bits a character.',
  'BGL: the first alert with its tag for 50 lines, among all lines that are no alerts. Sequences: each event is a line of a session of its own, and the session is judged when it ends.',
  'NAB: the files of the folder, the best threshold over all of them. "Markov over 16 bins" is of order 2. "With extras": the mean of five scores as a share of its own past, the rule for values beyond the range so far, and quiet after an alarm; ours has its own. Without these words a baseline is scored as it is.',
];

/** What the folder lacks, in a sentence each. */
function lacking(data, { logs, signals, sequences }) {
  if (!data) return ['No folder was named by --data: real logs and signals were left out.'];
  const parts = [
    [logs.length > 1, 'logs (logs/NAME_2k.log and .csv, two at least)'],
    [sequences.length > 0, 'labelled sequences (logs/*.json)'],
    [signals.length > 0, 'signals (nab/data, nab/labels)'],
  ];
  return parts.flatMap(([there, what]) => (there ? [] : [`Left out: ${what}.`]));
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const { rows, ...read } = await measure(context);
  const beaten = beatenIn(rows, isOurs);
  const left = lacking(context.data, read);
  return {
    rows,
    targets: targetsOf(rows, read.sequences),
    notes: [...NOTES, ...beaten, ...left],
    drawn: [REAL, MADE]
      .map((what) => `${lines.TABLES.kinds(what).chart}: ${lines.SAID_NAME}`)
      .concat(`${NAB.chart}: ${NAB_COLUMN}`),
    unpublished: left.length > 0,
  };
}
