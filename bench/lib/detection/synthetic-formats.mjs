/**
 * synthetic-formats.mjs - the formats of synthetic logs: how a line begins, and which lines come after each
 * other. What stands in braces is filled in by synthetic.mjs.
 * SPDX-License-Identifier: MIT
 */

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A date in its parts, as texts. */
function parts(time) {
  const iso = new Date(time).toISOString();
  const [year, month, day] = iso.slice(0, 10).split('-');
  return { iso, year, day, clock: iso.slice(11, 19), month: MONTHS[Number(month) - 1] };
}

/** Lines of the same level. */
const all = (level, ...templates) => templates.map((template) => [level, template]);

/** Access logs: one line a request, a page with what it loads. */
const request = (method, page, status) =>
  `"${method} ${page} HTTP/1.1" ${status} {bytes} "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"`;

const nginx = {
  head: (time) => {
    const { day, month, year, clock } = parts(time);
    return `{ip} - {user} [${day}/${month}/${year}:${clock} +0000] `;
  },
  flows: [
    {
      often: 5,
      skips: 0.1,
      lines: all(
        'access',
        request('GET', '/', 200),
        request('GET', '/static/app.css', 200),
        request('GET', '/static/app.js', 200),
      ),
    },
    { often: 6, lines: all('access', request('GET', '{page}', 200)) },
    {
      often: 3,
      lines: all(
        'access',
        request('GET', '/login', 200),
        request('POST', '/login', 302),
        request('GET', '/cart', 200),
      ),
    },
    { often: 3, lines: all('access', request('GET', '/api/items/{small}', 200)) },
    { often: 1, lines: all('access', request('GET', '{page}', 304)) },
    { often: 0.3, lines: all('access', request('GET', '/favicon.ico', 404)) },
  ],
};
/** One object a line, as pino and others write them. */
const object = (message, more) => `"msg":"${message}","reqId":"{id}"${more ? `,${more}` : ''}}`;

const json = {
  head: (time, level) =>
    `{"time":"${parts(time).iso}","level":"${level}","pid":4711,"host":"web-{worker}",`,
  flows: [
    {
      often: 8,
      skips: 0.15,
      lines: all(
        'info',
        object('request for {page} received', '"method":"GET","remote":"{ip}"'),
        object('session of {user} found in cache after {ms} ms', '"hit":true'),
        object('query on table items took {ms} ms', '"rows":{small}'),
        object('request completed with status 200 in {ms} ms', '"bytes":{bytes}'),
      ),
    },
    {
      often: 2,
      lines: all(
        'info',
        object('order of {user} accepted', '"items":{small}'),
        object('payment provider answered after {ms} ms', '"retries":0'),
        object('order stored and mail queued', '"queue":"mail"'),
      ),
    },
    { often: 1, lines: all('debug', object('cache swept and {small} entries dropped')) },
    {
      often: 0.4,
      lines: [
        ['warn', object('query on table orders took {ms} ms and is slow', '"rows":{small}')],
        ['info', object('request completed with status 200 in {ms} ms', '"bytes":{bytes}')],
      ],
    },
  ],
};

const syslog = {
  head: (time, program) => {
    const { month, day, clock } = parts(time);
    return `${month} ${day} ${clock} gateway ${program}: `;
  },
  flows: [
    {
      often: 4,
      lines: [
        ['CRON[{pid}]', 'pam_unix(cron:session): session opened for user {user} by (uid=0)'],
        ['CRON[{pid}]', '({user}) CMD (cd / && run-parts --report /etc/cron.hourly)'],
        ['CRON[{pid}]', 'pam_unix(cron:session): session closed for user {user}'],
      ],
    },
    {
      often: 4,
      skips: 0.1,
      lines: all(
        'sshd[{pid}]',
        'Connection from {ip} port {port} on 10.0.0.1 port 22',
        'Accepted publickey for {user} from {ip} port {port} ssh2: RSA SHA256 key',
        'pam_unix(sshd:session): session opened for user {user} by (uid=0)',
        'Received disconnect from {ip} port {port}: disconnected by user',
        'pam_unix(sshd:session): session closed for user {user}',
      ),
    },
    {
      often: 3,
      lines: all(
        'dhclient[812]',
        'DHCPREQUEST of {ip} on eth0 to 10.0.0.1 port 67',
        'DHCPACK of {ip} from 10.0.0.1',
        'bound to {ip} and renewal in {ms} seconds',
      ),
    },
    { often: 2, lines: all('kernel', '[{port}.{ms}] device eth0 entered promiscuous mode') },
    { often: 2, lines: all('systemd[1]', 'Starting daily cleanup of temporary directories...') },
    { often: 1, lines: all('ntpd[640]', 'adjusting local clock by 0.{ms} seconds') },
  ],
};

