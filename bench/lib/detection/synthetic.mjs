/**
 * synthetic.mjs - logs that look like those of real programs, made from a seed, with anomalies put in.
 * SPDX-License-Identifier: MIT
 */
import { injectAnomalies } from './inject.mjs';
import { below, makeRandom } from './random.mjs';
import { FORMATS } from './synthetic-formats.mjs';

/** The names of formats that `makeLog` makes. */
export const FORMAT_NAMES = Object.keys(FORMATS);

/** Words that no format has. */
const UNSEEN =
  'walnut marmalade giraffe orchestra lighthouse cinnamon trombone meadow pelican velvet harpoon turnip'.split(
    ' ',
  );
const USERS = 'alice bob carol deploy erin frank www root'.split(' ');
const PAGES =
  '/ /login /cart /search /api/items /api/orders /static/app.js /static/app.css /help'.split(' ');
const FOREIGN = 200;
const BEGIN = Date.UTC(2026, 2, 3, 8);

const digits = (random, count) =>
  Array.from({ length: count }, () => below(random, 16).toString(16)).join('');

/** Earlier elements come much more often than later ones. */
const skewed = (random, list) => list[Math.floor(list.length * random() ** 2.5)];

/** What stands for {name} in a template. Those of KEPT are the same in all lines of a flow. */
const FILLERS = {
  user: (random) => skewed(random, USERS),
  page: (random) => skewed(random, PAGES),
  ip: (random) => `10.0.${below(random, 4)}.${1 + below(random, 40)}`,
  port: (random) => String(32768 + below(random, 28000)),
  pid: (random) => String(300 + below(random, 30000)),
  id: (random) => digits(random, 8),
  worker: (random) => String(1 + below(random, 8)),
  ms: (random) => String(Math.ceil(4 * Math.exp(4 * random() ** 2))),
  bytes: (random) => String(400 + below(random, 20000)),
  small: (random) => String(1 + below(random, 9)),
  mb: (random) => String(180 + below(random, 140)),
  line: (random) => String(20 + below(random, 400)),
};
const KEPT = new Set(['user', 'page', 'ip', 'port', 'pid', 'id', 'worker']);

/** Fills the templates of one flow. */
function filler(random) {
  const kept = new Map();
  const value = (name) => {
    if (kept.has(name)) return kept.get(name);
    const made = FILLERS[name](random);
    if (KEPT.has(name)) kept.set(name, made);
    return made;
  };
  return (template) => template.replace(/\{([a-z]+)\}/g, (_, name) => value(name));
}

/** A flow by its weight. */
function chooseFlow(random, flows) {
  const total = flows.reduce((sum, { often }) => sum + often, 0);
  let left = random() * total;
  return flows.find(({ often }) => {
    left -= often;
    return left < 0;
  });
}

/** Rows without anomalies: flows one after another, each a few lines with the same user, address or id. */
function makeRows(format, count, random) {
  const { head, flows } = FORMATS[format];
  const rows = [];
  let time = BEGIN;
  while (rows.length < count) {
    const flow = chooseFlow(random, flows);
    const fill = filler(random);
    const [from, ...rest] = flow.lines;
    const chosen = [from, ...rest.filter(() => random() >= (flow.skips ?? 0))];
    for (const [level, template] of chosen) {
      time += Math.ceil(900 * random() ** 3);
      const text = fill(template);
      rows.push({ head: level === '' ? '' : fill(head(time, level)), text, event: template });
    }
    time += Math.ceil(2000 * random() ** 2);
  }
  return rows.slice(0, count);
}

/**
 * A log of `lines` lines with anomalies of seven kinds from its first third on, about one line in 25. The same
 * arguments give the same log.
 * @param {string} format one of FORMAT_NAMES
 * @param {number} lines at least 400
 * @param {number} seed
 * @returns {{lines: string[], labels: (string | null)[]}} labels: the kind of anomaly that a line is, or null
 */
export function makeLog(format, lines, seed) {
  if (!Object.hasOwn(FORMATS, format))
    throw new Error(`there is no format '${format}': ${FORMAT_NAMES.join(', ')}`);
  const random = makeRandom(seed);
  const others = FORMAT_NAMES.filter((name) => name !== format);
  const foreign = others.flatMap((name) => makeRows(name, FOREIGN, random).map(({ text }) => text));
  const made = injectAnomalies(makeRows(format, lines, random), {
    foreign,
    words: UNSEEN,
    seed: Math.floor(random() * 2 ** 32),
    from: Math.min(300, Math.floor(lines / 3)),
    each: Math.max(1, Math.floor(lines / 165)),
  });
  return { lines: made.lines.slice(0, lines), labels: made.labels.slice(0, lines) };
}

/** A log without anomalies. */
export const makePlainLog = (format, lines, seed) =>
  makeRows(format, lines, makeRandom(seed)).map(({ head, text }) => head + text);
