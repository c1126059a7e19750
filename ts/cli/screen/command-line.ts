/**
 * command-line.ts - reads a command line strictly, with a suggestion for what is misspelt.
 * SPDX-License-Identifier: MIT
 */
import { parseArgs } from 'node:util';
import { suggestion } from '../../common/suggestion.js';
import { UsageError } from './failure.js';

/** A command: the options that it has besides those of all commands, its help, and its work. */
export interface Command {
  options: OptionSpecs;
  help: string;
  run(line: CommandLine): Promise<void>;
}

/** An option of a command: whether it takes a value, whether that may be empty, and what it is if not given. */
interface OptionSpec {
  type: 'string' | 'boolean';
  short?: string;
  empty?: boolean;
  default?: string;
}

/** The options of one command. */
export type OptionSpecs = Record<string, OptionSpec>;

/** A command line that was read. Of options of the same name the last one counts, but for `repeated`. */
export interface CommandLine {
  flags: Set<string>;
  /** What was given, or else the option's default. */
  values: Map<string, string>;
  /** All values that were given for each option, in order. */
  repeated: Map<string, string[]>;
  positionals: string[];
}

/** Options that every command has. */
export const COMMON_OPTIONS: OptionSpecs = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  color: { type: 'boolean' },
  'no-color': { type: 'boolean' },
};

/** The option of all commands that save something, and its line of help. */
export const SAVE_OPTIONS: OptionSpecs = { force: { type: 'boolean' } };
export const FORCE_HELP = `  --force            replace a file that is there although bit-ttt has not written it`;

/** Reads `argv`; throws a UsageError for what `specs` do not allow. */
export function readCommandLine(argv: readonly string[], specs: OptionSpecs): CommandLine {
  const { tokens } = parseArgs({
    args: [...argv],
    options: specs,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const line: CommandLine = {
    flags: new Set(),
    values: new Map(),
    repeated: new Map(),
    positionals: [],
  };
  for (const token of tokens) {
    if (token.kind === 'positional') line.positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) {
      const near = rawName.startsWith('--') ? suggestion(name, Object.keys(specs), '--') : '';
      throw new UsageError(`unknown option ${rawName}${near}`);
    }
    if (spec.type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
      line.flags.add(name);
    } else if (value === undefined || (value === '' && spec.empty !== true)) {
      throw new UsageError(`${rawName} needs a value`);
    } else if (inlineValue === false && value.length > 1 && value.startsWith('-')) {
      const hint = `write ${rawName}=${value} if that is the value`;
      throw new UsageError(`${rawName} needs a value, but ${value} follows it (${hint})`);
    } else {
      line.values.set(name, value);
      line.repeated.set(name, [...(line.repeated.get(name) ?? []), value]);
    }
  }
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.default !== undefined && !line.values.has(name)) line.values.set(name, spec.default);
  }
  return line;
}

/** Bounds of a numeric option, both inclusive. */
export interface NumberRange {
  min: number;
  max: number;
  integer?: boolean;
}

function parseNumber(text: string, what: string, { min, max, integer }: NumberRange): number {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const wrongKind = integer === true && !Number.isInteger(value);
  if (Number.isNaN(value) || wrongKind || value < min || value > max) {
    const kind = integer === true ? 'an integer' : 'a number';
    throw new UsageError(`${what} must be ${kind} from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

/** The number given for `--name`, or undefined. */
export function numberOption(
  line: CommandLine,
  name: string,
  range: NumberRange,
): number | undefined {
  const text = line.values.get(name);
  return text === undefined ? undefined : parseNumber(text, `--${name}`, range);
}

/** The numbers given for `--name` as a comma-separated list, or undefined. */
export function numberListOption(
  line: CommandLine,
  name: string,
  range: NumberRange,
): number[] | undefined {
  const text = line.values.get(name);
  return text?.split(',').map((item) => parseNumber(item.trim(), `each of --${name}`, range));
}

/** The one of `allowed` that `text` is; `what` is what a UsageError calls it. */
export function parseChoice<T extends string>(
  text: string,
  what: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((choice) => choice === text);
  if (found !== undefined) return found;
  const list = allowed.map((choice) => `"${choice}"`).join(' or ');
  throw new UsageError(`${what} must be ${list}, not "${text}"`);
}

/** A seed of 64 bits given for `--name`, or undefined. */
export function seedOption(line: CommandLine, name = 'seed'): bigint | undefined {
  const text = line.values.get(name);
  if (text === undefined) return undefined;
  const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (seed < 0n || seed >= 1n << 64n) {
    throw new UsageError(`--${name} must be an integer from 0 to 2^64 - 1, not "${text}"`);
  }
  return seed;
}

/** Refuses arguments. */
export function checkNoArguments({ positionals }: CommandLine, command: string): void {
  if (positionals.length === 0) return;
  throw new UsageError(`${command} takes no arguments, but got "${positionals[0]}"`);
}

/** The one file that a command takes as its argument. */
export function fileArgument(
  { positionals }: CommandLine,
  command: string,
  verb = 'takes',
): string {
  const [file, extra] = positionals;
  if (file === undefined) throw new UsageError(`${command} needs a FILE, or - for standard input`);
  if (extra === undefined) return file;
  throw new UsageError(`${command} ${verb} one FILE, but "${extra}" follows`);
}
