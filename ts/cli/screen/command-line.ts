/**
 * command-line.ts - how commands are described, and a command line read by that: strictly, with a suggestion for
 * what is misspelt. node:util finds the tokens. A library would take the place of readCommandLine alone, and not
 * with these errors: help and completion are made of the same tables (commander is 122 KB beside our 330).
 * SPDX-License-Identifier: MIT
 */
import { parseArgs } from 'node:util';
import { suggestion } from '../../common/suggestion.js';
import { UsageError } from './failure.js';

/** A command. Parsing, help and completion of shells are made of this description. */
export interface Command {
  /** What follows its name on the command line, but for options; a line for each way to use it. */
  usage: string;
  /** What it does, in a few words. */
  summary: string;
  /** Its help: paragraphs and tables of options, in order. */
  help: readonly (string | OptionTable)[];
  /** Words that its arguments may be, besides what `usage` calls a FILE. */
  words?: readonly string[];
  run(line: CommandLine): Promise<void>;
}

/** What there is to say of an option. */
interface OptionText {
  /** What it means; the first words say it in short, up to a colon, semicolon or bracket. */
  text: string;
  /** Whether the value may be empty. */
  empty?: boolean;
  /** What the value is if none is given. */
  default?: string;
  /** The words that the value may be. */
  choices?: readonly string[];
  /** Whether it may be given several times. */
  repeatable?: boolean;
}

/**
 * Options by what the help calls them, in its order: '-n, --top N' has a value, '--check' has none. FILE and
 * MODEL are values that may be files. A string is an option's text.
 */
export type OptionTable = Readonly<Record<string, string | OptionText>>;

/** An option of a table. */
export interface Option extends OptionText {
  name: string;
  short: string | undefined;
  /** How the help calls its value; undefined if it takes none. */
  value: string | undefined;
}

/** The options of one command, by name. */
export type Options = ReadonlyMap<string, Option>;

/** A command line that was read. Of options of the same name the last one counts, but for `repeated`. */
export interface CommandLine {
  flags: Set<string>;
  /** What was given, or else the option's default. */
  values: Map<string, string>;
  /** All values that were given for each option, in order. */
  repeated: Map<string, string[]>;
  positionals: string[];
}

/** Options that every command has; `json` says what it then prints. */
export const outputOptions = (json: string): OptionTable => ({
  '--json': json,
  '--color': 'colours, wherever the output goes',
  '--no-color': 'no colours',
  '-h, --help': 'this help',
});

/** The option of all commands that save something. */
export const SAVE_OPTIONS: OptionTable = {
  '--force': 'replace a file that is there although bit-ttt has not written it',
};

function optionOf([names, said]: [string, string | OptionText]): Option {
  const [, short, name = names, value] = /^(?:-(\w), )?--([\w-]+)(?: (.+))?$/.exec(names) ?? [];
  return { name, short, value, ...(typeof said === 'string' ? { text: said } : said) };
}

/** All options of a help, in its order; of two of the same name the first one. */
export function optionsOf(help: Command['help']): Options {
  const all = new Map<string, Option>();
  for (const table of help) {
    if (typeof table === 'string') continue;
    for (const option of Object.entries(table).map(optionOf)) {
      if (!all.has(option.name)) all.set(option.name, option);
    }
  }
  return all;
}

/** An option as node:util describes it. */
const forNode = ({ value, short }: Option) => ({
  type: value === undefined ? ('boolean' as const) : ('string' as const),
  ...(short === undefined ? {} : { short }),
});

/** Reads `argv`; throws a UsageError for what `options` do not allow. */
export function readCommandLine(argv: readonly string[], options: Options): CommandLine {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries([...options].map(([name, option]) => [name, forNode(option)])),
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
    const option = options.get(name);
    if (option === undefined) {
      const near = rawName.startsWith('--') ? suggestion(name, [...options.keys()], '--') : '';
      throw new UsageError(`unknown option ${rawName}${near}`);
    }
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
      line.flags.add(name);
    } else if (value === undefined || (value === '' && option.empty !== true)) {
      throw new UsageError(`${rawName} needs a value`);
    } else if (inlineValue === false && value.length > 1 && value.startsWith('-')) {
      const hint = `write ${rawName}=${value} if that is the value`;
      throw new UsageError(`${rawName} needs a value, but ${value} follows it (${hint})`);
    } else {
      line.values.set(name, value);
      line.repeated.set(name, [...(line.repeated.get(name) ?? []), value]);
    }
  }
  for (const { name, default: usual } of options.values()) {
    if (usual !== undefined && !line.values.has(name)) line.values.set(name, usual);
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
