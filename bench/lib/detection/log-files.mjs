/**
 * log-files.mjs - reads a folder of logs in the layout of loghub's samples (Zhu et al. 2023, "Loghub", IEEE
 * ISSRE): NAME_2k.log, the lines, and NAME_2k.csv, their parts.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The order of the logs, which the foreign lines that are put into each depend on; others come after. */
const ORDER =
  'BGL Thunderbird HDFS OpenStack OpenSSH Linux Hadoop Zookeeper Apache Mac Windows Android'.split(
    ' ',
  );
/** These begin each line with a label, - where it is no alert. */
const LABELLED = new Set(['BGL', 'Thunderbird']);

const FOREIGN_EACH = 500;
const FOREIGN_LEAST = 16;

/** The rows of a CSV file (RFC 4180): quoted fields may hold commas, quotes and ends of lines. */
export function parseCsv(text) {
  const rows = [];
  let row = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/y;
  while (field.lastIndex < text.length) {
    const [, quoted, plain, end] = field.exec(text) ?? [];
    if (end === undefined) throw new Error(`row ${rows.length + 1} of a CSV file is damaged`);
    row.push(quoted === undefined ? plain.replace(/\r$/, '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** The messages of a log and the kinds of its lines. */
function readParts(path) {
  const [names, ...rows] = parseCsv(readFileSync(path, 'utf8').replaceAll('\r\n', '\n'));
  const [content, event] = ['Content', 'EventId'].map((name) => names.indexOf(name));
  return rows.map((row) => ({ text: row[content], event: row[event] }));
}

/**
 * @typedef {object} Log
 * @property {string} name
 * @property {import('./inject.mjs').Row[]} rows
 * @property {string[]} messages
 * @property {string[]} tags the label of each line, or '-'
 */

function readLog(folder, name) {
  const parts = readParts(join(folder, `${name}_2k.csv`));
  const whole = readFileSync(join(folder, `${name}_2k.log`), 'utf8')
    .split('\n')
    .filter(Boolean);
  const cut = (line) => (LABELLED.has(name) ? line.slice(line.indexOf(' ') + 1) : line);
  const rows = parts.slice(0, whole.length).map(({ text, event }, i) => {
    const line = cut(whole[i]);
    const at = text ? line.lastIndexOf(text) : -1;
    return at < 0 ? { head: '', text: line, event } : { head: line.slice(0, at), text, event };
  });
  const tags = whole.map((line) => (LABELLED.has(name) ? line.slice(0, line.indexOf(' ')) : '-'));
  return { name, rows, messages: parts.map(({ text }) => text), tags };
}

/** The logs of a folder; none where there is no such folder. */
export function readLogs(folder) {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).sort();
  const names = found.flatMap((file) => (file.endsWith('_2k.log') ? [file.slice(0, -7)] : []));
  const known = ORDER.filter((name) => names.includes(name));
  return [...known, ...names.filter((name) => !known.includes(name))].map((name) =>
    readLog(folder, name),
  );
}

/** Messages of all logs but one, to be put into that one. */
export function foreignTo(name, logs) {
  return logs
    .filter((log) => log.name !== name)
    .flatMap(({ messages }) => messages.slice(0, FOREIGN_EACH))
    .filter((text) => text.length >= FOREIGN_LEAST);
}

/** Words of a story, of five letters and more. */
export const wordsOf = (story) => story.match(/[A-Za-z]{5,}/g);
