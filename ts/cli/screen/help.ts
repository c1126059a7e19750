/**
 * help.ts - the help of commands, laid out for the terminal.
 * SPDX-License-Identifier: MIT
 */
import type { Command, OptionTable } from './command-line.js';
import { columnsOf } from './terminal.js';
import { FIRM, wrap } from './wrap.js';

const MOST_COLUMNS = 100;
/** Terminals narrower than this have explanations below what they explain, indented. */
const LEAST_COLUMNS = 60;
const INDENT = 6;
/** Where explanations of options and of commands begin. */
const OPTION_COLUMN = 24;
const COMMAND_COLUMN = 34;

/** How wide a help is at most, here. */
const widthOfHelp = (): number => Math.min(MOST_COLUMNS, columnsOf(process.stdout, process.env));

/** Something with its explanation beside it, or below it. */
function row(label: string, text: string, column: number, width: number): string {
  const isNarrow = width < LEAST_COLUMNS;
  const from = isNarrow ? INDENT : column;
  const begin = isNarrow ? width : Math.max(column, label.length + 2);
  const lines = wrap(text.replace(/[ \n]+/g, ' '), width - from, begin - from);
  const all = label.padEnd(isNarrow ? 0 : begin) + lines.join(`\n${' '.repeat(from)}`);
  return all.replace(/ +$/gm, '');
}

/** Paragraphs in lines of at most `width`; those that are indented stay as they are. */
function flow(text: string, width: number): string {
  const paragraphs = text
    .split('\n\n')
    .map((paragraph) =>
      paragraph.startsWith(' ')
        ? paragraph
        : wrap(paragraph.replaceAll('\n', ' '), width).join('\n'),
    );
  return paragraphs.join('\n\n');
}

function table(options: OptionTable, width: number): string {
  const rows = Object.entries(options).map(([names, said]) => {
    const { text, default: usual, repeatable } = typeof said === 'string' ? { text: said } : said;
    const otherwise = usual === undefined ? '' : ` (default:${FIRM}${usual})`;
    const several = repeatable === true ? '; may be given several times' : '';
    return row(`  ${names}`, text + otherwise + several, OPTION_COLUMN, width);
  });
  return rows.join('\n');
}

/** The help of a command, in lines of at most `width` columns but for what is laid out by hand. */
export function helpOf(name: string, { usage, help }: Command, width = widthOfHelp()): string {
  const ways = usage.split('\n').map((way) => `bit-ttt ${name} ${way}`.trimEnd());
  let text = `Usage: ${ways.map((way) => `${way} [options]`).join('\n       ')}\n`;
  let isTitle = false;
  for (const part of help) {
    const laidOut = typeof part === 'string' ? flow(part, width) : table(part, width);
    text += `${isTitle ? '' : '\n'}${laidOut}\n`;
    isTitle = typeof part === 'string' && part.endsWith(':');
  }
  return text;
}

/** The help of all: what each command does. */
export function helpOfAll(commands: Readonly<Record<string, Command>>): string {
  const width = widthOfHelp();
  const rows = Object.entries(commands).map(([name, { usage, summary }]) => {
    const [way = ''] = usage.split('\n');
    return row(`  bit-ttt ${name} ${way}`.trimEnd(), summary, COMMAND_COLUMN, width);
  });
  const about = 'options of a command, as bit-ttt help COMMAND';
  return `Usage: bit-ttt COMMAND [options]

${flow('A neural memory that learns while it reads, and a language model that is made of it.', width)}

${rows.join('\n')}

${row('  bit-ttt COMMAND --help', about, COMMAND_COLUMN, width)}
  bit-ttt --version

${flow(ENGINES, width)}
`;
}

const ENGINES = `BIT_TTT_BACKEND (native, wasm or auto) and BIT_TTT_KERNEL (such as avx2 or baseline)
choose the engine; the results are the same bits with any.`;
