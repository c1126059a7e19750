// What the landing page shows: a few lines of a log as the package of this checkout has read them.
// SPDX-License-Identifier: MIT
import { LogDetector } from '../../dist/index.mjs';

const USUAL = [
  (n) => `nginx: GET /items/${n % 500} 200 ${n % 90} ms`,
  (n) => `cache: hit user:${n % 400}`,
  (n) => `orders: order ${1000 + (n % 9000)} accepted for user ${n % 400}`,
  (n) => `nginx: GET /cart 200 ${n % 90} ms`,
  (n) => `cron: cleaned ${n % 40} sessions`,
];
const ODD = 'kernel: sda: write error, sector 1845, remounting read-only';
const LINES = 2000,
  ODD_AT = 1204,
  AROUND = 3;

/**
 * Lines around the odd one of a log of a small shop, and how many it has: each is { line, text, score, alarm }, the
 * last two as read. Throws if another line has a higher score, as the page says that none has.
 */
export async function foundLines() {
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647);
  const log = await LogDetector.create({ alarmRate: 0.001 });
  const read = Array.from({ length: LINES }, (_, i) => {
    const text = i + 1 === ODD_AT ? ODD : USUAL[next() % USUAL.length](next());
    const { score, alarm } = log.read(text);
    return { line: i + 1, text, score, alarm };
  });
  const highest = read.reduce((best, one) => (one.score > best.score ? one : best));
  if (highest.line !== ODD_AT)
    throw new Error(`the odd line of the landing page is ${highest.line}`);
  return { total: LINES, lines: read.slice(ODD_AT - 1 - AROUND, ODD_AT + AROUND) };
}
