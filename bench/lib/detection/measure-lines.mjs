/**
 * measure-lines.mjs - detectors of odd lines, ours and the baselines, on logs and on labelled sequences.
 * SPDX-License-Identifier: MIT
 */
import { KINDS } from './inject.mjs';
import { lineBaselines } from './line-baselines.mjs';
import { mean, rankMetrics } from './metrics.mjs';
import { LOG_NAME, readLines, scoreSequences } from './ours.mjs';
import { cell } from './rows.mjs';
import { sequenceBaselines } from './sequences.mjs';
import { aboveQuantile } from './sorted.mjs';

/** Lines at the beginning that are not judged. */
const UNJUDGED = 300;
/** Kinds of anomalies that a line shows by what it says. */
const SAID = ['foreign line', 'unseen word', 'known word in a wrong place', 'truncated'];
export const SAID_NAME = 'odd words, four kinds';
/** An alert is an onset if none with its tag is among so many lines before it. */
const ONSET = 50;
const BGL_UNJUDGED = 100;

export const RATE = 0.01;
const WARM = 200;

/** The scores of lines by all detectors, by name. */
async function scoreLines(lines) {
  const ours = await readLines(lines);
  const others = Object.entries(lineBaselines()).map(([name, baseline]) => [
    name,
    lines.map((line) => baseline.score(line)),
  ]);
  return [[LOG_NAME, ours.map(({ score }) => score)], ...others];
}

/** Metrics over the lines that are kept, of whether they are wanted. */
function judge(scores, kept, isWanted) {
  const places = scores.flatMap((_, i) => (i >= UNJUDGED && kept(i) ? [i] : []));
  return rankMetrics(
    places.map((i) => scores[i]),
    places.map(isWanted),
  );
}

/** What is measured of one log with anomalies: for each detector and column a ROC area and an average precision. */
async function judgeInjected({ lines, labels }) {
  const columns = [...KINDS.map((kind) => [kind, [kind]]), [SAID_NAME, SAID]];
  const judged = new Map();
  for (const [name, scores] of await scoreLines(lines)) {
    const found = columns.map(([column, kinds]) => {
      const wanted = (i) => kinds.includes(labels[i]);
      return [column, judge(scores, (i) => labels[i] === null || wanted(i), wanted)];
    });
    judged.set(name, new Map(found));
  }
  return judged;
}

/** The mean of figures, of which those without a value (a log where nothing of a kind fits) do not count. */
const meanOf = (values) => mean(values.filter((value) => !Number.isNaN(value)));

const tableOf = (chart) => ({ chart, unit: 'average precision' });
export const TABLES = {
  kinds: (what) => tableOf(`${what}, by kind of anomaly`),
  areas: (what) => ({ chart: `${what}, area under the ROC curve`, unit: 'AUC' }),
  logs: (what) => tableOf(`${what}, ${SAID_NAME}, by log`),
};

/**
 * Logs with anomalies put in, once for each seed.
 * @param {string} what the logs are, in words
 * @param {{name: string, make: (seed: number) => {lines: string[], labels: (string | null)[]}}[]} logs
 */
export async function measureInjected(what, logs, seeds, log) {
  const runs = [];
  for (const seed of seeds) {
    const judged = [];
    for (const { name, make } of logs) {
      log(`${name}, seed ${seed}`);
      judged.push(await judgeInjected(make(seed)));
    }
    runs.push(judged);
  }
  const names = [...runs[0][0].keys()];
  const overLogs = (name, column, figure) =>
    runs.map((judged) => meanOf(judged.map((one) => one.get(name).get(column)[figure])));
  return names.flatMap((name) => [
    ...[...KINDS, SAID_NAME].flatMap((column) => [
      cell(TABLES.kinds(what), column, name, overLogs(name, column, 'ap')),
      cell(TABLES.areas(what), column, name, overLogs(name, column, 'auc')),
    ]),
    ...logs.map((one, i) => {
      const samples = runs.map((judged) => judged[i].get(name).get(SAID_NAME).ap);
      return cell(TABLES.logs(what), one.name, name, samples);
    }),
  ]);
}

export const ONSETS = tableOf('Onsets of alerts in BGL');

/** The first alerts of a kind, told from all lines that are no alerts. */
export async function measureOnsets({ rows, messages, tags }) {
  const isOnset = tags.map(
    (tag, i) => tag !== '-' && !tags.slice(Math.max(0, i - ONSET), i).includes(tag),
  );
  const kept = tags.flatMap((tag, i) =>
    i >= BGL_UNJUDGED && (tag === '-' || isOnset[i]) ? [i] : [],
  );
  const views = { 'whole line': rows.map(({ head, text }) => head + text), message: messages };
  const cells = [];
  for (const [view, lines] of Object.entries(views))
    for (const [name, scores] of await scoreLines(lines)) {
      const labels = kept.map((i) => isOnset[i]);
      const { ap } = rankMetrics(
        kept.map((i) => scores[i]),
        labels,
      );
      cells.push(cell(ONSETS, view, name, [ap]));
    }
  return cells;
}

export const sequencesTable = (name) => tableOf(`Labelled sequences, ${name}`);

/** @param {import('./sequences.mjs').SequenceSet} set */
export async function measureSequences({ name, warm, sequences }) {
  const labels = sequences.slice(warm).map(({ label }) => label);
  const scored = [[LOG_NAME, await scoreSequences(sequences)]];
  for (const [other, baseline] of Object.entries(sequenceBaselines()))
    scored.push([other, sequences.map(({ events }) => baseline.score(events))]);
  return scored.flatMap(([contestant, scores]) => {
    const { auc, ap } = rankMetrics(scores.slice(warm), labels);
    const table = sequencesTable(name);
    return [
      cell(table, 'average precision', contestant, [ap]),
      cell({ ...table, unit: 'AUC' }, 'AUC', contestant, [auc]),
    ];
  });
}

export const ALARMS = {
  chart: 'Alarms where 1 % is asked for',
  unit: '% of lines',
  higherIsBetter: null,
};

/** The share of alarms where no anomalies were put in. */
export async function measureAlarms(logs) {
  const share = (alarms) => [100 * mean(alarms.slice(WARM).map(Number))];
  const cells = [];
  for (const { name, lines } of logs) {
    const readings = await readLines(lines, { alarmRate: RATE });
    cells.push(cell(ALARMS, name, LOG_NAME, share(readings.map(({ alarm }) => alarm))));
    for (const [other, baseline] of Object.entries(lineBaselines())) {
      const scores = lines.map((line) => baseline.score(line));
      const alarms = aboveQuantile(scores, RATE);
      cells.push(cell(ALARMS, name, `${other}, running quantile`, share(alarms)));
    }
  }
  return cells;
}
