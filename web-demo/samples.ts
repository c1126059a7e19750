/**
 * samples.ts - a log to try the Watch tab with: made up, the same each time, with three anomalies.
 * SPDX-License-Identifier: MIT
 */
const LINES = 900;
const PATHS = ['/', '/login', '/api/items', '/api/items/42', '/static/app.js', '/static/app.css'];
const ANOMALIES: Record<number, string> = {
  371: 'ERROR db: connection to 10.0.0.7 lost: too many clients already',
  640: 'WARN  auth: token of user admin accepted from unknown host 203.0.113.77',
  811: 'FATAL worker 3 killed: out of memory (resident 3912 MB)',
};

/** Numbers below `limit`, the same ones for each log (xorshift). */
function makeDice(): (limit: number) => number {
  let state = 2463534242;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** A night of a web service. */
export function sampleLog(): string {
  const dice = makeDice();
  let seconds = 2 * 3600;
  const lines: string[] = [];
  for (let i = 1; i <= LINES; i++) {
    seconds += 1 + dice(4);
    const time = new Date(seconds * 1000).toISOString().slice(11, 19);
    const usual = [
      `INFO  http: GET ${PATHS[dice(PATHS.length)]} 200 ${1 + dice(40)}ms`,
      `INFO  http: POST /api/items 201 ${5 + dice(60)}ms`,
      `INFO  cache: ${dice(100)} hits, ${dice(9)} misses`,
      `DEBUG gc: freed ${dice(64)} MB`,
    ];
    const text = ANOMALIES[i] ?? usual[[0, 0, 0, 1, 2, 3][dice(6)]!]!;
    lines.push(`2026-03-01T${time}Z ${text}`);
  }
  return `${lines.join('\n')}\n`;
}
