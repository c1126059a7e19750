/**
 * log-options.ts - reads the options of a LogDetector.
 * SPDX-License-Identifier: MIT
 */
import { reading, wrongType } from '../common/args.js';
import { kindOf } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { ALARM_RATES } from '../common/limits.js';
import type { NamesOf } from '../common/named-options.js';
import { takeOptions } from '../common/named-options.js';
import { BACKEND, WITH_BACKEND } from '../common/option-names.js';
import { readList, readNumber } from '../common/options.js';
import type { BackendChoice } from '../engine/choose.js';
import type { LogDetectorOptions } from './types.js';

const LOG = {
  ...BACKEND,
  alarmRate: true,
  mask: true,
  session: true,
} satisfies NamesOf<LogDetectorOptions>;

const MAX_MASKS = 32;
const MAX_SOURCE = 10_000;

/** Checked options. Of the patterns copies are kept, as regular expressions have a state. */
export interface LogOptions {
  alarmRate: number | undefined;
  masks: RegExp[] | undefined;
  session: RegExp | undefined;
  choice: BackendChoice;
}

function isRegExp(value: unknown): value is RegExp {
  return typeof value === 'object' && value !== null && kindOf(value) === 'RegExp';
}

/** A copy that finds all matches (g), or one and where its groups are (d). */
function copyOf(value: unknown, name: string, flag: 'g' | 'd'): RegExp {
  if (!isRegExp(value)) throw wrongType(name, 'a regular expression', value);
  const { length } = reading(name, () => value.source);
  if (length > MAX_SOURCE) {
    const text = `${name} has ${length} characters, at most ${MAX_SOURCE}`;
    throw new TTTError('INVALID_ARGUMENT', text);
  }
  return reading(name, () => {
    return new RegExp(value.source, value.flags.replace(/[gyd]/g, '') + flag);
  });
}

function readMasks(value: unknown): RegExp[] | undefined {
  if (value === undefined) return undefined;
  if (isRegExp(value)) return [copyOf(value, 'mask', 'g')];
  const wanted = 'a regular expression or a list of them';
  const masks = readList(value, 'mask', wanted, (item, name) => copyOf(item, name, 'g'));
  if (masks.length <= MAX_MASKS) return masks;
  const text = `mask has ${masks.length} elements, at most ${MAX_MASKS}`;
  throw new TTTError('INVALID_ARGUMENT', text);
}

/** Everything that was given, each option read once. */
export function readLogOptions(options: unknown): LogOptions {
  const given = takeOptions(options, LOG, '', { ...WITH_BACKEND, ...LOG });
  const { alarmRate, mask, session, backend, nativeBinding, wasm } = given;
  return {
    alarmRate:
      alarmRate === undefined ? undefined : readNumber(alarmRate, 'alarmRate', ALARM_RATES),
    masks: readMasks(mask),
    session: session === undefined ? undefined : copyOf(session, 'session', 'd'),
    choice: { backend, nativeBinding, wasm },
  };
}
