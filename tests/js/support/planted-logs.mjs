/**
 * planted-logs.mjs - logs of four kinds, made from a seed, in which a few lines are out of place.
 * SPDX-License-Identifier: MIT
 */

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = (random, list) => list[Math.floor(random() * list.length)];
const upTo = (random, n) => Math.floor(random() * n);
const two = (n) => String(n).padStart(2, '0');

function clock(start, i) {
  const date = new Date(start + i * 700);
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return { date, time, day: two(date.getUTCDate()), iso: date.toISOString() };
}

const START = Date.UTC(2026, 2, 3, 8);
const PATHS = [
  '/',
  '/index.html',
  '/api/items',
  '/api/items/42',
  '/static/app.js',
  '/login',
  '/logo.png',
];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64)',
  'curl/8.5.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17)',
];

function nginxLine(random, i) {
  const { day, time } = clock(START, i);
  const status = random() < 0.93 ? 200 : pick(random, [304, 404, 301]);
  const ip = `10.0.${upTo(random, 4)}.${upTo(random, 250)}`;
  return (
    `${ip} - - [${day}/Mar/2026:${time} +0000] "GET ${pick(random, PATHS)} HTTP/1.1" ${status} ` +
    `${200 + upTo(random, 9000)} "-" "${pick(random, AGENTS)}"`
  );
}

const SERVICES = ['cart', 'search', 'billing'];
const DONE = ['request completed', 'cache refreshed', 'item added', 'session renewed'];

function jsonLine(random, i) {
  return JSON.stringify({
    time: clock(START, i).iso,
    level: random() < 0.95 ? 'info' : 'warn',
    service: pick(random, SERVICES),
    msg: pick(random, DONE),
    ms: 2 + upTo(random, 90),
    id: `${Math.floor(random() * 0xffffffff)
      .toString(16)
      .padStart(8, '0')}`,
  });
}

const SYSLOG = [
  (r) =>
    `sshd[${1000 + upTo(r, 9000)}]: Accepted publickey for deploy from 10.0.0.${upTo(r, 250)} port ${1024 + upTo(r, 60000)} ssh2`,
  (r) => `CRON[${1000 + upTo(r, 9000)}]: (root) CMD (run-parts /etc/cron.hourly)`,
  (r) => `systemd[1]: Started Session ${upTo(r, 900)} of user deploy.`,
  (r) => `dhclient[812]: DHCPACK of 10.0.0.${upTo(r, 250)} from 10.0.0.1`,
  (r) => `kernel: [${upTo(r, 99999)}.${upTo(r, 999999)}] eth0: link becomes ready`,
];

function syslogLine(random, i) {
  const { day, time } = clock(START, i);
  return `Mar ${String(Number(day)).padStart(2)} ${time} web1 ${pick(random, SYSLOG)(random)}`;
}

const JAVA = [
  (r) =>
    `INFO  [worker-${upTo(r, 8)}] c.acme.orders.OrderService - order ${10000 + upTo(r, 90000)} accepted`,
  (r) =>
    `INFO  [worker-${upTo(r, 8)}] c.acme.orders.Stock - reserved ${1 + upTo(r, 9)} of item ${100 + upTo(r, 900)}`,
  (r) =>
    `DEBUG [timer-1] c.acme.jobs.Cleaner - removed ${upTo(r, 40)} entries in ${upTo(r, 300)} ms`,
  (r) =>
    `WARN  [worker-${upTo(r, 8)}] c.acme.net.Client - retry ${1 + upTo(r, 3)} after timeout of ${100 + upTo(r, 900)} ms`,
];

function javaLine(random, i) {
  const { iso } = clock(START, i);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)},${iso.slice(20, 23)} ${pick(random, JAVA)(random)}`;
}

function javaTrace(i, exception, message) {
  const { iso } = clock(START, i);
  const head = `${iso.slice(0, 10)} ${iso.slice(11, 19)},${iso.slice(20, 23)} ERROR [worker-3] c.acme.orders.OrderService`;
  return [
    `${head} - cannot store order`,
    `${exception}: ${message}`,
    '\tat com.acme.db.Pool.take(Pool.java:88)',
    '\tat com.acme.orders.OrderService.store(OrderService.java:214)',
    'Caused by: java.net.SocketException: Connection reset by peer',
    '\tat java.base/sun.nio.ch.NioSocketImpl.read(NioSocketImpl.java:318)',
    '\t... 14 more',
  ].join('\n');
}

const at = (i) => clock(START, i);
/** The lines that are planted in each, made for the place of the i-th line. */
const PLANTED = {
  nginx: [
    (i) =>
      `203.0.113.9 - - [${at(i).day}/Mar/2026:${at(i).time} +0000] "POST /cgi-bin/.%2e/.%2e/bin/sh HTTP/1.1" 400 157 "-" "zgrab/0.x"`,
    (i) =>
      `10.0.1.7 - - [${at(i).day}/Mar/2026:${at(i).time} +0000] "GET /api/items HTTP/1.1" 502 559 "-" "upstream prematurely closed connection"`,
  ],
  json: [
    (i) =>
      JSON.stringify({
        time: at(i).iso,
        level: 'error',
        service: 'billing',
        msg: 'card declined by issuer',
        ms: 41,
        id: '7c01aa9e',
      }),
    (i) =>
      JSON.stringify({
        time: at(i).iso,
        level: 'info',
        service: 'search',
        msg: 'request completed',
        ms: 48213000,
        id: '01aa9e7c',
      }),
  ],
  syslog: [
    (i) =>
      `Mar  ${Number(at(i).day)} ${at(i).time} web1 kernel: [91823.118] Out of memory: Killed process 4312 (postgres)`,
    (i) =>
      `Mar  ${Number(at(i).day)} ${at(i).time} web1 sshd[2201]: Failed password for invalid user oracle from 198.51.100.4 port 4022 ssh2`,
  ],
  java: [
    (i) => javaTrace(i, 'java.sql.SQLTransientConnectionException', 'pool exhausted'),
    (i) =>
      `${at(i).iso.slice(0, 10)} ${at(i).iso.slice(11, 19)},000 ERROR [main] c.acme.jobs.Scheduler - clock moved, jobs disabled`,
  ],
};

const LINES = { nginx: nginxLine, json: jsonLine, syslog: syslogLine, java: javaLine };
export const FORMATS = Object.keys(LINES);

/**
 * A log of `count` events of a format. `planted` holds the events that are out of place, which come after
 * half of the log, with the numbers of their first lines; `text` is the whole log.
 */
export function plantedLog(format, count = 3000, seed = 1) {
  const random = randomOf(seed);
  const events = [];
  const planted = [];
  const places = PLANTED[format].map((_, k) => Math.floor(count * (0.6 + 0.2 * k)));
  let line = 1;
  for (let i = 0; i < count; i++) {
    const k = places.indexOf(i);
    const event = k < 0 ? LINES[format](random, i) : PLANTED[format][k](i);
    if (k >= 0) planted.push({ line, text: event });
    events.push(event);
    line += event.split('\n').length;
  }
  return { text: `${events.join('\n')}\n`, events, planted };
}
