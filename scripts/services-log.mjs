// services-log.mjs - writes examples/services.log: half an hour of a shop made of nine services, with three
// faults. The same seed gives the same log.
//
//   node scripts/services-log.mjs
// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { below, makeRandom } from '../bench/lib/detection/random.mjs';
import { root } from './stamps.mjs';

/** Where the log lies, from the repository's root. */
export const LOG_FILE = 'examples/services.log';
const LINES = 2000;
const SEED = 1;
const BEGIN = Date.UTC(2026, 10, 30, 8);

/* Milliseconds: from the beginning of one flow to the next on average, and at most between two lines of a flow. */
const BETWEEN_FLOWS = 2900;
const WITHIN_FLOW = 60;

/* Addresses are of the ranges for documentation (RFC 5737). */
const BALANCER = '192.0.2.10';

/** Numbers that only grow, as those of orders do. */
function counter(first) {
  let next = first;
  return () => next++;
}

/** What the flows draw from. */
function makeWorld(seed) {
  const random = makeRandom(seed);
  const from = (low, high) => low + below(random, high - low + 1);
  return {
    random,
    from,
    /* Milliseconds: most answers are quick, a few take ten times as long. */
    ms: (least) => Math.round(least * Math.exp(2.3 * random() ** 3)),
    client: () => `203.0.113.${from(1, 254)}`,
    order: counter(48101),
    message: counter(90317),
  };
}

const line = (level, service, text) => `${level.padEnd(5)} ${service.padEnd(9)} ${text}`;
const info = (service, text) => line('INFO', service, text);
const warn = (service, text) => line('WARN', service, text);

const browse = ({ from, ms, client }) => [
  info('gateway', `GET /items?page=${from(1, 40)} from ${client()}`),
  info('database', `select from items: ${from(2, 24)} rows in ${ms(2)} ms`),
  info('gateway', `answered 200 in ${ms(9)} ms, ${from(2000, 9800)} bytes`),
];

function login({ from, ms, client }, mistyped = false) {
  const [user, address] = [from(1000, 9999), client()];
  const post = info('gateway', `POST /login from ${address}`);
  return [
    post,
    ...(mistyped ? [warn('auth', `wrong password for user ${user}`), post] : []),
    info('auth', `user ${user} logged in from ${address}`),
    info('gateway', `answered 200 in ${ms(30)} ms, ${from(200, 400)} bytes`),
  ];
}

/** An order is charged and shipped, or declined and cancelled; what is charged is `times` its price. */
function order(world, { declined = false, times = 1 } = {}) {
  const { from, ms, client } = world;
  const number = world.order();
  const [cents, card] = [from(900, 24000), from(1000, 9999)];
  const [items, hall] = [from(2, 6), from(1, 4)];
  const end = declined
    ? [
        warn('payments', `order ${number}: card *${card} was declined`),
        info('orders', `order ${number} cancelled, ${items} items free again`),
      ]
    : [
        info('payments', `order ${number}: charged ${times * cents} cents to card *${card}`),
        info('orders', `order ${number} handed to shipping in hall ${hall}`),
      ];
  return [
    info('gateway', `POST /orders from ${client()}`),
    info('auth', `session of user ${from(1000, 9999)} is valid`),
    info('orders', `order ${number} of ${items} items, ${cents} cents`),
    info('stock', `order ${number}: ${items} items reserved in hall ${hall}`),
    ...end,
    info('queue', `message ${world.message()} for mailer, ${from(1, 9)} waiting`),
    info('gateway', `answered ${declined ? 402 : 201} in ${ms(60)} ms, ${from(300, 900)} bytes`),
  ];
}

const mail = ({ from, ms }) => [
  info('mailer', `${from(2, 9)} messages sent in ${ms(80)} ms, ${from(0, 3)} left`),
];

const health = ({ ms }) => [info('gateway', `GET /health from ${BALANCER}: 200 in ${ms(1)} ms`)];

const clean = ({ from, ms }) => [
  info('scheduler', 'job empty-carts started'),
  info('database', `delete from carts: ${from(2, 30)} rows in ${ms(8)} ms`),
  info('scheduler', `job empty-carts finished in ${ms(14)} ms`),
  info('database', `checkpoint: ${from(40, 400)} pages written in ${ms(110)} ms`),
];

const replicate = ({ from }) => [info('database', `replica is ${from(4, 40)} ms behind`)];

const damaged = ({ from }) => [
  line('ERROR', 'database', `bad checksum in page ${from(2000, 9000)}, restored from replica`),
];

/** The kinds of flow, and how many of a hundred are of each. The log begins with one of each. */
const FLOWS = [
  [50, browse],
  [9, login],
  [3, (world) => login(world, true)],
  [11, order],
  [4, (world) => order(world, { declined: true })],
  [9, mail],
  [9, health],
  [5, clean],
];

/** Two of the faults: how much of the log comes before each, its flow, and which line of that it is. */
const FAULTS = [
  { name: 'a line that comes once', at: 0.42, flow: damaged, index: 0 },
  {
    name: 'a charge of a thousand times the price',
    at: 0.88,
    flow: (world) => order(world, { times: 1000 }),
    index: 4,
  },
];

/** The third: the replica is heard of every 20 seconds, and no more after so much of the log. */
const REPLICATION = { name: 'the replica is heard of no more', every: 20_000, until: 0.65 };

function chooseFlow(random) {
  let left = 100 * random();
  return FLOWS.find(([share]) => {
    left -= share;
    return left < 0;
  })[1];
}

/** The lines of a flow that begins at `start`, each with its time. */
function timed(lines, start, random) {
  let time = start;
  return lines.map((text) => {
    time += 1 + below(random, WITHIN_FLOW);
    return { time, text };
  });
}

/** All lines in the order of their times, those that are faults with their names; flows overlap now and then. */
function makeRows(world) {
  const { random } = world;
  const rows = [];
  const opening = FLOWS.map(([, flow]) => flow);
  const faults = [...FAULTS];
  let [start, replicated] = [BEGIN, BEGIN];
  let heard;
  while (rows.length < LINES + 20) {
    const fault = rows.length >= faults[0]?.at * LINES ? faults.shift() : undefined;
    const flow = fault?.flow ?? opening.shift() ?? chooseFlow(random);
    const lines = timed(flow(world), start, random);
    if (fault !== undefined) lines[fault.index].fault = fault.name;
    rows.push(...lines);
    start += Math.ceil(-BETWEEN_FLOWS * Math.log(1 - random()));
    while (replicated < start && rows.length < REPLICATION.until * LINES) {
      [heard] = timed(replicate(world), replicated, random);
      rows.push(heard);
      replicated += REPLICATION.every;
    }
  }
  heard.fault = REPLICATION.name;
  return rows.sort((a, b) => a.time - b.time).slice(0, LINES);
}

/**
 * The log, and its faults.
 * @param {number} [seed]
 * @returns {{text: string, faults: {name: string, line: number, text: string}[]}} `line` counts from 1; of what comes no
 *   more it is the last one that came
 */
export function servicesLog(seed = SEED) {
  const rows = makeRows(makeWorld(seed)).map(({ time, text, fault }) => {
    return { fault, text: `${new Date(time).toISOString()} ${text}` };
  });
  const faults = rows.flatMap(({ fault: name, text }, i) =>
    name === undefined ? [] : [{ name, line: i + 1, text }],
  );
  return { text: rows.map(({ text }) => `${text}\n`).join(''), faults };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, LOG_FILE), servicesLog().text);
}