/** A stack trace: its lines have no head. */
const trace = (exception, ...methods) => [
  ['', exception],
  ...methods.map((method) => ['', `\tat ${method}`]),
];

const java = {
  head: (time, level) => {
    const { iso } = parts(time);
    return `${iso.slice(0, 10)} ${iso.slice(11, 23).replace('.', ',')} ${level} [http-nio-8080-exec-{worker}] `;
  },
  flows: [
    {
      often: 8,
      skips: 0.1,
      lines: [
        ['DEBUG', 'o.s.web.servlet.DispatcherServlet - GET {page} with parameters masked'],
        ['INFO ', 'c.shop.service.OrderService - Loading orders of customer {user}'],
        ['DEBUG', 'org.hibernate.SQL - select o.id from orders o where o.customer = ?'],
        ['INFO ', 'c.shop.service.OrderService - Found {small} orders in {ms} ms'],
        ['DEBUG', 'o.s.web.servlet.DispatcherServlet - Completed 200 OK'],
      ],
    },
    {
      often: 2,
      lines: [
        ['INFO ', 'c.shop.cache.CacheManager - Evicting {small} entries of region products'],
        ['INFO ', 'c.shop.cache.CacheManager - Heap in use: {mb} MB of 512'],
      ],
    },
    {
      often: 1,
      lines: [['INFO ', 'c.z.hikari.pool.HikariPool - Pool stats total 10 active {small}']],
    },
    {
      often: 0.5,
      lines: [
        [
          'ERROR',
          'c.shop.pay.PaymentClient - Payment of customer {user} failed and will be retried',
        ],
        ...trace(
          'java.net.SocketTimeoutException: Read timed out after {ms} ms',
          'java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)',
          'com.shop.pay.PaymentClient.post(PaymentClient.java:114)',
          'com.shop.pay.PaymentClient.charge(PaymentClient.java:71)',
          'com.shop.service.OrderService.pay(OrderService.java:203)',
        ),
        ['INFO ', 'c.shop.pay.PaymentClient - Payment of customer {user} succeeded at attempt 2'],
      ],
    },
  ],
};

/** Keys and values. */
const logfmt = {
  head: (time, level) => `ts=${parts(time).iso} level=${level} `,
  flows: [
    {
      often: 6,
      skips: 0.1,
      lines: all(
        'info',
        'msg="job taken from queue" job={id} worker={worker} waiting={small}',
        'msg="input fetched from storage" job={id} bytes={bytes} took={ms}',
        'msg="job done and result stored" job={id} worker={worker} took={ms}',
      ),
    },
    { often: 2, lines: all('info', 'msg="heartbeat of worker sent" worker={worker} load={small}') },
    { often: 1, lines: all('debug', 'msg="memory in use by process" worker={worker} mb={mb}') },
    {
      often: 0.5,
      lines: [
        ['warn', 'msg="storage answered late and is asked again" job={id} took={ms}'],
        ['info', 'msg="input fetched from storage" job={id} bytes={bytes} took={ms}'],
      ],
    },
  ],
};

/** @type {Record<string, {head: (time: number, level: string) => string,
 *   flows: {often: number, skips?: number, lines: string[][]}[]}>} */
export const FORMATS = { nginx, json, syslog, java, logfmt };
