/**
 * samples.ts - a log and a signal to try the Watch tab with: made up, the same each time, with things planted in
 * them that are to be found.
 * SPDX-License-Identifier: MIT
 */

/** Numbers below `limit`, the same ones for each sample (xorshift). */
function makeDice(): (limit: number) => number {
  let state = 2463534242;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const BLOCKS = 900;
const PATHS = ['/', '/login', '/api/items'];
const STEPS = ['begun', 'paid', 'packed', 'sent'];

/** What goes wrong in that night, by the block of lines in which it does. */
const PLANTED: Record<number, string> = {
  330: 'ERROR db: connection to 10.0.0.7 lost: too many clients already',
  610: 'INFO  order: sent',
  860: 'FATAL worker 3 killed: out of memory, 3912 MB resident',
};
const SLOW = 700;
const SILENCE = { after: 520, minutes: 6 };
const GUESSES = { after: 780, count: 25 };

/** A night of a web service. */
export function sampleLog(): string {
  const dice = makeDice();
  const lines: string[] = [];
  let seconds = 2 * 3600;
  const write = (text: string): void => {
    seconds += dice(3);
    const time = new Date(seconds * 1000).toISOString().slice(11, 19);
    lines.push(`2026-03-01T${time}Z ${text}`);
  };
  const request = (slow: boolean): string[] => [
    `INFO  http: GET ${PATHS[dice(PATHS.length)]}`,
    `DEBUG db: ${1 + dice(9)} rows in ${slow ? 1845000 : 1 + dice(30)} ms`,
    `INFO  http: 200 in ${10 + dice(80)} ms`,
  ];
  const order = STEPS.map((step) => `INFO  order: ${step}`);
  for (let i = 1; i <= BLOCKS; i++) {
    seconds += dice(4);
    const planted = PLANTED[i];
    const block = dice(4) === 0 && i !== SLOW && !planted ? order : request(i === SLOW);
    if (planted !== undefined) block.push(planted);
    for (const line of block) write(line);
    if (i === SILENCE.after) seconds += 60 * SILENCE.minutes;
    if (i !== GUESSES.after) continue;
    for (let k = 0; k < GUESSES.count; k++) {
      write(`WARN  auth: wrong password for root from 203.0.113.77 port ${40000 + dice(9999)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Values, one in five minutes, for five days. */
const ROWS = 1440;
/** Rows in which the cooling fails, and in which a window is open. */
const HOT = { from: 850, to: 890 };
const COLD = { from: 1400, to: 1406 };

/** The temperature of a server room: warmer by day than by night. */
export function sampleSignal(): string {
  const dice = makeDice();
  const begin = Date.UTC(2026, 2, 2);
  const rows = ['time,celsius'];
  for (let i = 0; i < ROWS; i++) {
    const time = new Date(begin + i * 300_000).toISOString().slice(0, 16).replace('T', ' ');
    let value = 22 - 2 * Math.cos((2 * Math.PI * i) / 288) + dice(100) / 100;
    if (i >= HOT.from && i < HOT.to) value += 7;
    if (i >= COLD.from && i < COLD.to) value -= 7;
    rows.push(`${time},${value.toFixed(1)}`);
  }
  return `${rows.join('\n')}\n`;
}
