/**
 * options.ts - reads the options of the transport. They may have crossed to a worker thread.
 * SPDX-License-Identifier: MIT
 */
import { reading, wrongType } from '../common/args.js';
import { TTTError } from '../common/errors.js';
import type { NamesOf } from '../common/named-options.js';
import { takeOptions } from '../common/named-options.js';
import { optionalNumber } from '../common/options.js';
import type { LogDetectorOptions, LogFinding } from '../detect/types.js';

/** Options of the transport for pino. Those of a worker thread may be anything but functions. */
export interface PinoOptions {
  /** The share of lines that are to be alarms, 0.0001 to 0.1. Default 0.001: one line in a thousand. */
  alarmRate?: number | undefined;
  /** What these match counts as one and the same. A text is the source of a regular expression. At most 32. */
  mask?: RegExp | string | readonly (RegExp | string)[] | undefined;
  /** What a line belongs to, as in `LogDetectorOptions`. A text is the source of a regular expression. */
  session?: RegExp | string | undefined;
  /** A file with what was learnt before. If there is none yet, everything is new. */
  load?: string | undefined;
  /** The file that is to keep what was learnt. */
  save?: string | undefined;
  /** It is saved at the end, and after so many seconds: 1 to 86,400, default 60. */
  saveEvery?: number | undefined;
  /**
   * Where findings go as lines: a file, to whose end they are written, or a descriptor. Default 1, the standard
   * output; with `onFinding` none.
   */
  destination?: string | number | undefined;
  /** The level of these lines: a name of pino's or a number. Default `warn`. */
  level?: PinoLevel | number | undefined;
  /**
   * Called with each finding; if it gives a promise, reading goes on when that is settled. Only where the transport
   * is not in a worker thread. What it throws is an error of the stream.
   */
  onFinding?: ((finding: LogFinding) => unknown) | undefined;
}

/** The levels that pino has of its own. */
export type PinoLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const LEVELS: Readonly<Record<PinoLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

const NAMES = {
  alarmRate: true,
  destination: true,
  level: true,
  load: true,
  mask: true,
  onFinding: true,
  save: true,
  saveEvery: true,
  session: true,
} satisfies NamesOf<PinoOptions>;

/* What pino and its thread put beside the options of a single target. */
const OF_PINO = /^(?:\$.*|pino.*|levels|dedupe)$/;

const SECONDS = { min: 1, max: 86400 };
const DEFAULT_SECONDS = 60;

/** Checked options. */
export interface Settings {
  /** Of the detector, which checks them. */
  detector: LogDetectorOptions;
  load: string | undefined;
  save: string | undefined;
  saveEvery: number;
  destination: string | number | undefined;
  level: number;
  onFinding: ((finding: LogFinding) => unknown) | undefined;
}

/** A regular expression of a text; what is no text is left to the detector. */
function patternOf(value: unknown, name: string): RegExp {
  if (typeof value !== 'string') return value as RegExp;
  try {
    return new RegExp(value);
  } catch (cause) {
    const text = `${name} is not a regular expression: ${(cause as Error).message}`;
    throw new TTTError('INVALID_ARGUMENT', text, { cause });
  }
}

function masksOf(value: unknown): RegExp | RegExp[] {
  const list = reading('mask', () =>
    Array.isArray(value) ? ([...value] as unknown[]) : undefined,
  );
  if (list === undefined) return patternOf(value, 'mask');
  return list.map((each, i) => patternOf(each, `mask[${i}]`));
}

function pathOf(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongType(name, 'the path of a file', value);
  if (value === '' || value.includes('\0')) {
    throw new TTTError('INVALID_ARGUMENT', `${name} must be the path of a file`);
  }
  return value;
}

function destinationOf(value: unknown): string | number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  if (value === undefined || typeof value === 'string') return pathOf(value, 'destination');
  throw wrongType('destination', 'the path of a file or a descriptor', value);
}

function levelOf(value: unknown): number {
  if (value === undefined) return LEVELS.warn;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && Object.hasOwn(LEVELS, value)) return LEVELS[value as PinoLevel];
  const names = Object.keys(LEVELS).join(', ');
  throw new TTTError('INVALID_ARGUMENT', `level must be a number or one of ${names}`);
}

/** Without what is pino's own; a target without options has none. */
function ownOptions(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options ?? {};
  return reading('options', () => {
    if (!Object.hasOwn(options, 'pinoWillSendConfig')) return options;
    return Object.fromEntries(Object.entries(options).filter(([name]) => !OF_PINO.test(name)));
  });
}

/** Everything that was given, each option read once. */
export function readPinoOptions(options: unknown): Settings {
  const given = takeOptions(ownOptions(options), NAMES);
  const { alarmRate, mask, session, saveEvery, onFinding } = given;
  if (onFinding !== undefined && typeof onFinding !== 'function') {
    throw wrongType('onFinding', 'a function', onFinding);
  }
  const save = pathOf(given.save, 'save');
  if (saveEvery !== undefined && save === undefined) {
    throw new TTTError('INVALID_ARGUMENT', 'saveEvery is given, but no file to save to');
  }
  const destination = destinationOf(given.destination);
  return {
    detector: {
      alarmRate: alarmRate as number | undefined,
      mask: mask === undefined ? undefined : masksOf(mask),
      session: session === undefined ? undefined : patternOf(session, 'session'),
    },
    load: pathOf(given.load, 'load'),
    save,
    saveEvery: optionalNumber(saveEvery, 'saveEvery', SECONDS, DEFAULT_SECONDS),
    destination: destination ?? (onFinding === undefined ? 1 : undefined),
    level: levelOf(given.level),
    onFinding: onFinding as Settings['onFinding'],
  };
}
