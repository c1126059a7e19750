/**
 * record.ts - a finding as a line of pino's form.
 * SPDX-License-Identifier: MIT
 */
import type { LineFinding, LogFinding, RateFinding } from '../detect/types.js';
import { OWN_KEY, objectOf } from './log-lines.js';

/* What a line may hold of the texts that were odd, in UTF-16 units. */
const MESSAGE = 500;
const TEXT = 4000;

function short(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const middle = last >= 0xd800 && last <= 0xdbff; // of a character
  return `${text.slice(0, middle ? limit - 1 : limit)}...`;
}

/** What a line of pino says, or the first line of another text. */
function messageOf(text: string): string {
  const object = objectOf(text);
  const { message } = (object?.['err'] ?? {}) as { message?: unknown };
  const found = [object?.['msg'], object?.['message'], message].find(
    (value) => typeof value === 'string' && value !== '',
  );
  return (found as string | undefined) ?? text.split('\n', 1)[0]!;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function fieldsOf(finding: LineFinding): object {
  const { kind, line, lines, score, cause, because, like, surprise, text, session } = finding;
  return {
    kind,
    line,
    lines,
    score: rounded(score),
    cause,
    because: because.map(({ start, end }) => short(text.slice(start, end), MESSAGE)),
    like,
    surprise: rounded(surprise),
    time: finding.time,
    level: finding.level,
    session,
    text: short(text, TEXT),
  };
}

function rateMessage({ kind, count, expected, like, from, to }: RateFinding): string {
  const [least, most] = expected.map(rounded);
  const usual = least === 0 ? `up to ${most}` : `${least} to ${most}`;
  if (kind === 'spike') return `spike: ${count} lines in a minute, usual are ${usual}`;
  if (kind === 'silence') {
    const seconds = Math.round(to - from);
    return `silence: no line for ${seconds} seconds, usual are ${usual} in a minute`;
  }
  const said = short(messageOf(parsable(like ?? '')), MESSAGE);
  return `missing: none in ${Math.round(count)} seconds, usual is one in ${least} to ${most}: ${said}`;
}

/** A pattern of a line of JSON has marks for its numbers. */
function parsable(pattern: string): string {
  return pattern.replace(/:<\w+>/g, ':0');
}

function messageAndFields(finding: LogFinding): [string, object] {
  switch (finding.kind) {
    case 'line':
      return [`odd line: ${short(messageOf(finding.text), MESSAGE)}`, fieldsOf(finding)];
    case 'burst': {
      const { more, last } = finding;
      return [`${more} more odd ${more === 1 ? 'line' : 'lines'} up to line ${last}`, finding];
    }
    case 'session': {
      const { kind, session, score, lines } = finding;
      const name = short(session, MESSAGE);
      return [`odd session: ${name}`, { kind, session: name, score: rounded(score), lines }];
    }
    default:
      return [rateMessage(finding), finding];
  }
}

/** A line with its end. `now`: in milliseconds since 1970. */
export function recordOf(finding: LogFinding, level: number, now: number): string {
  const [msg, fields] = messageAndFields(finding);
  return `${JSON.stringify({ level, time: now, msg, [OWN_KEY]: fields })}\n`;
}
